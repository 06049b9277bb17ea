-- ringing: which rungs ring now of the stays in `due`, one SELECT for the sweep and for the forecast of a dry run. Reads only.
-- Expects: due (id, stage_id, rung_at, rang_through, round, attention_at, journey_id, feed_id). Parameter: now.
-- Gives: judged (with rings, late, mode, status) and ringing, the rows of pathways_alert.
blind AS MATERIALIZED (SELECT c.site_id, c.kind FROM pathways_coverage c WHERE c.how <> 'fed'),
quiet AS MATERIALIZED (
    SELECT x.site_id, x.feed_id, x.kind, COALESCE(x.heard_at, '-infinity') AS heard_at FROM pathways_expectation x WHERE x.silent_from < %(now)s
),
judged AS MATERIALIZED (
    SELECT d.*, r.mode, j.status,
           r.mode IS NOT NULL AND r.mode NOT IN ('off', 'backfill') AS rings,
           f.id IS NOT NULL AND d.attention_at > CASE
               WHEN f.mode = 'live' AND (f.longest_silence IS NULL OR f.heard_at + f.longest_silence >= %(now)s) THEN %(now)s
               ELSE COALESCE(f.data_as_of, f.heard_at, '-infinity') END
           OR EXISTS (SELECT FROM quiet q JOIN pathways_stage g ON g.id = d.stage_id AND (q.kind = '' OR g.awaits @> to_jsonb(q.kind))
                      WHERE q.feed_id = d.feed_id AND q.site_id = j.home_site_id AND d.attention_at > q.heard_at) AS late,
           d.feed_id IS NULL AND EXISTS (
               SELECT FROM blind b JOIN pathways_stage g ON g.id = d.stage_id AND g.awaits @> to_jsonb(b.kind)
               WHERE b.site_id = j.home_site_id) AS unseen
    FROM due d
    JOIN pathways_journey j ON j.id = d.journey_id
    LEFT JOIN pathways_rollout r ON r.site_id = j.home_site_id AND r.pathway = j.pathway
    LEFT JOIN pathways_feed f ON f.id = d.feed_id
),
rungs AS MATERIALIZED (
    -- Rungs missed since the last ring, and of a repeating rung the latest repetition only.
    SELECT d.id AS stay_id, d.round, d.mode, d.unseen, g.id AS rung_id, g.n, g.audience, g.catch_up, g.expires_after, u.at AS due_at, k.nth,
           u.at + k.nth * COALESCE(g.every, interval '0') AS rings_at
    FROM judged d
    CROSS JOIN LATERAL unnest(d.rung_at) WITH ORDINALITY AS u (at, ord)
    JOIN pathways_rung g ON g.stage_id = d.stage_id AND g.n = u.ord - 1
    CROSS JOIN LATERAL (
        SELECT CASE WHEN g.every IS NULL THEN 0
                    ELSE floor(extract(epoch FROM %(now)s - u.at) / extract(epoch FROM g.every))::int END AS nth) AS k
    WHERE d.rings AND NOT d.late AND d.status = 'active' AND u.at <= %(now)s
      AND (d.rang_through IS NULL OR u.at + k.nth * COALESCE(g.every, interval '0') > d.rang_through)
),
effective AS (
    -- A patient rung that comes a day late follows its own catch_up: said late, dropped, or turned into a call. What rests on no feed is asked of staff.
    SELECT r.*,
           CASE WHEN r.audience = 'patient' AND (r.unseen OR r.lag AND r.catch_up = 'work_item') THEN 'navigator' ELSE r.audience END AS says_to,
           r.audience = 'patient' AND (r.expired OR r.lag AND r.catch_up = 'skip') AS dropped
    FROM (SELECT x.*, x.rings_at < %(now)s - interval '26 hours' AS lag,
                 x.expires_after IS NOT NULL AND x.rings_at + x.expires_after < %(now)s AS expired
          FROM rungs x) AS r
),
ranked AS (
    SELECT e.*, e.says_to = 'patient' AS texts,
           row_number() OVER (PARTITION BY e.stay_id, e.says_to = 'patient', e.dropped ORDER BY e.rings_at DESC, e.n DESC) AS latest,
           array_agg(e.says_to) OVER (PARTITION BY e.stay_id, e.says_to = 'patient', e.dropped) AS audiences
    FROM effective e
),
ringing AS (
    SELECT stay_id, rung_id, round, nth, rings_at AS due_at, %(now)s::timestamptz AS rang_at, mode, says_to AS audience, unseen AS to_confirm,
           latest = 1 AND NOT dropped AS acts,
           CASE WHEN latest = 1 AND NOT dropped AND NOT texts AND cardinality(audiences) > 1
                THEN to_jsonb(array_remove(audiences, says_to)) ELSE '[]'::jsonb END AS also_for,
           CASE WHEN dropped THEN 'too late' WHEN latest > 1 THEN 'a later one acts' ELSE '' END AS reason
    FROM ranked
),
