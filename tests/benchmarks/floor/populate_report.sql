-- populate_report: N journeys of one programme at 50 sites over three years, five stays each, with gaps, competing deaths, transfers and open ones.
-- Parameters: journeys (N), base (the report's as-of), body (the definition).
SELECT setseed(0.42);
INSERT INTO patients_site (id, code, name, time_zone, country, subdivision, sender_name, call_back, is_training, reconsent_ages, minutes)
SELECT i, 'site-' || i, 'Site ' || i, 'America/New_York', 'US', '', 'Care team', '', false, '{13,18}', '{}' FROM generate_series(1, 50) i;
INSERT INTO pathways_pathwayversion (id, code, number, title, digest, body, status, shipped, approved_note)
VALUES (1, 'lung', 1, 'Benchmark', 'x', %(body)s::jsonb, 'published', true, '');
INSERT INTO pathways_stage (id, version_id, track, name, problem, label, ball, awaits, watch, blocks)
SELECT i, 1, 'main', 'stage' || i, 'late-' || i, 'Stage ' || i, (ARRAY['clinic', 'pathology', 'lab', 'clinic', 'payer'])[i], '[]', false, false
FROM generate_series(1, 5) i;
INSERT INTO patients_person (id, family, given, birth_lo, birth_hi, language, time_zone)
SELECT i, 'Family' || i, 'Given', date '1960-01-01' + (i %% 9000)::int, date '1960-01-01' + (i %% 9000)::int, 'en', 'America/New_York'
FROM generate_series(1, %(journeys)s) i;
INSERT INTO patients_patient (id, uid, person_id, sex, race, ethnicity, payer, rurality, death_source, death_hint_source, is_test, registered_at)
SELECT i, gen_random_uuid(), i, '', '', '', (ARRAY['', 'Medicare', 'Medicaid', 'Commercial'])[1 + i %% 4], '', '', '', false, %(base)s
FROM generate_series(1, %(journeys)s) i;
CREATE TEMP TABLE way ON COMMIT DROP AS
SELECT i, opened, CASE WHEN far >= 1 THEN o END AS o, CASE WHEN far >= 2 THEN s END AS s, CASE WHEN far >= 3 THEN r END AS r,
       CASE WHEN far >= 4 THEN d END AS d, CASE WHEN far >= 5 THEN t END AS t, far, leaves, ended, dice
FROM (
    SELECT i, opened, o, s, r, d, t, leaves, dice, ended,
           CASE WHEN t <= upto THEN 5 WHEN d <= upto THEN 4 WHEN r <= upto THEN 3 WHEN s <= upto THEN 2 WHEN o <= upto THEN 1 ELSE 0 END AS far
    FROM (
        SELECT *, LEAST(%(base)s, CASE WHEN leaves THEN ended END) AS upto FROM (
            SELECT *, o + s0 AS s, o + s0 + r0 AS r, o + s0 + r0 + d0 AS d, o + s0 + r0 + d0 + t0 AS t,
                   date_trunc('second', opened - 60 * ln(1 - random()) * interval '1 day') AS ended FROM (
                SELECT i, opened, date_trunc('second', opened - 9 * ln(1 - random()) * interval '1 day') AS o,
                       date_trunc('second', -5 * ln(1 - random()) * interval '1 day') AS s0,
                       date_trunc('second', -14 * ln(1 - random()) * interval '1 day') AS r0,
                       date_trunc('second', -6 * ln(1 - random()) * interval '1 day') AS d0,
                       date_trunc('second', -12 * ln(1 - random()) * interval '1 day') AS t0, random() < 0.7 AS leaves, random() AS dice
                FROM (SELECT i, %(base)s - ((i * 7919) %% 1095) * interval '1 day' - interval '1 hour' * (i %% 24) AS opened
                      FROM generate_series(1, %(journeys)s::bigint) i) a
            ) b
        ) c
    ) e
) f;
INSERT INTO pathways_journey (id, uid, patient_id, pathway, version_id, primary_group, episode_no, episode_kind, laterality, entry, found_by,
    home_site_id, prevalent, opened_at, phase, status, outcome, exit_reason, exit_class, ended_at, identified_at, ordered_at, sampled_at, resulted_at,
    decided_at, started_at, milestones, ball, balls, hold_reason, context, context_digest, anomalies)
SELECT i, gen_random_uuid(), i, 'lung', 1, 'lung', 1, 'initial', '', 'advanced', 'rule', 1 + (i * 31) %% 50, false, opened,
       (ARRAY['identified', 'ordered', 'sampled', 'resulted', 'decided', 'started'])[far + 1],
       CASE WHEN far = 5 THEN 'completed' WHEN leaves AND ended <= %(base)s THEN 'exited' ELSE 'active' END,
       CASE WHEN far = 5 THEN 'matched_therapy' ELSE '' END,
       CASE WHEN far < 5 AND leaves AND ended <= %(base)s THEN (ARRAY['lost_to_follow_up', 'deceased', 'transferred'])[1 + (dice * 3)::int %% 3] ELSE '' END,
       CASE WHEN far < 5 AND leaves AND ended <= %(base)s THEN (ARRAY['preventable', 'competing', 'administrative'])[1 + (dice * 3)::int %% 3] ELSE '' END,
       CASE WHEN far = 5 THEN t WHEN leaves AND ended <= %(base)s THEN ended END, opened, o, s, r, d, t,
       jsonb_strip_nulls(jsonb_build_object('identified', jsonb_build_array('reached', opened, 'f|enrolled|' || i),
           'ordered', CASE WHEN o IS NOT NULL THEN jsonb_build_array(CASE WHEN dice < 0.1 THEN 'implied' ELSE 'reached' END, o, 'f|order|' || i) END,
           'sampled', CASE WHEN s IS NOT NULL THEN jsonb_build_array('reached', s, 'f|specimen|' || i) END,
           'resulted', CASE WHEN r IS NOT NULL THEN jsonb_build_array('reached', r, 'f|result|' || i) END,
           'decided', CASE WHEN d IS NOT NULL THEN jsonb_build_array('reached', d, 'f|decision|' || i) END,
           'started', CASE WHEN t IS NOT NULL THEN jsonb_build_array('reached', t, 'f|drug|' || i) END)),
       CASE WHEN far < 5 AND NOT (leaves AND ended <= %(base)s) THEN 'clinic' ELSE '' END, '[]', '', '{}', '', '[]'
FROM way;
INSERT INTO pathways_stay (id, journey_id, stage_id, track, occurrence, root_lineage, entered_at, due_at, left_at, left_by, rung_at, round, gated,
    release, superseded, set_aside, failures)
SELECT (i - 1) * 5 + n, i, n, 'main', 1, 'f|stay|' || i, COALESCE(w.at[n], opened), COALESCE(w.at[n], opened) + interval '14 days',
       COALESCE(w.at[n + 1], ended, %(base)s), '', '{}', 1, false, false, '', '', 0
FROM (SELECT *, ARRAY[opened, o, s, r, d, t] AS at FROM way) w, generate_series(1, 5) n;
INSERT INTO pathways_event (id, patient_id, kind, lineage, rank, digest, retracted, grade, occurred_lo, occurred_hi, assumed_zone, received_at, keys, body)
SELECT (i - 1) * 3 + n, i, (ARRAY['flagged_actionable', 'actionable_confirmed', 'matched_therapy'])[n], 'f|finding|' || i || '|' || n, 3, 'x' || n, false, 1,
       CASE WHEN n = 3 THEN t ELSE r END, CASE WHEN n = 3 THEN t ELSE r END, false, CASE WHEN n = 3 THEN t ELSE r END, '{}', '{}'
FROM way, generate_series(1, 3) n WHERE r IS NOT NULL AND i %% 3 = 0 AND (n < 3 OR t IS NOT NULL);
INSERT INTO pathways_binding (event_id, journey_id, attached, how, at)
SELECT e.id, e.patient_id, true, 'order', e.received_at FROM pathways_event e;
