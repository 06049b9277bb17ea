-- expire_leases: a text that somebody began to send and never said more about may be outside: it is unknown, never pending again.
-- Relies on the partial index message_in_doubt. Parameters: now, before, sources, targets (edges of Message.state).
WITH lost AS (
    SELECT m.id, e.target
    FROM notifications_message m
    JOIN unnest(%(sources)s::text[], %(targets)s::text[]) AS e (source, target) ON e.source = m.state AND e.target = 'unknown'
    WHERE m.state = 'sending' AND m.claimed_at < %(before)s
    FOR UPDATE OF m SKIP LOCKED
)
UPDATE notifications_message m
SET state = l.target, unknown_since = %(now)s, reason = 'sender was lost'
FROM lost l
WHERE m.id = l.id
