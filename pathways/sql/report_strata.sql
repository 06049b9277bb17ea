-- report_strata: by several fields at once which stratum each journey is of, as hashes of words, to be copied as arrays. `fields` are expressions over a
-- journey, its patient, person and site. Relies on the primary key. Parameters: ids (bigint[]).
SELECT j.id{fields}
FROM pathways_journey j
JOIN patients_patient p ON p.id = j.patient_id
JOIN patients_site s ON s.id = j.home_site_id
JOIN patients_person person ON person.id = p.person_id
WHERE j.id = ANY (%(ids)s::bigint[])
