-- add_sites: that a site has heard of patients whom another one registered, and so may see them.
-- Relies on patient_site_once.
INSERT INTO patients_patientsite (patient_id, site_id, since)
SELECT patient, %(site)s, %(now)s FROM unnest(%(patients)s::bigint[]) AS t (patient)
ON CONFLICT (patient_id, site_id) DO NOTHING
