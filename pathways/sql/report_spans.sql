-- report_spans: for how long each party had the ball over a cohort's journeys, by as_of, and when some wait was past due, as `spans AS (...), late AS (...)`.
-- Put after `known AS (...)`. Relies on the primary key and stay_journey. Parameters: ids (bigint[]), as_of, pathway. Every day of an open journey
-- belongs to one party. A watch is never past due; waits that overlap count once.
spans AS (
    SELECT j.id, one.span ->> 0 AS party,
           tstzrange((one.span ->> 1)::timestamptz, LEAST(COALESCE((one.span ->> 2)::timestamptz, %(as_of)s), %(as_of)s)) AS during
    FROM known j CROSS JOIN LATERAL jsonb_array_elements(j.balls) AS one (span)
    WHERE j.id = ANY (%(ids)s::bigint[]) AND (one.span ->> 1)::timestamptz < %(as_of)s AND COALESCE((one.span ->> 2)::timestamptz, %(as_of)s) >= (one.span ->> 1)::timestamptz
),
late AS (
    SELECT s.journey_id, range_agg(tstzrange(s.due_at, LEAST(COALESCE(s.left_at, %(as_of)s), %(as_of)s))) AS during
    FROM pathways_stay s JOIN pathways_stage g ON g.id = s.stage_id
    WHERE s.journey_id = ANY (%(ids)s::bigint[]) AND s.superseded = '' AND NOT g.watch
      AND s.due_at < LEAST(COALESCE(s.left_at, %(as_of)s), %(as_of)s)
    GROUP BY s.journey_id
),
days AS (
    SELECT spans.id, spans.party, EXTRACT(EPOCH FROM upper(spans.during) - lower(spans.during))::float8 / 86400 AS days,
           COALESCE((SELECT SUM(EXTRACT(EPOCH FROM upper(r) - lower(r))) FROM unnest(late.during * tstzmultirange(spans.during)) AS r), 0)::float8 / 86400 AS lost
    FROM spans LEFT JOIN late ON late.journey_id = spans.id
)
