-- open_items: opens work items of causes born here (reply, bad number, unknown send ...), or makes the open one more urgent.
-- Relies on work_item_one_open_per_cause.
-- Parameters: rows (JSON array of objects with the columns below), now.
INSERT INTO notifications_workitem AS w
    (uid, cause_kind, cause_key, site_id, patient_id, journey_id, matter_id, problem, audience, also_for, priority, state, shadow,
     opened_at, due_at, parked_reason, outcome, note, revision)
SELECT gen_random_uuid(), r.cause_kind, r.cause_key, r.site, r.patient, r.journey, r.matter, r.problem, r.audience, '{}', r.priority, 'open',
       false, %(now)s, r.due_at, '', '', r.note, 0
FROM (
    SELECT DISTINCT ON (cause_kind, cause_key) *
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS x
        (cause_kind text, cause_key text, site bigint, patient bigint, journey bigint, matter bigint, problem text, audience text,
         priority smallint, due_at timestamptz, note text)
    ORDER BY cause_kind, cause_key, priority
) AS r
ORDER BY r.cause_kind, r.cause_key
ON CONFLICT (cause_kind, cause_key, shadow) WHERE state IN ('open', 'claimed', 'parked') DO UPDATE SET
    priority = LEAST(w.priority, EXCLUDED.priority),
    due_at = LEAST(w.due_at, EXCLUDED.due_at),
    problem = CASE WHEN EXCLUDED.priority < w.priority THEN EXCLUDED.problem ELSE w.problem END,
    reason_gone_at = NULL,
    (state, parked_until, parked_priority, parked_reason, returned_at, revision) = (
        SELECT COALESCE(e.target, w.state), CASE WHEN e.target IS NULL THEN w.parked_until END,
               CASE WHEN e.target IS NULL THEN w.parked_priority END, CASE WHEN e.target IS NULL THEN w.parked_reason ELSE '' END,
                   CASE WHEN e.target IS NULL THEN w.returned_at ELSE %(now)s END,
               w.revision + (e.target IS NOT NULL)::int
        FROM (SELECT 1) AS one
        LEFT JOIN unnest(%(sources)s::text[], %(targets)s::text[]) AS e (source, target)
            ON e.source = w.state AND e.target = 'open' AND w.state = 'parked'
           AND (EXCLUDED.cause_kind = 'reply' OR EXCLUDED.priority < w.parked_priority))
RETURNING id, cause_kind, cause_key
