-- arrivals: work items opened since, by team and problem. Relies on work_item_queue. No person is named.
-- Parameters: since, as_of, sites (bigint[] or null).
SELECT w.uid::text AS uid, w.audience AS grp, COALESCE(NULLIF(w.problem, ''), w.cause_kind) AS detail
FROM notifications_workitem w
JOIN patients_site s ON s.id = w.site_id AND NOT s.is_training
LEFT JOIN patients_patient p ON p.id = w.patient_id
WHERE NOT w.shadow AND NOT COALESCE(p.is_test, false) AND w.opened_at >= %(since)s AND w.opened_at < %(as_of)s
  AND (%(sites)s::bigint[] IS NULL OR w.site_id = ANY (%(sites)s::bigint[]))
ORDER BY w.id
