-- capacity_line: for each site and role the open work in the order of the queue, its minutes, and how much of it falls below the line
-- that the staffed minutes of today draw. Snoozed items are not today's. Reads only; asked for a page, not by the tick.
-- Relies on work_item_unclaimed and work_item_owner for the open rows.
-- Parameters: sites; causes, minutes (minutes an item by kind of cause); staffed_sites, staffed_roles, staffed (minutes today).
WITH work AS (
    SELECT w.site_id, w.audience, w.priority, COALESCE(m.minutes, 15) AS minutes,
           sum(COALESCE(m.minutes, 15)) OVER (PARTITION BY w.site_id, w.audience ORDER BY w.priority, w.due_at, w.id) AS through
    FROM notifications_workitem w
    LEFT JOIN unnest(%(causes)s::text[], %(minutes)s::float8[]) AS m (cause_kind, minutes) USING (cause_kind)
    WHERE w.site_id = ANY (%(sites)s::bigint[]) AND w.state IN ('open', 'claimed') AND NOT w.shadow AND w.intended_until IS NULL
)
SELECT k.site_id, k.audience, count(*)::int AS items, round(sum(k.minutes))::int AS minutes, COALESCE(max(s.staffed), 0)::int AS staffed,
       (count(*) FILTER (WHERE k.through > COALESCE(s.staffed, 0)))::int AS below,
       (count(*) FILTER (WHERE k.through > COALESCE(s.staffed, 0) AND k.priority = 1))::int AS critical_below
FROM work k
LEFT JOIN unnest(%(staffed_sites)s::bigint[], %(staffed_roles)s::text[], %(staffed)s::float8[]) AS s (site_id, audience, staffed)
    ON s.site_id = k.site_id AND s.audience = k.audience
GROUP BY k.site_id, k.audience
ORDER BY k.site_id, k.audience
