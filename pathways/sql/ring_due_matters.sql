-- ring_due_matters: the same for matters, whose ladders belong to their kind.
-- Relies on the partial index matter_attention and on rung_once (matter_kind).
-- Parameters: now, batch, matters (bigint[] or null).
WITH due AS MATERIALIZED (
    SELECT m.id, m.kind, m.rung_at, m.rang_through, m.round, m.mode, m.closed_at
    FROM pathways_matter m
    WHERE m.attention_at <= %(now)s AND NOT m.release AND (%(matters)s::bigint[] IS NULL OR m.id = ANY (%(matters)s::bigint[]))
    ORDER BY m.attention_at
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
),
rungs AS (
    SELECT d.id AS matter_id, d.round, d.mode, g.id AS rung_id, g.n, g.audience, k.nth,
           u.at + k.nth * COALESCE(g.every, interval '0') AS rings_at
    FROM due d
    CROSS JOIN LATERAL unnest(d.rung_at) WITH ORDINALITY AS u (at, ord)
    JOIN pathways_rung g ON g.matter_kind = d.kind AND g.stage_id IS NULL AND g.n = u.ord - 1
    CROSS JOIN LATERAL (
        SELECT CASE WHEN g.every IS NULL THEN 0
                    ELSE floor(extract(epoch FROM %(now)s - u.at) / extract(epoch FROM g.every))::int END AS nth) AS k
    WHERE d.closed_at IS NULL AND u.at <= %(now)s
      AND (d.rang_through IS NULL OR u.at + k.nth * COALESCE(g.every, interval '0') > d.rang_through)
),
ranked AS (
    SELECT r.*, row_number() OVER (PARTITION BY matter_id ORDER BY rings_at DESC, n DESC) AS latest,
           array_agg(audience) OVER (PARTITION BY matter_id) AS audiences
    FROM rungs r
),
rang AS (
    INSERT INTO pathways_alert (matter_id, rung_id, round, nth, due_at, rang_at, mode, audience, acts, also_for, reason)
    SELECT matter_id, rung_id, round, nth, rings_at, %(now)s, mode, audience, latest = 1,
           CASE WHEN latest = 1 AND cardinality(audiences) > 1 THEN to_jsonb(array_remove(audiences, audience)) ELSE '[]'::jsonb END,
           CASE WHEN latest > 1 THEN 'a later one acts' ELSE '' END
    FROM ranked
    ON CONFLICT DO NOTHING
    RETURNING 1
),
moved AS (
    UPDATE pathways_matter m
    SET rang_through = %(now)s, failures = 0, set_aside = '',
        attention_at = CASE WHEN d.closed_at IS NOT NULL THEN NULL ELSE (
            SELECT min(CASE WHEN u.at > %(now)s THEN u.at
                            WHEN g.every IS NOT NULL THEN u.at + (floor(extract(epoch FROM %(now)s - u.at) / extract(epoch FROM g.every)) + 1) * g.every
                       END)
            FROM unnest(d.rung_at) WITH ORDINALITY AS u (at, ord)
            JOIN pathways_rung g ON g.matter_kind = d.kind AND g.stage_id IS NULL AND g.n = u.ord - 1) END
    FROM due d
    WHERE m.id = d.id
    RETURNING 1
)
SELECT (SELECT count(*) FROM moved) AS matters, (SELECT count(*) FROM rang) AS alerts
