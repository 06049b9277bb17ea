-- populate_ingest: 20 live sites and N registered people without a journey. Parameters: patients (N), base.
INSERT INTO patients_site (id, code, name, time_zone, country, subdivision, sender_name, call_back, is_training, reconsent_ages, minutes)
SELECT i, 'site-' || i, 'Site ' || i, 'America/New_York', 'US', '', 'Care team', '', false, '{13,18}', '{}' FROM generate_series(1, 20) i;
INSERT INTO patients_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
VALUES (1, '', false, 'lead', '', '', '', false, true, now());
INSERT INTO pathways_rollout (site_id, pathway, mode, texts_from, default_accountable_id, release_per_day, alert_budget, reason)
SELECT i, 'nsclc-biomarker', 'live', %(base)s - interval '1 year', 1, 10, '{}', 'benchmark' FROM generate_series(1, 20) i;
INSERT INTO patients_person (id, family, given, birth_lo, birth_hi, language, time_zone)
SELECT i, 'Family' || i, 'Given', '1960-01-01', '1960-01-01', 'en', 'America/New_York' FROM generate_series(1, %(patients)s) i;
INSERT INTO patients_patient (id, uid, person_id, sex, race, ethnicity, payer, rurality, death_source, death_hint_source, is_test, registered_at)
SELECT i, gen_random_uuid(), i, '', '', '', '', '', '', '', false, %(base)s FROM generate_series(1, %(patients)s) i;
INSERT INTO patients_patientsite (patient_id, site_id, since)
SELECT i, 1 + i %% 20, %(base)s FROM generate_series(1, %(patients)s) i;
INSERT INTO patients_identifier (patient_id, authority, value, type, since)
SELECT i, 'BENCH', 'M' || i, 'MR', %(base)s FROM generate_series(1, %(patients)s) i;
SELECT setval(pg_get_serial_sequence('patients_person', 'id'), %(patients)s + 1);
SELECT setval(pg_get_serial_sequence('patients_patient', 'id'), %(patients)s + 1)
