-- wake_parked: snoozed items whose date has come are open again, along the state machine's edges.
-- Relies on work_item_due for the open states. Parameters: now, sources, targets (edges of WorkItem.state).
WITH due AS (
    SELECT w.id, e.target
    FROM notifications_workitem w
    JOIN unnest(%(sources)s::text[], %(targets)s::text[]) AS e (source, target) ON e.source = w.state AND e.target = 'open'
    WHERE w.state = 'parked' AND w.parked_until <= %(now)s
    FOR UPDATE OF w SKIP LOCKED
)
UPDATE notifications_workitem w
SET state = d.target, parked_until = NULL, parked_priority = NULL, parked_reason = '', owner_id = NULL, revision = w.revision + 1
FROM due d
WHERE w.id = d.id
