-- The floor of the sweep: ring and plan in one statement, written by hand for just what the benchmark's definitions can ask: one patient rung
-- and one staff rung due together, no feed gate, no matter, no missed rungs, adults only. It makes the same rows under the same constraints.
-- Relies on stay_attention, rung_once and primary keys. Parameters: now, batch.
WITH due AS MATERIALIZED (
    SELECT s.id, s.journey_id, s.stage_id, s.round, s.rung_at
    FROM pathways_stay s
    WHERE s.attention_at <= %(now)s AND NOT s.gated AND NOT s.release
    ORDER BY s.attention_at LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
),
told AS MATERIALIZED (
    SELECT d.*, j.home_site_id, j.patient_id, j.pathway, p.person_id
    FROM due d JOIN pathways_journey j ON j.id = d.journey_id JOIN patients_patient p ON p.id = j.patient_id
),
moved AS (
    UPDATE pathways_stay s SET rang_through = %(now)s, attention_at = d.rung_at[3] FROM due d WHERE s.id = d.id RETURNING 1
),
alerts AS (
    INSERT INTO pathways_alert (stay_id, rung_id, round, nth, due_at, rang_at, mode, audience, acts, also_for, reason, planned_at)
    SELECT t.id, g.id, t.round, 0, t.rung_at[g.n + 1], %(now)s, 'live', g.audience, true, '[]', '', %(now)s
    FROM told t JOIN pathways_rung g ON g.stage_id = t.stage_id AND g.n < 2
    ON CONFLICT DO NOTHING
    RETURNING id, stay_id, rung_id, audience
),
items AS (
    INSERT INTO notifications_workitem (uid, cause_kind, cause_key, site_id, patient_id, journey_id, problem, audience, also_for, priority, state,
        shadow, opened_at, due_at, parked_reason, outcome, note, revision)
    SELECT gen_random_uuid(), 'problem', t.journey_id || ':' || g.problem, t.home_site_id, t.patient_id, t.journey_id, g.problem, 'navigator', '{}',
           g.priority, 'open', false, %(now)s, %(now)s + g.answer_within, '', '', '', 0
    FROM alerts a JOIN told t ON t.id = a.stay_id JOIN pathways_rung g ON g.id = a.rung_id
    WHERE a.audience = 'navigator'
    ON CONFLICT DO NOTHING
    RETURNING id, journey_id
),
item_links AS (
    INSERT INTO notifications_workitemalert (alert_id, item_id)
    SELECT a.id, i.id
    FROM alerts a JOIN pathways_rung g ON g.id = a.rung_id AND g.n = 1 JOIN told t ON t.id = a.stay_id JOIN items i ON i.journey_id = t.journey_id
    RETURNING 1
),
messages AS (
    INSERT INTO notifications_message (uid, stay_id, rung_id, purpose, recipient_id, patient_id, journey_id, programme, channel, wording, priority,
        state, shadow, reason, created_at, not_before, attempt, body, language, token, provider_sid, error_code)
    SELECT gen_random_uuid(), a.stay_id, a.rung_id, 'reminder', t.person_id, t.patient_id, t.journey_id, t.pathway, 'sms', g.wording, g.priority,
           'pending', false, '', %(now)s, %(now)s, 0, '', '', '', '', ''
    FROM alerts a JOIN told t ON t.id = a.stay_id JOIN pathways_rung g ON g.id = a.rung_id
    WHERE a.audience = 'patient'
    ON CONFLICT DO NOTHING
    RETURNING id, stay_id, rung_id
),
message_links AS (
    INSERT INTO notifications_messagealert (message_id, alert_id)
    SELECT m.id, a.id FROM messages m JOIN alerts a USING (stay_id, rung_id)
    RETURNING 1
)
SELECT (SELECT count(*) FROM due), (SELECT count(*) FROM items), (SELECT count(*) FROM messages)
