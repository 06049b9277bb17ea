-- last_contacts: of each patient the last time that somebody spoke, wrote or called, and how it went: calls recorded as outcomes, replies,
-- and texts that went out. One row a patient who was ever reached for.
-- Relies on event_revision_once (patient first) and the index of message.patient. Parameters: patients (ids), now.
SELECT p.id, c.at, c.what, c.outcome
FROM unnest(%(patients)s::bigint[]) AS p (id)
CROSS JOIN LATERAL (
    (SELECT e.occurred_lo AS at, e.kind AS what, COALESCE(e.body->>'outcome', '') AS outcome
     FROM pathways_event e
     WHERE e.patient_id = p.id AND e.kind IN ('contact_attempted', 'patient_replied') AND NOT e.retracted AND e.occurred_lo <= %(now)s
     ORDER BY e.occurred_lo DESC LIMIT 1)
    UNION ALL
    (SELECT m.sent_at, 'text', m.state
     FROM notifications_message m
     WHERE m.patient_id = p.id AND m.sent_at <= %(now)s AND NOT m.shadow
     ORDER BY m.sent_at DESC LIMIT 1)
    ORDER BY at DESC LIMIT 1
) AS c
