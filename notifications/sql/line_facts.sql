-- line_facts: what lines of the queue say beside their items, one row an item (see `line_joins`). Relies on work_item's key.
-- Parameters: items (ids), now.
SELECT w.id, t.due_at, t.label, t.problem, t.ball, n.value, c.at, c.what, c.outcome
FROM notifications_workitem w
-- include notifications.sql line_joins
WHERE w.id = ANY (%(items)s)
