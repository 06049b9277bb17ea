-- escalate_overdue: items whose answer is late go one step up, once; who had them keeps seeing them. Parked items wait for their date.
-- Relies on the partial index work_item_due.
-- Parameters: now, causes, audiences, steps (the table of escalations, by cause).
WITH late AS (
    SELECT w.id, s.audience, s.step
    FROM notifications_workitem w
    JOIN unnest(%(causes)s::text[], %(audiences)s::text[], %(steps)s::int[]) AS s (cause_kind, audience, step) ON s.cause_kind = w.cause_kind
    WHERE w.state IN ('open', 'claimed', 'parked') AND w.state <> 'parked' AND w.due_at <= %(now)s AND w.escalated_at IS NULL AND NOT w.shadow
    FOR UPDATE OF w SKIP LOCKED
)
UPDATE notifications_workitem w
SET escalated_at = %(now)s, priority = GREATEST(1, w.priority - l.step), audience = l.audience,
    also_for = CASE WHEN w.audience = l.audience THEN w.also_for ELSE array_append(array_remove(w.also_for, l.audience), w.audience) END
FROM late l
WHERE w.id = l.id
