-- report_waits: the open waits of a programme, one row each, as `waits AS (...)`. Relies on the index journey_report (pathway, ...) and stay_journey.
-- Parameters: pathway, as_of, soon (as_of and two weeks), sites (bigint[] or null). Training sites and test patients do not count; a held
-- journey is shown apart, a watch is never overdue.
SELECT s.id, j.id AS journey_id, s.track, g.id AS stage_id, g.name, g.label, g.ball, g.problem, g.watch, u.id AS owner_id,
       COALESCE(NULLIF(TRIM(u.first_name || ' ' || u.last_name), ''), u.username, '') AS owner,
       a.age, width_bucket(a.age, ARRAY[7, 14, 30, 60, 90]::float8[]) AS bucket,
       j.held_until IS NOT NULL AS held,
       s.due_at < %(as_of)s AND c.counts AS overdue,
       s.due_at >= %(as_of)s AND s.due_at < %(as_of)s + interval '7 days' AND c.counts AS first_week,
       s.due_at >= %(as_of)s + interval '7 days' AND s.due_at < %(soon)s AND c.counts AS second_week
FROM pathways_journey j
JOIN patients_patient p ON p.id = j.patient_id
JOIN patients_site site ON site.id = j.home_site_id
JOIN pathways_stay s ON s.journey_id = j.id AND s.left_at IS NULL AND s.superseded = ''
JOIN pathways_stage g ON g.id = s.stage_id
LEFT JOIN patients_user u ON u.id = j.accountable_id
CROSS JOIN LATERAL (SELECT j.held_until IS NULL AND NOT g.watch AS counts) c
CROSS JOIN LATERAL (SELECT EXTRACT(EPOCH FROM %(as_of)s - s.entered_at)::float8 / 86400 AS age) a
WHERE j.pathway = %(pathway)s AND j.status = 'active' AND NOT site.is_training AND NOT p.is_test
  AND s.entered_at <= %(as_of)s
  AND (%(sites)s::bigint[] IS NULL OR j.home_site_id = ANY (%(sites)s::bigint[]))
