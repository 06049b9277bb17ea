-- fall_to_next_channel: of reminders that their channel does not carry, the next one that their rung names. An e-mail or a letter is a row of its
-- own, once per rung and reader like the first; its alerts stand behind it. A call is a person's: no row. Who has no next channel is not named.
-- Relies on message_once_per_rung_and_recipient and primary keys, in the transaction that judged them.
-- Parameters: now, messages, revives (whether the edges of Message.state lead from withdrawn to pending).
WITH fallen AS (
    SELECT m.*, g.channels[array_position(g.channels, m.channel::text) + 1] AS onto
    FROM notifications_message m JOIN pathways_rung g ON g.id = m.rung_id
    WHERE m.id = ANY (%(messages)s::bigint[]) AND m.purpose = 'reminder' AND NOT m.shadow
), made AS (
    INSERT INTO notifications_message AS o
        (uid, stay_id, matter_id, rung_id, purpose, recipient_id, patient_id, journey_id, programme, channel, wording, priority, state, shadow,
         reason, created_at, not_before, expires_at, attempt, body, language, token, provider_sid, error_code)
    SELECT gen_random_uuid(), stay_id, matter_id, rung_id, purpose, recipient_id, patient_id, journey_id, programme, onto, wording, priority,
           'pending', false, CASE WHEN onto = 'letter' THEN 'to be printed' ELSE '' END, %(now)s, %(now)s, expires_at, 0, '', '', '', '', ''
    FROM fallen
    WHERE onto IN ('sms', 'email', 'letter')
    ORDER BY stay_id, matter_id, rung_id, recipient_id
    ON CONFLICT (stay_id, matter_id, rung_id, recipient_id, channel) WHERE rung_id IS NOT NULL DO UPDATE SET
        state = 'pending', reason = EXCLUDED.reason, not_before = EXCLUDED.not_before, expires_at = EXCLUDED.expires_at
        WHERE o.attempt = 0 AND o.state = 'withdrawn' AND %(revives)s
    RETURNING o.id, o.stay_id, o.matter_id, o.rung_id, o.recipient_id, o.channel
), placed AS MATERIALIZED (
    SELECT f.id AS fell, f.onto, m.id AS now_at
    FROM fallen f
    LEFT JOIN made m ON m.rung_id = f.rung_id AND m.recipient_id = f.recipient_id AND m.stay_id IS NOT DISTINCT FROM f.stay_id
                    AND m.matter_id IS NOT DISTINCT FROM f.matter_id AND m.channel = f.onto
    WHERE f.onto IS NOT NULL
), linked AS (
    INSERT INTO notifications_messagealert (message_id, alert_id)
    SELECT p.now_at, l.alert_id
    FROM placed p JOIN notifications_messagealert l ON l.message_id = p.fell
    WHERE p.now_at IS NOT NULL
    ON CONFLICT DO NOTHING
)
SELECT fell, onto, now_at FROM placed ORDER BY fell
