-- change_people: the changed patients and persons of a batch, whole rows, written only where something differs. The caller
-- holds the patients' locks. History tables get the old rows by trigger. A death whose day nobody gave lies after the registration.
-- Relies on the primary keys.
WITH stated AS (
    SELECT *
    FROM jsonb_to_recordset(%(people)s::jsonb) AS t (
        patient bigint, person bigint, family text, given text, birth_lo date, birth_hi date, language text, time_zone text, sex text, race text,
        ethnicity text, payer text, died_lo timestamptz, died_hi timestamptz, death_source text, death_hold_since timestamptz,
        death_hint_source text, is_test boolean, said_at timestamptz, life_at timestamptz
    )
), people AS (
    UPDATE patients_person AS person
    SET family = stated.family, given = stated.given, birth_lo = stated.birth_lo, birth_hi = stated.birth_hi, language = stated.language,
        time_zone = CASE WHEN person.zone_by_hand THEN person.time_zone ELSE stated.time_zone END
    FROM stated
    WHERE person.id = stated.person
      AND (person.family, person.given, person.birth_lo, person.birth_hi, person.language, person.time_zone)
          IS DISTINCT FROM (stated.family, stated.given, stated.birth_lo, stated.birth_hi, stated.language, stated.time_zone)
)
UPDATE patients_patient AS patient
SET sex = stated.sex, race = stated.race, ethnicity = stated.ethnicity, payer = stated.payer, died_lo = CASE WHEN stated.died_hi IS NOT NULL THEN COALESCE(stated.died_lo, patient.registered_at) END,
    died_hi = stated.died_hi, death_source = stated.death_source, death_hold_since = stated.death_hold_since,
    death_hint_source = stated.death_hint_source, is_test = stated.is_test, said_at = stated.said_at, life_at = stated.life_at
FROM stated
WHERE patient.id = stated.patient
  AND (patient.sex, patient.race, patient.ethnicity, patient.payer, patient.died_lo, patient.died_hi, patient.death_source,
       patient.death_hold_since, patient.death_hint_source, patient.is_test, patient.said_at, patient.life_at)
      IS DISTINCT FROM (stated.sex, stated.race, stated.ethnicity, stated.payer, stated.died_lo, stated.died_hi, stated.death_source,
                        stated.death_hold_since, stated.death_hint_source, stated.is_test, stated.said_at, stated.life_at)
