-- link_texts_to_items: the alerts of texts that became a person's task now stand behind that task, so that it goes when they go.
-- Relies on message_alert_once and the key of work_item_alert. Parameters: messages, items (arrays of one length).
INSERT INTO notifications_workitemalert (alert_id, item_id)
SELECT DISTINCT ON (l.alert_id) l.alert_id, t.item
FROM unnest(%(messages)s::bigint[], %(items)s::bigint[]) AS t (message, item)
JOIN notifications_messagealert l ON l.message_id = t.message
ON CONFLICT (alert_id) DO NOTHING
