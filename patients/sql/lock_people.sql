-- lock_people: holds these patients until the end of the transaction, in order of id, so that two writers wait for each other and never for ever.
-- Relies on the primary key. Parameter: patients.
SELECT id FROM patients_patient WHERE id = ANY (%(patients)s::bigint[]) ORDER BY id FOR NO KEY UPDATE
