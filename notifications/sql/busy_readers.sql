-- busy_readers.sql
-- Staff who opened more than `many` different charts of patients known at `sites` within one clock hour, from `since` until `until`.
-- Opening a page of one patient counts; lists and searches do not. Relies on access_at (patients_accesslog.at).
SELECT l.user_id, date_trunc('hour', l.at) AS hour, count(DISTINCT shown.id) AS charts
FROM patients_accesslog l
CROSS JOIN LATERAL unnest(l.patients) AS shown (id)
JOIN patients_patientsite s ON s.patient_id = shown.id AND s.site_id = ANY(%(sites)s)
WHERE l.at >= %(since)s AND l.at < %(until)s AND l.action = 'view' AND l.user_id IS NOT NULL
GROUP BY 1, 2
HAVING count(DISTINCT shown.id) > %(many)s
ORDER BY charts DESC
LIMIT %(most)s
