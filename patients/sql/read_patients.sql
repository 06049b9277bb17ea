-- read_patients: what we know of these patients, read again once they are locked. Same columns as find_people.
-- Relies on the primary keys of patient and person, patient_site_once, and the index of contact points on person.
SELECT patient.id, person.id, person.family, person.given, person.birth_lo, person.birth_hi, person.language,
       person.time_zone, person.zone_by_hand,
       patient.sex, patient.race, patient.ethnicity, patient.payer,
       patient.died_lo, patient.died_hi, patient.death_source, patient.death_hold_since, patient.death_hint_source,
       patient.death_hint_refuted_at, patient.is_test, patient.said_at, patient.life_at,
       ARRAY(
           SELECT phone.e164
           FROM patients_contactpoint AS point
           JOIN patients_phone AS phone ON phone.id = point.phone_id
           WHERE point.person_id = person.id AND point.until IS NULL
           ORDER BY point.rank, point.id
       ) AS phones,
       ARRAY(
           SELECT mailbox.address
           FROM patients_contactpoint AS point
           JOIN patients_mailbox AS mailbox ON mailbox.id = point.mailbox_id
           WHERE point.person_id = person.id AND point.until IS NULL
           ORDER BY point.rank, point.id
       ) AS emails,
       EXISTS (SELECT FROM patients_patientsite AS place WHERE place.patient_id = patient.id AND place.site_id = %(site)s) AS known_here
FROM patients_patient AS patient
JOIN patients_person AS person ON person.id = patient.person_id
WHERE patient.id = ANY (%(patients)s::bigint[])
ORDER BY patient.id
