-- ageing: work items open at the as-of time, by team and age. Relies on work_item_queue. No person is named.
-- Parameters: since, as_of, sites (bigint[] or null).
SELECT w.uid::text AS uid, w.audience AS grp, CASE WHEN %(as_of)s - w.opened_at < interval '3 days' THEN 'under 3 days' WHEN %(as_of)s - w.opened_at < interval '8 days' THEN '3 to 7 days' WHEN %(as_of)s - w.opened_at < interval '31 days' THEN '8 to 30 days' ELSE 'over 30 days' END || CASE WHEN w.due_at < %(as_of)s THEN ', past due' ELSE '' END AS detail
FROM notifications_workitem w
JOIN patients_site s ON s.id = w.site_id AND NOT s.is_training
LEFT JOIN patients_patient p ON p.id = w.patient_id
WHERE NOT w.shadow AND NOT COALESCE(p.is_test, false) AND w.opened_at < %(as_of)s AND (w.closed_at IS NULL OR w.closed_at >= %(as_of)s)
  AND (%(sites)s::bigint[] IS NULL OR w.site_id = ANY (%(sites)s::bigint[]))
ORDER BY w.id
