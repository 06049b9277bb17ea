-- The floor of the outbox: claim in one statement, written by hand for just what the benchmark's texts can ask: one adult, one number, one
-- alert, no hold, nobody merged, one zone. It looks at the same facts under the same locks and leaves the same rows under the same
-- constraints. The words are given to it. Parameters: now, batch, day, opens, closes (now must lie between).
WITH due AS MATERIALIZED (
    SELECT m.id, m.recipient_id, m.patient_id, m.programme, m.journey_id
    FROM notifications_message m
    WHERE m.state = 'pending' AND NOT m.shadow AND m.priority = 5 AND m.not_before <= %(now)s
    ORDER BY m.not_before, m.id LIMIT %(batch)s
    FOR UPDATE OF m SKIP LOCKED
),
free AS MATERIALIZED (
    SELECT d.id, d.recipient_id, h.id AS phone_id, h.e164, m.uid, pe.given
    FROM due d
    JOIN notifications_message m ON m.id = d.id
    JOIN notifications_messagealert l ON l.message_id = d.id
    JOIN pathways_alert a ON a.id = l.alert_id AND a.withdrawn_at IS NULL
    JOIN patients_patient p ON p.id = d.patient_id AND p.died_hi IS NULL AND p.death_hold_since IS NULL AND p.admitted_since IS NULL
    JOIN patients_person pe ON pe.id = d.recipient_id
    JOIN patients_contactpoint c ON c.person_id = d.recipient_id AND c.until IS NULL
    JOIN patients_phone h ON h.id = c.phone_id AND h.stopped_at IS NULL AND h.bad_since IS NULL
    JOIN patients_permission x ON x.person_id = d.recipient_id AND x.patient_id = d.patient_id AND x.phone_id = h.id
                              AND x.granted_at IS NOT NULL AND x.revoked_at IS NULL
    JOIN pathways_journey j ON j.id = d.journey_id AND j.hold_reason = ''
    WHERE %(now)s BETWEEN %(opens)s AND %(closes)s
      AND (SELECT count(*) FROM notifications_sendslot s WHERE s.phone_id = h.id AND s.local_day > %(day)s::date - 7) < 3
    FOR SHARE OF a, p, x SKIP LOCKED
    FOR NO KEY UPDATE OF h SKIP LOCKED
),
slots AS (
    INSERT INTO notifications_sendslot (phone_id, local_day, message_id)
    SELECT phone_id, %(day)s, id FROM free
    ON CONFLICT (phone_id, local_day) DO NOTHING
    RETURNING message_id
),
words AS MATERIALIZED (
    SELECT f.*, 'Hello ' || f.given || ', this is Riverside Care. You have a visit with us soon. Please call 555-0100 if you cannot come. Reply STOP to end texts.' AS body,
           md5(f.uid::text) || left(md5(f.id::text), 11) AS token
    FROM free f WHERE f.id IN (SELECT message_id FROM slots)
),
links AS (
    INSERT INTO notifications_answerlink (uid, digest, message_id, person_id, created_at, expires_at, tries)
    SELECT gen_random_uuid(), md5(w.token) || md5(w.uid::text), w.id, w.recipient_id, %(now)s, %(now)s + interval '7 days', 0 FROM words w
)
UPDATE notifications_message m
SET state = 'sending', phone_id = w.phone_id, attempt = m.attempt + 1, claimed_at = %(now)s, body = w.body, language = 'en', token = w.token
FROM words w
WHERE m.id = w.id
RETURNING m.id, w.e164, w.body
