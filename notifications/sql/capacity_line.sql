-- capacity_line: for each site and role the open work in the order of the queue, its minutes, and how much of it falls below the line
-- that the staffed minutes of today draw. What somebody holds is work of the role that gives their minutes. Snoozed items are not today's. Reads only; asked for a page, not by the tick.
-- Relies on work_item_unclaimed and work_item_owner for the open rows.
-- Parameters: sites; held_at, holders, holder_roles (who is here, in which role); causes, minutes (minutes an item by kind of cause); staffed_sites, staffed_roles, staffed (minutes today).
WITH work AS (
    SELECT w.site_id, r.role, w.priority, COALESCE(m.minutes, 15) AS minutes,
           sum(COALESCE(m.minutes, 15)) OVER (PARTITION BY w.site_id, r.role ORDER BY w.priority, w.due_at, w.id) AS through
    FROM notifications_workitem w
    LEFT JOIN unnest(%(causes)s::text[], %(minutes)s::float8[]) AS m (cause_kind, minutes) USING (cause_kind)
    LEFT JOIN unnest(%(held_at)s::bigint[], %(holders)s::bigint[], %(holder_roles)s::text[]) AS h (site_id, owner_id, role) USING (site_id, owner_id)
    CROSS JOIN LATERAL (SELECT COALESCE(h.role, w.audience)) AS r (role)
    WHERE w.site_id = ANY (%(sites)s::bigint[]) AND w.state IN ('open', 'claimed') AND NOT w.shadow AND w.intended_until IS NULL
)
SELECT k.site_id, k.role, count(*)::int AS items, round(sum(k.minutes))::int AS minutes, COALESCE(max(s.staffed), 0)::int AS staffed,
       (count(*) FILTER (WHERE k.through > COALESCE(s.staffed, 0)))::int AS below,
       (count(*) FILTER (WHERE k.through > COALESCE(s.staffed, 0) AND k.priority = 1))::int AS critical_below
FROM work k
LEFT JOIN unnest(%(staffed_sites)s::bigint[], %(staffed_roles)s::text[], %(staffed)s::float8[]) AS s (site_id, role, staffed)
    ON s.site_id = k.site_id AND s.role = k.role
GROUP BY k.site_id, k.role
ORDER BY k.site_id, k.role
