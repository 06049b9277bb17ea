-- missing: journeys begun since whose patient's field nobody wrote down, by site and field: in these no gap can be seen. Relies on journey_report.
-- Parameters: since, as_of, sites (bigint[] or null).
SELECT j.uid::text AS uid, s.name AS grp, f.field AS detail
FROM pathways_journey j
JOIN patients_site s ON s.id = j.home_site_id AND NOT s.is_training
JOIN patients_patient p ON p.id = j.patient_id AND NOT p.is_test
JOIN patients_person o ON o.id = p.person_id
CROSS JOIN LATERAL (VALUES ('race', p.race), ('ethnicity', p.ethnicity), ('payer', p.payer), ('rurality', p.rurality), ('sex', p.sex), ('language', o.language)) AS f (field, value)
WHERE COALESCE(f.value, '') = '' AND j.status <> 'void' AND j.opened_at >= %(since)s AND j.opened_at < %(as_of)s
  AND (%(sites)s::bigint[] IS NULL OR j.home_site_id = ANY (%(sites)s::bigint[]))
ORDER BY 2, 3, 1
