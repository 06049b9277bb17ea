-- populate_sweep: N open journeys of one programme at 50 sites, each with one open stay; consecutive deadlines lie far apart on the heap.
-- Parameters: journeys (N), base (first deadline), step (a number coprime to N that scatters the order of deadlines).
INSERT INTO patients_site (id, code, name, time_zone, country, subdivision, sender_name, call_back, is_training, reconsent_ages, minutes)
SELECT i, 'site-' || i, 'Site ' || i, 'America/New_York', 'US', '', 'Care team', '', false, '{13,18}', '{}' FROM generate_series(1, 50) i;
INSERT INTO patients_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
VALUES (1, '', false, 'lead', '', '', '', false, true, now());
INSERT INTO pathways_pathwayversion (id, code, number, title, digest, body, status, shipped, approved_note)
VALUES (1, 'bench', 1, 'Benchmark', 'x', '{}', 'published', true, '');
INSERT INTO pathways_stage (id, version_id, track, name, problem, label, ball, awaits, watch, blocks)
SELECT i, 1, 'main', 'stage' || i, 'late-' || i, 'Stage', 'patient', '[]', false, false FROM generate_series(1, 4) i;
INSERT INTO pathways_rung (stage_id, matter_kind, n, audience, problem, priority, wording, catch_up, answer_within, every)
SELECT s.id, '', r.n, r.audience, s.problem, 3, 'visit.reminder', 'send', interval '2 days', r.every
FROM pathways_stage s, (VALUES (0, 'patient', NULL::interval), (1, 'navigator', NULL), (2, 'lead', interval '5 days')) AS r (n, audience, every);
INSERT INTO pathways_rollout (site_id, pathway, mode, texts_from, default_accountable_id, release_per_day, alert_budget, reason)
SELECT i, 'bench', 'live', %(base)s - interval '1 year', 1, 10, '{}', 'benchmark' FROM generate_series(1, 50) i;
INSERT INTO patients_person (id, family, given, birth_lo, birth_hi, language, time_zone)
SELECT i, 'Family' || i, 'Given', '1960-01-01', '1960-01-01', 'en', 'America/New_York' FROM generate_series(1, %(journeys)s) i;
INSERT INTO patients_patient (id, uid, person_id, sex, race, ethnicity, payer, rurality, death_source, death_hint_source, is_test, registered_at)
SELECT i, gen_random_uuid(), i, '', '', '', '', '', '', '', false, %(base)s FROM generate_series(1, %(journeys)s) i;
INSERT INTO pathways_journey (id, uid, patient_id, pathway, version_id, primary_group, episode_no, episode_kind, laterality, entry, found_by,
    home_site_id, prevalent, opened_at, phase, status, outcome, exit_reason, exit_class, milestones, ball, balls, hold_reason, context, context_digest, anomalies,
    identified_at)
SELECT i, gen_random_uuid(), i, 'bench', 1, 'lung', 1, 'initial', '', 'advanced', 'rule', 1 + (i * 31) %% 50, false, %(base)s - interval '30 days',
       'identified', 'active', '', '', '', '{}', 'patient', '[]', '', '{}', '', '[]', %(base)s - interval '30 days'
FROM generate_series(1, %(journeys)s) i;
INSERT INTO pathways_stay (id, journey_id, stage_id, track, occurrence, root_lineage, entered_at, due_at, left_by, rung_at, attention_at, round, gated,
    release, superseded, set_aside, failures)
SELECT i, i, 1 + i %% 4, 'main', 1, 'bench|enrolled|' || i, %(base)s - interval '30 days', d.at, '', ARRAY[d.at, d.at, d.at + interval '5 days'],
       d.at, 1, false, false, '', '', 0
FROM generate_series(1, %(journeys)s::bigint) i, LATERAL (SELECT %(base)s + ((i * %(step)s) %% %(journeys)s) * interval '1 second' AS at) d;
