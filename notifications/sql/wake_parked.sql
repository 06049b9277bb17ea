-- wake_parked: snoozed items whose date has come, or whose awaited event has, are open again with whoever had them, along the state
-- machine's edges. Relies on work_item_parked, and on the key of pathways_binding for those that wait for an event. Parameters: now, sources, targets (edges of WorkItem.state).
WITH due AS (
    SELECT w.id, e.target
    FROM notifications_workitem w
    JOIN unnest(%(sources)s::text[], %(targets)s::text[]) AS e (source, target) ON e.source = w.state AND e.target = 'open'
    WHERE w.state = 'parked' AND NOT w.shadow
      AND (w.parked_until <= %(now)s
           OR w.wakes_on <> '' AND EXISTS (
               SELECT FROM pathways_binding b JOIN pathways_event e ON e.id = b.event_id
               WHERE b.journey_id = w.journey_id AND b.attached AND e.kind = w.wakes_on AND NOT e.retracted AND e.received_at > w.parked_at))
    FOR UPDATE OF w SKIP LOCKED
)
UPDATE notifications_workitem w
SET state = d.target, parked_at = NULL, parked_until = NULL, parked_priority = NULL, parked_reason = '', wakes_on = '', waiting_on = '',
    returned_at = %(now)s, revision = w.revision + 1
FROM due d
WHERE w.id = d.id
