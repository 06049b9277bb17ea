-- charged: texts that a provider was handed since, with what is needed to price them: programme, site, the day they went out, their words. Relies on
-- message_journey and message_patient. Parameters: since, as_of, sites (bigint[] or null). Letters, calls and e-mail cost nothing that we know of;
-- the site is that of the journey. What has no body any more is counted and cannot be priced.
SELECT m.uid::text, COALESCE(NULLIF(m.programme, ''), 'no programme') AS programme, COALESCE(s.name, 'no journey') AS site,
       COALESCE(m.sent_at, m.claimed_at, m.created_at) AS at, m.body
FROM notifications_message m
LEFT JOIN pathways_journey j ON j.id = m.journey_id
LEFT JOIN patients_site s ON s.id = j.home_site_id
LEFT JOIN patients_patient p ON p.id = m.patient_id
WHERE NOT m.shadow AND m.channel = 'sms' AND m.attempt > 0 AND m.state IN ('sent', 'delivered', 'failed', 'unknown')
  AND m.created_at >= %(since)s AND m.created_at < %(as_of)s AND NOT COALESCE(p.is_test, false) AND NOT COALESCE(s.is_training, false)
  AND (%(sites)s::bigint[] IS NULL OR j.home_site_id = ANY (%(sites)s::bigint[])
       OR (j.id IS NULL AND EXISTS (SELECT FROM patients_patientsite x WHERE x.patient_id = m.patient_id AND x.site_id = ANY (%(sites)s::bigint[]))))
ORDER BY m.id
