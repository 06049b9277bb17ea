-- anomalies: journeys with facts that do not fit, by programme and kind of anomaly; one row a journey and kind. Relies on journey_report.
-- Parameters: since, as_of, sites (bigint[] or null).
SELECT DISTINCT j.uid::text AS uid, j.pathway AS grp, COALESCE(a.one ->> 'kind', a.one ->> 0, 'anomaly') AS detail
FROM pathways_journey j
JOIN patients_site s ON s.id = j.home_site_id AND NOT s.is_training
JOIN patients_patient p ON p.id = j.patient_id AND NOT p.is_test
CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(j.anomalies) WHEN 'array' THEN j.anomalies ELSE '[]' END) AS a (one)
WHERE j.status <> 'void' AND j.opened_at < %(as_of)s AND (%(sites)s::bigint[] IS NULL OR j.home_site_id = ANY (%(sites)s::bigint[]))
ORDER BY 2, 3, 1
