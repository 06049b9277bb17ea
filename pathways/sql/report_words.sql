-- report_words: words of a few journeys, for hashes that stand in a cohort. `words` is the expression. Relies on the primary key. Parameters: ids (bigint[]).
SELECT j.id, {words}
FROM pathways_journey j
JOIN patients_patient p ON p.id = j.patient_id
JOIN patients_site s ON s.id = j.home_site_id
JOIN patients_person person ON person.id = p.person_id
WHERE j.id = ANY (%(ids)s::bigint[])
