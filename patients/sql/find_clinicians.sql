-- find_clinicians: the directory's rows of these NPIs. Every message that names who ordered asks this. Relies on the unique index on npi.
-- Parameters: npis.
SELECT npi, id FROM patients_practitioner WHERE npi = ANY(%(npis)s)
