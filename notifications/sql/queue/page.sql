-- page: one page of a lane of the queue, most harm first, with what its lines say. Each site's first rows come in order from its index and the best
-- of them make the page, so that page 100 costs what page 1 does. The line `lane` stands for the file of the lane.
-- Parameters: those of held, shown and the lane; priority, due, id (where the page before ended).
SELECT w.id, w.priority, w.due_at, t.due_at, t.label, t.problem, t.ball, n.value, c.at, c.what, c.outcome
FROM (
    SELECT x.*
    FROM (
-- include notifications.sql.queue held
) AS s
    CROSS JOIN LATERAL (
        SELECT w.id, w.priority, w.due_at, w.problem, w.journey_id, w.patient_id
        FROM notifications_workitem w
        WHERE (w.priority, w.due_at, w.id) > (%(priority)s, %(due)s::timestamptz, %(id)s) AND
-- include notifications.sql.queue shown
-- lane
        ORDER BY w.priority, w.due_at, w.id
        LIMIT 26
    ) AS x
    WHERE s.filtered
    ORDER BY x.priority, x.due_at, x.id
    LIMIT 26
) AS w
-- include notifications.sql line_joins
ORDER BY w.priority, w.due_at, w.id
