-- ring_due_rungs: turns stays whose attention time has come into alerts, once per (stay, rung, round, nth), and sets their next attention time.
-- Cost follows what is due, not what is open: relies on the partial index stay_attention; everything else is a look-up by primary key,
-- by rung_once (stage) or by rollout_once (site, pathway).
-- Parameters: now, batch, stays (bigint[] or null: only these, for bisecting a batch that failed).
-- A live feed is trusted up to now while its silence is within its expectation, else up to its last message; a batch feed up to the
-- time that its extract states. A kind of event that a feed was to bring by now and did not (`pathways_expectation`) holds back what waits
-- for it. A stay whose feed is behind is parked (gated) until the feed moves: silence is not a stall.
-- Where no feed would tell us of anything the stage awaits, the alert asks to confirm, and no patient is texted.
WITH due AS MATERIALIZED (
    SELECT s.id, s.stage_id, s.rung_at, s.rang_through, s.round, s.attention_at, s.journey_id, s.feed_id
    FROM pathways_stay s
    WHERE s.attention_at <= %(now)s AND NOT s.gated AND NOT s.release
      AND (%(stays)s::bigint[] IS NULL OR s.id = ANY (%(stays)s::bigint[]))
    ORDER BY s.attention_at
    LIMIT %(batch)s
    FOR UPDATE OF s SKIP LOCKED
),
-- include pathways.sql ringing
rang AS (
    INSERT INTO pathways_alert (stay_id, rung_id, round, nth, due_at, rang_at, mode, audience, to_confirm, acts, also_for, reason)
    SELECT stay_id, rung_id, round, nth, due_at, rang_at, mode, audience, to_confirm, acts, also_for, reason FROM ringing
    ON CONFLICT DO NOTHING
    RETURNING 1
),
moved AS (
    UPDATE pathways_stay s
    SET rang_through = CASE WHEN d.late OR NOT d.rings THEN s.rang_through ELSE %(now)s END,
        gated = d.late AND d.rings,
        release = NOT d.rings,
        failures = 0, set_aside = '',
        attention_at = CASE WHEN d.late OR NOT d.rings THEN s.attention_at WHEN d.status <> 'active' THEN NULL ELSE (
            SELECT min(CASE WHEN u.at > %(now)s THEN u.at
                            WHEN g.every IS NOT NULL THEN u.at + (floor(extract(epoch FROM %(now)s - u.at) / extract(epoch FROM g.every)) + 1) * g.every
                       END)
            FROM unnest(d.rung_at) WITH ORDINALITY AS u (at, ord)
            JOIN pathways_rung g ON g.stage_id = d.stage_id AND g.n = u.ord - 1) END
    FROM judged d
    WHERE s.id = d.id
    RETURNING d.late
)
SELECT (SELECT count(*) FROM moved) AS stays, (SELECT count(*) FROM rang) AS alerts, (SELECT count(*) FROM moved WHERE late) AS gated
