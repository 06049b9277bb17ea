-- contactable: of these patients those whom a text of this programme could reach today: alive, somebody to tell, a number that is
-- current, neither stopped nor bad, a permission that holds, none that refuses, none that a birthday has outgrown. The same rule as consent.may_text, as a set.
-- Relies on permission_patient and contact_point_once.
SELECT patient.id
FROM patients_patient AS patient
JOIN patients_person AS self ON self.id = patient.person_id
WHERE patient.id = ANY (%(patients)s::bigint[])
  AND patient.died_hi IS NULL
  AND patient.death_hold_since IS NULL
  AND EXISTS (
      SELECT
      FROM patients_permission AS permission
      JOIN patients_phone AS phone ON phone.id = permission.phone_id AND phone.stopped_at IS NULL AND phone.bad_since IS NULL
      JOIN patients_contactpoint AS point
        ON point.person_id = permission.person_id AND point.phone_id = phone.id AND point.until IS NULL
      WHERE permission.patient_id = patient.id
        AND permission.programme IN ('', %(programme)s)
        AND permission.granted_at IS NOT NULL
        AND permission.revoked_at IS NULL
        AND NOT EXISTS (
            SELECT
            FROM patients_permission AS refusal
            WHERE refusal.person_id = permission.person_id AND refusal.patient_id = patient.id AND refusal.phone_id = phone.id
              AND refusal.programme IN ('', %(programme)s) AND refusal.revoked_at IS NOT NULL
        )
        AND NOT EXISTS (
            SELECT
            FROM patients_patientsite AS known JOIN patients_site AS site ON site.id = known.site_id
            CROSS JOIN unnest(site.reconsent_ages) AS asked (years)
            WHERE known.patient_id = patient.id AND date_part('year', age(%(on)s::date, self.birth_lo)) >= asked.years
              AND permission.granted_at < self.birth_lo + make_interval(years => asked.years)
        )
        AND NOT EXISTS (SELECT FROM patients_patient AS told WHERE told.person_id = permission.person_id AND told.died_hi IS NOT NULL)
        AND CASE
            WHEN self.birth_hi IS NULL THEN false
            WHEN date_part('year', age(%(on)s::date, self.birth_hi)) >= 18 THEN permission.person_id = self.id
            ELSE EXISTS (
                SELECT
                FROM patients_authority AS acts
                WHERE acts.person_id = permission.person_id AND acts.patient_id = patient.id AND acts.limits = ''
                  AND acts.since::date <= %(on)s::date AND (acts.until IS NULL OR acts.until::date >= %(on)s::date)
            )
        END
  )
