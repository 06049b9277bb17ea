-- report_cohort: the journeys a report speaks of, one row of eight-byte columns each, to be copied as arrays. Relies on the index journey_report (pathway, ...).
-- Put after `known AS (...)`, which is report_known_now or report_known_then. `states` are the steps' states, two bits each from bit 6 on; `columns` the steps'
-- times and what else is asked of each journey (its stratum, its patient); `people` joins patient and person where these need them.
-- Parameters: pathway, as_of, entry (or null), since, until (of opening, or null), sites (bigint[] or null), prevalent (bool: also those
-- already under way at go-live), later (bigint[]: journeys that are not the first of their patient and primary).
-- by_site (bool: asked apart by site). A home that took the journey over saw nothing before: it enters late, unless the former home is asked too.
-- Never counts: void journeys, training sites, test patients. What happened after as_of has not happened.
SELECT j.id, j.home_site_id::int8, j.version_id::int8, j.opened_at,
       GREATEST(COALESCE(j.observed_from, '-infinity'),
                CASE WHEN j.under_observation_from IS NOT NULL AND (%(by_site)s OR (%(sites)s::bigint[] IS NOT NULL AND NOT EXISTS (
                         SELECT FROM pathways_journeysite f WHERE f.journey_id = j.id AND f.site_id = ANY (%(sites)s::bigint[]))))
                     THEN j.under_observation_from ELSE '-infinity' END) AS observed_from,
       CASE WHEN ending.at <= %(as_of)s THEN ending.at ELSE 'infinity' END AS ended_at,
       CASE WHEN ending.at <= %(as_of)s THEN hashtextextended(j.exit_reason || '/' || j.outcome, 0) ELSE 0 END AS reason,
       CASE WHEN ending.at <= %(as_of)s THEN CASE j.status WHEN 'completed' THEN 1 ELSE 2 END ELSE 0 END::int8
       | CASE j.exit_class WHEN 'preventable' THEN 4 WHEN 'patient_choice' THEN 8 WHEN 'appropriate' THEN 12 WHEN 'competing' THEN 16 ELSE 20 END
       | CASE WHEN j.held_until > %(as_of)s AND j.status = 'active' THEN 32 ELSE 0 END{states} AS flags
       {columns}
FROM known j
JOIN patients_site s ON s.id = j.home_site_id
{people}
CROSS JOIN LATERAL (SELECT CASE WHEN j.status <> 'active' THEN COALESCE(j.ended_at, j.replayed_at, j.opened_at) ELSE 'infinity' END AS at) ending
WHERE j.pathway = %(pathway)s AND j.status <> 'void' AND NOT s.is_training
  AND NOT EXISTS (SELECT FROM patients_patient test WHERE test.id = j.patient_id AND test.is_test)
  AND j.opened_at <= %(as_of)s
  AND j.id <> ALL (%(later)s::bigint[])
  AND (%(prevalent)s OR NOT j.prevalent)
  AND (%(entry)s::text IS NULL OR j.entry = %(entry)s)
  AND (%(since)s::timestamptz IS NULL OR j.opened_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR j.opened_at < %(until)s)
  AND (%(sites)s::bigint[] IS NULL OR j.home_site_id = ANY (%(sites)s::bigint[]))
