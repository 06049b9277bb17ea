-- find_people: whose numbers are these, and what do we know of them? One row per patient, merges followed, with the numbers that
-- lead to them and the record of each, merges not followed; so that a message that says nothing new costs one statement and no write.
-- Numbers come as JSON, of whose length the server makes no guess: so it keeps one plan instead of making it anew each time.
-- Relies on identifier_once (authority, value) WHERE until IS NULL, patient_site_once, and the index of contact points on person.
SELECT owner.authorities, owner.numbers, owner.records, patient.id, person.id, person.family, person.given, person.birth_lo, person.birth_hi, person.language,
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
FROM (
    SELECT COALESCE(named.survivor_id, named.id) AS id, array_agg(known.authority) AS authorities, array_agg(known.value) AS numbers,
           array_agg(named.id) AS records
    FROM jsonb_to_recordset(%(numbers)s::jsonb) AS stated (authority text, value text)
    JOIN patients_identifier AS known
      ON known.authority = stated.authority AND known.value = stated.value AND known.until IS NULL
    JOIN patients_patient AS named ON named.id = known.patient_id
    GROUP BY COALESCE(named.survivor_id, named.id)
) AS owner
JOIN patients_patient AS patient ON patient.id = owner.id
JOIN patients_person AS person ON person.id = patient.person_id
