-- texts: messages made since, by state and by why they failed or were not sent. Relies on message_journey and message_patient; shadow rows are none.
-- Parameters: since, as_of, sites (bigint[] or null). The site is that of the journey, else of the patient.
SELECT m.uid::text AS uid, m.state AS grp, COALESCE(NULLIF(m.reason, ''), NULLIF(m.purpose, ''), 'reminder') AS detail
FROM notifications_message m
LEFT JOIN pathways_journey j ON j.id = m.journey_id
LEFT JOIN patients_patient p ON p.id = m.patient_id
WHERE NOT m.shadow AND m.created_at >= %(since)s AND m.created_at < %(as_of)s AND NOT COALESCE(p.is_test, false)
  AND (%(sites)s::bigint[] IS NULL OR j.home_site_id = ANY (%(sites)s::bigint[])
       OR (j.id IS NULL AND EXISTS (SELECT FROM patients_patientsite x WHERE x.patient_id = m.patient_id AND x.site_id = ANY (%(sites)s::bigint[]))))
ORDER BY m.id
