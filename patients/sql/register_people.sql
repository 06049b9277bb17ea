-- register_people: persons, patients and their first site, as one set. Ids are drawn beforehand, because rows that an INSERT
-- returns have no order by which to tell one newborn from the other.
-- Relies on the primary keys and patient_site_once.
WITH stated AS (
    SELECT *
    FROM unnest(
        %(patients)s::bigint[], %(persons)s::bigint[], %(family)s::text[], %(given)s::text[], %(birth_lo)s::date[], %(birth_hi)s::date[],
        %(language)s::text[], %(time_zone)s::text[], %(sex)s::text[], %(race)s::text[], %(ethnicity)s::text[], %(payer)s::text[],
        %(died_lo)s::timestamptz[], %(died_hi)s::timestamptz[], %(death_source)s::text[], %(death_hold_since)s::timestamptz[],
        %(death_hint_source)s::text[], %(is_test)s::boolean[], %(said_at)s::timestamptz[], %(life_at)s::timestamptz[]
    ) AS t (
        patient, person, family, given, birth_lo, birth_hi, language, time_zone, sex, race, ethnicity, payer,
        died_lo, died_hi, death_source, death_hold_since, death_hint_source, is_test, said_at, life_at
    )
), people AS (
    INSERT INTO patients_person (id, family, given, birth_lo, birth_hi, language, time_zone)
    SELECT person, family, given, birth_lo, birth_hi, language, time_zone FROM stated
), patients AS (
    INSERT INTO patients_patient (
        id, uid, person_id, sex, race, ethnicity, payer, rurality, died_lo, died_hi, death_source, death_hold_since, death_hint_source,
        is_test, registered_at, said_at, life_at
    )
    SELECT patient, gen_random_uuid(), person, sex, race, ethnicity, payer, '', CASE WHEN died_hi IS NOT NULL THEN COALESCE(died_lo, %(now)s) END, died_hi, death_source, death_hold_since,
           death_hint_source, is_test, %(now)s, said_at, life_at
    FROM stated
)
INSERT INTO patients_patientsite (patient_id, site_id, since)
SELECT patient, %(site)s, %(now)s FROM stated
