-- grant_permissions: consents that came as a set, each for all programmes, as granted permissions and their ledger entries. A pair
-- that was decided later already, or refuses at the same time, stays as it is.
-- Relies on permission_once (person, patient, phone, programme).
WITH stated AS (
    SELECT * FROM unnest(%(persons)s::bigint[], %(patients)s::bigint[], %(phones)s::bigint[], %(at)s::timestamptz[]) AS t (person, patient, phone, at)
), permitted AS (
    INSERT INTO patients_permission AS held (person_id, patient_id, phone_id, programme, granted_at)
    SELECT person, patient, phone, '', at FROM stated
    ON CONFLICT (person_id, patient_id, phone_id, programme) DO UPDATE SET granted_at = EXCLUDED.granted_at, revoked_at = NULL
    WHERE COALESCE(held.granted_at, held.revoked_at, '-infinity') < EXCLUDED.granted_at
      AND COALESCE(held.revoked_at, '-infinity') < EXCLUDED.granted_at
)
INSERT INTO patients_consententry (person_id, patient_id, phone_id, kind, programme, decision, at, how, wording_version, language, evidence)
SELECT person, patient, phone, 'text', '', 'granted', at, %(how)s, %(wording_version)s, %(language)s, %(reference)s FROM stated
