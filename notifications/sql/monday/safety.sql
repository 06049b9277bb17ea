-- safety: what the week's texts did that they should not have, or that ended them: stopped, wrong number, sent after a death; and what was
-- reported as an incident (a complaint is one). Relies on message_patient.
-- Parameters: since, until, sites. The site is that of the journey, or of the patient.
SELECT uid, grp, detail
FROM (
    SELECT r.uid::text, 'texts stopped' AS grp, r.kind AS detail, r.received_at AS at, r.patient_id, NULL::bigint AS journey_id
    FROM notifications_reply r WHERE r.kind IN ('stop', 'stop_intent')
    UNION ALL
    SELECT m.uid::text, 'wrong numbers', m.reason, m.sent_at, m.patient_id, m.journey_id
    FROM notifications_message m WHERE m.state = 'failed' AND m.reason = ANY (%(bad_numbers)s::text[]) AND NOT m.shadow
    UNION ALL
    SELECT m.uid::text, 'after death', m.purpose, m.sent_at, m.patient_id, m.journey_id
    FROM notifications_message m JOIN patients_patient p ON p.id = m.patient_id WHERE m.sent_at > p.died_hi AND NOT m.shadow
    UNION ALL
    SELECT j.uid::text, 'incidents', i.kind, i.reported_at, j.patient_id, j.id
    FROM notifications_incident i JOIN pathways_journey j ON j.id = i.journey_id
) AS found
CROSS JOIN LATERAL (
    SELECT COALESCE((SELECT home_site_id FROM pathways_journey j WHERE j.id = found.journey_id),
                    (SELECT min(site_id) FROM patients_patientsite x WHERE x.patient_id = found.patient_id
                     AND (%(sites)s::bigint[] IS NULL OR x.site_id = ANY (%(sites)s::bigint[])))) AS site_id
) AS place
JOIN patients_site s ON s.id = place.site_id AND NOT s.is_training
WHERE at >= %(since)s AND at < %(until)s AND (%(sites)s::bigint[] IS NULL OR site_id = ANY (%(sites)s::bigint[]))
ORDER BY at
