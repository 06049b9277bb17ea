-- report_now: open journeys by where they wait. Relies on journey_report (pathway, ...) and stay_journey.
-- Parameters: pathway, as_of, sites (bigint[] or null). Training sites and test patients do not count; a held journey is shown apart.
SELECT s.track, g.name, g.label, g.ball, g.problem, g.watch,
       COUNT(*) AS open,
       COUNT(*) FILTER (WHERE j.held_until IS NOT NULL) AS held,
       COUNT(*) FILTER (WHERE s.due_at < %(as_of)s AND j.held_until IS NULL AND NOT g.watch) AS overdue,
       COALESCE(percentile_cont(0.5) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM %(as_of)s - s.entered_at) / 86400.0), 0)::float8 AS median_days,
       COALESCE(MAX(EXTRACT(EPOCH FROM %(as_of)s - s.entered_at)) / 86400.0, 0)::float8 AS oldest_days
FROM pathways_journey j
JOIN patients_patient p ON p.id = j.patient_id
JOIN patients_site site ON site.id = j.home_site_id
JOIN pathways_stay s ON s.journey_id = j.id AND s.left_at IS NULL AND s.superseded = ''
JOIN pathways_stage g ON g.id = s.stage_id
WHERE j.pathway = %(pathway)s AND j.status = 'active' AND NOT site.is_training AND NOT p.is_test
  AND s.entered_at <= %(as_of)s
  AND (%(sites)s::bigint[] IS NULL OR j.home_site_id = ANY (%(sites)s::bigint[]))
GROUP BY s.track, g.name, g.label, g.ball, g.problem, g.watch
ORDER BY s.track <> 'main', s.track, MIN(g.id)
