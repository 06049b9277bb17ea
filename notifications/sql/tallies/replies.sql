-- replies: what patients wrote back since, by kind and by whether somebody has read it. Relies on the reply's patient.
-- Parameters: since, as_of, sites (bigint[] or null).
SELECT r.uid::text AS uid, r.kind AS grp, CASE WHEN r.read_at IS NOT NULL THEN 'read' WHEN r.kind IN ('stop', 'start', 'help') THEN 'answered by itself' ELSE 'unread' END AS detail
FROM notifications_reply r
JOIN patients_patient p ON p.id = r.patient_id AND NOT p.is_test
WHERE r.received_at >= %(since)s AND r.received_at < %(as_of)s
  AND (%(sites)s::bigint[] IS NULL OR EXISTS (SELECT FROM patients_patientsite x WHERE x.patient_id = r.patient_id AND x.site_id = ANY (%(sites)s::bigint[])))
ORDER BY r.id
