-- forecast: whom alerts that never rang would make us tell, by the very SELECT of the plan. Reads only; for dry runs.
-- `pathways_rung` stands for the stored rungs and those of a definition that is not stored, `pathways_stay` for the stays the alerts are of.
-- Parameters: now, rungs, trials, stays, alerts (JSON arrays of objects with the columns below).
-- Somebody who was texted for the same stay and rung, or to whom it was handed out, is not texted again.
WITH pathways_rung AS (
    SELECT id, stage_id, n, audience, problem, priority, wording, expires_after, answer_within, trial_id, channels FROM pathways_rung
    UNION ALL
    SELECT * FROM jsonb_to_recordset(%(rungs)s::jsonb) AS g
        (id bigint, stage_id bigint, n smallint, audience text, problem text, priority smallint, wording text, expires_after interval,
         answer_within interval, trial_id bigint, channels text[])
),
pathways_trial AS (
    SELECT id, arm, held, block, delay, since, until, key, stopped_at FROM pathways_trial
    UNION ALL
    SELECT *, NULL::timestamptz FROM jsonb_to_recordset(%(trials)s::jsonb) AS c
        (id bigint, arm text, held smallint, block smallint, delay interval, since date, until date, key text)
),
pathways_stay AS (
    SELECT *, NULL::timestamptz AS due_at FROM jsonb_to_recordset(%(stays)s::jsonb) AS s (id bigint, journey_id bigint)
),
taken AS (
    SELECT * FROM jsonb_to_recordset(%(alerts)s::jsonb) AS a
        (id bigint, stay_id bigint, matter_id bigint, rung_id bigint, audience text, also_for jsonb, due_at timestamptz, rang_at timestamptz,
         mode text, to_confirm boolean, acts boolean)
),
-- include notifications.sql reactions
answer AS (
    SELECT 'item' AS what, cause_kind || ':' || cause_key AS cause, whom, priority, due_at, shadow, to_confirm, problem, journey_id, site_id,
           NULL::bigint AS person_id, '' AS wording, false AS later, '' AS channel
    FROM causes
    UNION ALL
    SELECT 'text', t.stay_id || ':' || t.rung_id, 'patient', t.priority, t.due_at, t.shadow, t.to_confirm, t.problem, t.journey_id, t.site_id, t.person_id, t.wording, t.later IS NOT NULL,
           (SELECT g.channels[1] FROM pathways_rung g WHERE g.id = t.rung_id)  -- what it falls to later nobody can say
    FROM texts t
    WHERE NOT EXISTS (
        SELECT FROM notifications_message o
        WHERE o.stay_id = t.stay_id AND o.rung_id = t.rung_id AND o.recipient_id = t.person_id
          AND (o.attempt > 0 OR o.state NOT IN ('pending', 'withdrawn')))
)
SELECT to_jsonb(answer) FROM answer ORDER BY what, cause, person_id
