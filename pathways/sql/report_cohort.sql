-- report_cohort: the journeys a report speaks of, one row of fixed width each, to be copied in binary. Relies on the index journey_report (pathway, ...).
-- Put after `known AS (...)`, which is report_known_now or report_known_then. {by} is one of the strata, {steps} what the funnel asks.
-- Parameters: pathway, as_of, entry (or null), since, until (of opening, or null), sites (bigint[] or null), prevalent (bool: also those
-- already under way at go-live), later (bigint[]: journeys that are not the first of their patient and primary).
-- Never counts: void journeys, training sites, test patients. What happened after as_of has not happened.
SELECT j.id, j.home_site_id, j.version_id, j.opened_at,
       COALESCE(j.observed_from, '-infinity') AS observed_from,
       CASE WHEN ending.at <= %(as_of)s THEN ending.at ELSE 'infinity' END AS ended_at,
       CASE WHEN ending.at <= %(as_of)s THEN CASE j.status WHEN 'completed' THEN 1 ELSE 2 END ELSE 0 END::int2 AS status,
       CASE j.exit_class WHEN 'preventable' THEN 1 WHEN 'patient_choice' THEN 2 WHEN 'appropriate' THEN 3 WHEN 'competing' THEN 4 ELSE 5 END::int2 AS class,
       CASE WHEN ending.at <= %(as_of)s THEN hashtextextended(j.exit_reason || '/' || j.outcome, 0) ELSE 0 END AS reason,
       CASE WHEN j.held_until > %(as_of)s AND j.status = 'active' THEN 1 ELSE 0 END::int2 AS held,
       {by} AS stratum, COALESCE(p.survivor_id, p.id) AS person
       {steps}
FROM known j
JOIN patients_patient p ON p.id = j.patient_id
JOIN patients_site s ON s.id = j.home_site_id
JOIN patients_person person ON person.id = p.person_id
CROSS JOIN LATERAL (SELECT CASE WHEN j.status <> 'active' THEN COALESCE(j.ended_at, j.replayed_at, j.opened_at) ELSE 'infinity' END AS at) ending
WHERE j.pathway = %(pathway)s AND j.status <> 'void' AND NOT s.is_training AND NOT p.is_test
  AND j.opened_at <= %(as_of)s
  AND j.id <> ALL (%(later)s::bigint[])
  AND (%(prevalent)s OR NOT j.prevalent)
  AND (%(entry)s::text IS NULL OR j.entry = %(entry)s)
  AND (%(since)s::timestamptz IS NULL OR j.opened_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR j.opened_at < %(until)s)
  AND (%(sites)s::bigint[] IS NULL OR j.home_site_id = ANY (%(sites)s::bigint[]))
