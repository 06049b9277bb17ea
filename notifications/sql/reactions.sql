-- reactions: whom the alerts in `taken` make us tell, one SELECT for the plan and for the forecast of a dry run. Reads only.
-- Expects: taken (id, stay_id, matter_id, rung_id, audience, also_for, due_at, rang_at, mode, to_confirm, acts). Parameter: now.
-- Gives: placed; recipients; lots (lots.sql); asked (alerts that ask staff); told and texts (who would be texted, `later`: put off by lot until
-- then); causes (one row a work item).
batch AS (
    -- Where the statistics know of no alert that waits, the server takes the batch for one row, and would go through all of it for each of it.
    -- The second half never runs; it is there to be counted.
    SELECT t.* FROM taken t
    UNION ALL
    SELECT t.* FROM generate_series(1, 500) LEFT JOIN taken t ON false WHERE (SELECT false)
),
placed AS MATERIALIZED (
    -- What an alert is about: its journey, patient and site, whom it asks, and whether it may text.
    SELECT t.id, t.stay_id, t.matter_id, t.rung_id, t.also_for, t.due_at, t.rang_at, t.to_confirm, t.audience = 'patient' AS texts,
           t.acts, t.mode = 'shadow' AS shadow, t.mode = 'live' AS live, g.trial_id, g.problem, g.priority, g.wording, g.expires_after, g.answer_within, g.stage_id, g.n,
           j.id AS journey_id, j.pathway, COALESCE(j.home_site_id, m.site_id) AS site_id, COALESCE(j.patient_id, m.patient_id) AS patient_id,
           CASE t.audience
               WHEN 'accountable' THEN 'navigator'
               WHEN 'responsible' THEN CASE WHEN pr.user_id IS NULL THEN 'navigator' ELSE 'clinician' END
               ELSE t.audience END AS audience,
           u.untold, t.acts AND t.audience = 'patient' AND u.untold = '' AS tells
    FROM batch t
    JOIN pathways_rung g ON g.id = t.rung_id
    LEFT JOIN pathways_stay s ON s.id = t.stay_id
    LEFT JOIN pathways_matter m ON m.id = t.matter_id
    LEFT JOIN pathways_journey j ON j.id = COALESCE(s.journey_id, m.journey_id)
    LEFT JOIN patients_practitioner pr ON pr.id = j.responsible_id AND t.audience = 'responsible'
    LEFT JOIN pathways_rollout r ON r.site_id = j.home_site_id AND r.pathway = j.pathway AND t.audience = 'patient' AND t.mode = 'live'
    CROSS JOIN LATERAL (
        SELECT CASE WHEN t.audience <> 'patient' THEN ''
                    WHEN t.mode = 'staff' THEN 'no texts here yet'
                    WHEN t.mode = 'live' AND (r.texts_from IS NULL OR t.due_at < r.texts_from) THEN 'due before texts began'
                    ELSE '' END AS untold) AS u
),
recipients AS MATERIALIZED (
    -- An adult hears it themselves; for somebody who is or may be a minor those who may speak for them.
    -- Who died is told nothing. A merged record speaks through its survivor; an authority with limits (custody, a court) is left to a person to judge.
    SELECT p.id AS alert_id, pt.id AS patient_id, who.person_id
    FROM placed p
    JOIN patients_patient known ON known.id = p.patient_id
    JOIN patients_patient pt ON pt.id = COALESCE(known.survivor_id, known.id)
    JOIN patients_person pe ON pe.id = pt.person_id
    CROSS JOIN LATERAL (
        SELECT pe.id AS person_id WHERE date_part('year', age(%(now)s::date, pe.birth_hi)) >= 18
        UNION
        SELECT au.person_id FROM patients_authority au
        WHERE au.patient_id = pt.id AND date_part('year', age(%(now)s::date, pe.birth_hi)) < 18
          AND au.limits = '' AND au.since <= %(now)s AND (au.until IS NULL OR au.until > %(now)s)
          AND NOT EXISTS (SELECT FROM patients_patient q WHERE q.person_id = au.person_id AND q.died_hi IS NOT NULL)
    ) AS who
    WHERE p.tells
),
-- include notifications.sql lots
,
asked AS MATERIALIZED (
    -- Alerts for staff, and patient rungs for which nobody may be texted: those become a call.
    SELECT p.*, CASE WHEN p.stay_id IS NOT NULL THEN 'problem' ELSE 'matter' END AS cause_kind,
           CASE WHEN p.stay_id IS NOT NULL THEN p.journey_id || ':' || p.problem ELSE p.matter_id::text END AS cause_key,
           CASE WHEN p.texts THEN 'navigator' ELSE p.audience END AS whom
    FROM placed p
    WHERE p.acts AND (NOT p.texts OR p.tells AND NOT EXISTS (SELECT FROM recipients r WHERE r.alert_id = p.id))
),
told AS MATERIALIZED (
    -- Whoever was told the same of this wait under another version of the programme is not told again.
    SELECT p.*, r.person_id, r.patient_id AS told_of FROM placed p JOIN recipients r ON r.alert_id = p.id
    WHERE NOT EXISTS (
        SELECT FROM notifications_message o JOIN pathways_rung said ON said.id = o.rung_id
        WHERE o.stay_id = p.stay_id AND o.recipient_id = r.person_id AND o.attempt > 0 AND said.stage_id <> p.stage_id AND o.wording = p.wording
          AND (SELECT count(*) FROM pathways_rung x WHERE x.stage_id = said.stage_id AND x.audience = 'patient' AND x.wording = o.wording AND x.n <= said.n)
            = (SELECT count(*) FROM pathways_rung x WHERE x.stage_id = p.stage_id AND x.audience = 'patient' AND x.wording = p.wording AND x.n <= p.n))
),
texts AS (
    SELECT DISTINCT ON (t.stay_id, t.matter_id, t.rung_id, t.person_id) t.*, w.until AS later
    FROM told t LEFT JOIN waiting w ON w.stay_id = t.stay_id AND w.trial_id = t.trial_id AND w.until > %(now)s
    ORDER BY t.stay_id, t.matter_id, t.rung_id, t.person_id, t.id
),
causes AS (
    -- One row a cause: the latest rung says who acts, the most urgent how urgent it is.
    SELECT DISTINCT ON (cause_kind, cause_key, shadow) cause_kind, cause_key, shadow, site_id, patient_id, journey_id, matter_id, problem, whom, to_confirm,
           min(priority) OVER same AS priority, min(rang_at + answer_within) OVER same AS due_at,
           ARRAY(SELECT DISTINCT CASE x.role WHEN 'accountable' THEN 'navigator' WHEN 'responsible' THEN 'clinician' ELSE x.role END
                 FROM jsonb_array_elements_text(also_for) AS x (role) WHERE x.role <> 'patient') AS also_for
    FROM asked
    WINDOW same AS (PARTITION BY cause_kind, cause_key, shadow)
    ORDER BY cause_kind, cause_key, shadow, due_at DESC, priority, id DESC
),
