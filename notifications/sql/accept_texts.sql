-- accept_texts: the provider named the texts that these very attempts handed over. By primary keys, fenced by the attempt.
-- Parameters: taken (JSON array of id, attempt, sid), now, sources, targets (edges of Message.state).
WITH held AS MATERIALIZED (
    SELECT m.id, t.sid, e.target
    FROM jsonb_to_recordset(%(taken)s::jsonb) AS t (id bigint, attempt int, sid text)
    JOIN notifications_message m ON m.id = t.id AND m.attempt = t.attempt AND m.state = 'sending'
    JOIN unnest(%(sources)s::text[], %(targets)s::text[]) AS e (source, target) ON e.source = m.state AND e.target = 'sent'
    ORDER BY m.id
    FOR NO KEY UPDATE OF m
)
UPDATE notifications_message m
SET state = h.target, provider_sid = CASE WHEN m.provider_sid = '' THEN h.sid ELSE m.provider_sid END,
    sent_at = COALESCE(m.sent_at, %(now)s), unknown_since = NULL, reason = ''
FROM held h
WHERE m.id = h.id
RETURNING m.id
