-- accept_text: the provider named the text that this very attempt handed over. By primary key, fenced by the attempt.
-- Parameters: id, attempt, sid, now, sources, targets (edges of Message.state).
UPDATE notifications_message m
SET state = e.target, provider_sid = CASE WHEN m.provider_sid = '' THEN %(sid)s ELSE m.provider_sid END,
    sent_at = COALESCE(m.sent_at, %(now)s), unknown_since = NULL, reason = ''
FROM unnest(%(sources)s::text[], %(targets)s::text[]) AS e (source, target)
WHERE m.id = %(id)s AND m.attempt = %(attempt)s AND m.state = 'sending' AND e.source = m.state AND e.target = 'sent'
