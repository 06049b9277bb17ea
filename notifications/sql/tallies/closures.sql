-- closures: work items closed since, by team and outcome, those whose cause asked again apart. Relies on work_item_queue. No person is named.
-- Parameters: since, as_of, sites (bigint[] or null).
SELECT w.uid::text AS uid, w.audience AS grp, CASE WHEN EXISTS (SELECT FROM notifications_workitem again WHERE again.cause_kind = w.cause_kind AND again.cause_key = w.cause_key AND again.id > w.id AND NOT again.shadow) THEN 'asked again after: ' ELSE '' END || w.state || ': ' || COALESCE(NULLIF(w.outcome, ''), 'no outcome') AS detail
FROM notifications_workitem w
JOIN patients_site s ON s.id = w.site_id AND NOT s.is_training
LEFT JOIN patients_patient p ON p.id = w.patient_id
WHERE NOT w.shadow AND NOT COALESCE(p.is_test, false) AND w.closed_at >= %(since)s AND w.closed_at < %(as_of)s
  AND (%(sites)s::bigint[] IS NULL OR w.site_id = ANY (%(sites)s::bigint[]))
ORDER BY w.id
