-- lock_withdrawn: takes withdrawn alerts that nobody has settled, with the messages and items that stand for them, as far as no other
-- transaction holds them. Judging them is a second statement (settle_withdrawn) so that it sees what was committed before the locks.
-- Relies on the partial index alert_unsettled, on message_alert_alert and on the key of work_item_alert.
-- Parameters: now, batch.
WITH taken AS MATERIALIZED (
    SELECT a.id
    FROM pathways_alert a
    WHERE a.withdrawn_at IS NOT NULL AND a.settled_at IS NULL
    ORDER BY a.id
    LIMIT %(batch)s
    FOR UPDATE OF a SKIP LOCKED
),
messages AS MATERIALIZED (
    SELECT m.id FROM notifications_message m
    WHERE m.id IN (SELECT l.message_id FROM notifications_messagealert l JOIN taken t ON t.id = l.alert_id)
    ORDER BY m.id FOR UPDATE OF m SKIP LOCKED
),
items AS MATERIALIZED (
    SELECT w.id FROM notifications_workitem w
    WHERE w.id IN (SELECT l.item_id FROM notifications_workitemalert l JOIN taken t ON t.id = l.alert_id)
    ORDER BY w.id FOR UPDATE OF w SKIP LOCKED
)
SELECT ARRAY(SELECT id FROM taken), ARRAY(SELECT id FROM messages), ARRAY(SELECT id FROM items)
