-- line_joins: what a line of the queue says beside its item `w`: the wait that it is about (of two of one problem the one due first), the record
-- number, and the last time that somebody spoke, wrote or called, and how it went: calls recorded as outcomes, replies, texts that went out.
-- Relies on the index of stay.journey, identifier.patient, event_revision_once (patient first), message.patient. Parameters: now.
LEFT JOIN LATERAL (
    SELECT s.due_at, g.label, g.problem, g.ball
    FROM pathways_stay s
    JOIN pathways_stage g ON g.id = s.stage_id AND g.problem = w.problem
    WHERE s.journey_id = w.journey_id AND s.left_at IS NULL AND s.superseded = ''
    ORDER BY s.due_at
    LIMIT 1
) AS t ON true
LEFT JOIN LATERAL (
    SELECT i.value
    FROM patients_identifier i
    WHERE i.patient_id = w.patient_id AND i.type = 'MR' AND i.until IS NULL
    ORDER BY i.since
    LIMIT 1
) AS n ON true
LEFT JOIN LATERAL (
    (SELECT e.occurred_lo AS at, e.kind AS what, COALESCE(e.body->>'outcome', '') AS outcome
     FROM pathways_event e
     WHERE e.patient_id = w.patient_id AND e.kind IN ('contact_attempted', 'patient_replied') AND NOT e.retracted
       AND e.occurred_lo <= %(now)s
     ORDER BY e.occurred_lo DESC LIMIT 1)
    UNION ALL
    (SELECT m.sent_at, 'text', m.state
     FROM notifications_message m
     WHERE m.patient_id = w.patient_id AND m.sent_at <= %(now)s AND NOT m.shadow
     ORDER BY m.sent_at DESC LIMIT 1)
    ORDER BY at DESC LIMIT 1
) AS c ON true
