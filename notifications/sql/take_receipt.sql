-- take_receipt: the common receipt in one statement: the text was taken, or has arrived, and its message is where it should be. Any other is
-- left to `receipts`, untouched. Relies on the unique uid and on receipt_once.
-- Parameters: uid, token, sid, status, arrived, now, sources, targets (edges of Message.state). Gives: whether it was taken.
WITH told AS MATERIALIZED (
    SELECT m.id, m.state, CASE WHEN %(arrived)s THEN 'delivered' ELSE 'sent' END AS becomes
    FROM notifications_message m
    WHERE m.uid = %(uid)s::uuid AND m.token = %(token)s AND m.token <> '' AND m.state IN ('sending', 'unknown', 'sent')
    FOR NO KEY UPDATE OF m
),
kept AS (
    INSERT INTO notifications_receipt AS r (message_id, provider_sid, status, error_code, received_at)
    SELECT t.id, %(sid)s, %(status)s, '', %(now)s FROM told t
    ON CONFLICT (provider_sid, status) DO UPDATE SET message_id = COALESCE(r.message_id, EXCLUDED.message_id)
    RETURNING r.received_at = %(now)s AS new
),
moved AS (
    UPDATE notifications_message m
    SET state = t.becomes, provider_sid = CASE WHEN m.provider_sid = '' THEN %(sid)s ELSE m.provider_sid END,
        sent_at = COALESCE(m.sent_at, %(now)s), delivered_at = CASE WHEN %(arrived)s THEN %(now)s ELSE m.delivered_at END,
        unknown_since = NULL, reason = ''
    FROM told t, kept k
    WHERE m.id = t.id AND (k.new OR t.state <> 'sent')
      AND (t.state = t.becomes
           OR EXISTS (SELECT FROM unnest(%(sources)s::text[], %(targets)s::text[]) AS e (source, target) WHERE e.source = t.state AND e.target = t.becomes))
)
SELECT EXISTS (SELECT FROM told)
