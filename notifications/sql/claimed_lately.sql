-- claimed_lately: how many texts were claimed since then. Walks the wordings one by one, so that it reads nothing older.
-- Relies on message_wording_claimed. Parameters: since.
WITH RECURSIVE wordings AS (
    (SELECT m.wording FROM notifications_message m WHERE m.claimed_at IS NOT NULL ORDER BY m.wording LIMIT 1)
    UNION ALL
    SELECT (SELECT m.wording FROM notifications_message m WHERE m.claimed_at IS NOT NULL AND m.wording > w.wording ORDER BY m.wording LIMIT 1)
    FROM wordings w
    WHERE w.wording IS NOT NULL
)
SELECT count(*)
FROM wordings w
JOIN notifications_message m ON m.wording = w.wording AND m.claimed_at > %(since)s AND m.channel = 'sms'
