-- register_people: persons, patients and their first site, as one set. Ids are drawn beforehand, because rows that an INSERT
-- returns have no order by which to tell one newborn from the other.
-- Relies on the primary keys and patient_site_once.
WITH stated AS (
    SELECT *
    FROM jsonb_to_recordset(%(people)s::jsonb) AS t (
        patient bigint, person bigint, family text, given text, birth_lo date, birth_hi date, language text, time_zone text, sex text, race text,
        ethnicity text, payer text, died_lo timestamptz, died_hi timestamptz, death_source text, death_hold_since timestamptz,
        death_hint_source text, is_test boolean, said_at timestamptz, life_at timestamptz
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
