-- overdue: work items that were open and past due as the week began, by team and by what became of them until its end. Relies on work_item_due.
-- An item is reopened where the same cause asked again after it was closed. Parameters: since, until, sites.
SELECT w.uid::text, w.audience AS grp,
       CASE WHEN w.closed_at IS NULL OR w.closed_at >= %(until)s THEN 'still open'
            WHEN EXISTS (SELECT FROM notifications_workitem again WHERE again.cause_kind = w.cause_kind AND again.cause_key = w.cause_key
                         AND again.id > w.id AND again.opened_at >= w.closed_at AND again.opened_at < %(until)s AND NOT again.shadow) THEN 'closed and reopened'
            WHEN w.state = 'withdrawn' THEN 'no longer needed: ' || COALESCE(NULLIF(w.outcome, ''), 'reason gone')
            ELSE 'done: ' || COALESCE(NULLIF(w.outcome, ''), 'no outcome') END AS detail
FROM notifications_workitem w
JOIN patients_site s ON s.id = w.site_id
LEFT JOIN patients_patient p ON p.id = w.patient_id
WHERE NOT w.shadow AND NOT s.is_training AND NOT COALESCE(p.is_test, false)
  AND w.opened_at < %(since)s AND w.due_at < %(since)s AND (w.closed_at IS NULL OR w.closed_at >= %(since)s)
  AND (%(sites)s::bigint[] IS NULL OR w.site_id = ANY (%(sites)s::bigint[]))
ORDER BY w.due_at
