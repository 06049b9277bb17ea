-- find_identifiers: whose numbers are these? One row per number that is known, with the patient who survived its merges.
-- Relies on identifier_once (authority, value) WHERE until IS NULL.
SELECT known.authority, known.value, COALESCE(patient.survivor_id, patient.id)
FROM unnest(%(authorities)s::text[], %(values)s::text[]) AS stated (authority, value)
JOIN patients_identifier AS known
  ON known.authority = stated.authority AND known.value = stated.value AND known.until IS NULL
JOIN patients_patient AS patient ON patient.id = known.patient_id
