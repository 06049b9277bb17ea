-- lock_owners: holds the patients whose numbers these are, merges followed, until the end of the transaction; what is read of them next stands still.
-- In order of id, with the records that were merged into them, so that two writers wait for each other and never for ever.
-- With if_all_known nobody is held where one of the numbers is unknown: it is to be locked first.
-- Relies on identifier_once (authority, value) WHERE until IS NULL, and the index on survivor. Parameters: numbers, if_all_known (bool).
SELECT p.id FROM patients_patient AS p
WHERE p.id = ANY (ARRAY(
    SELECT member.id
    FROM jsonb_to_recordset(%(numbers)s::jsonb) AS stated (authority text, value text)
    JOIN patients_identifier AS known
      ON known.authority = stated.authority AND known.value = stated.value AND known.until IS NULL
    JOIN patients_patient AS named ON named.id = known.patient_id
    CROSS JOIN LATERAL (
        SELECT COALESCE(named.survivor_id, named.id) AS id
        UNION ALL SELECT other.id FROM patients_patient AS other WHERE other.survivor_id = COALESCE(named.survivor_id, named.id)
    ) AS member
))
AND (NOT %(if_all_known)s OR NOT EXISTS (
    SELECT
    FROM jsonb_to_recordset(%(numbers)s::jsonb) AS stated (authority text, value text)
    WHERE NOT EXISTS (
        SELECT FROM patients_identifier AS known WHERE known.authority = stated.authority AND known.value = stated.value AND known.until IS NULL
    )
))
ORDER BY p.id FOR NO KEY UPDATE
