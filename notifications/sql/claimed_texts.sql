-- claimed_texts: what is needed to write, or to ask a person about, messages just judged. By primary keys.
-- Parameters: ids.
SELECT m.id, m.uid, m.attempt, m.purpose, m.wording, m.body, m.priority, m.patient_id, m.journey_id, m.phone_id,
       h.e164, m.mailbox_id, mb.address, mb.uid::text AS mailbox_uid, m.channel, h.zone, COALESCE(pe.time_zone, '') AS address_zone, COALESCE(s.country, 'US') AS country, COALESCE(pe.given, '') AS given, COALESCE(pe.language, other.language, '') AS language,
       s.id AS site_id, s.sender_name, s.call_back, COALESCE(g.problem, 'text') AS problem,
       COALESCE(s.is_training, false) AS training, m.programme, m.recipient_id,
       -- A link is for a reader whose birth date we know, and for nobody at whose locked one somebody still has to look.
       m.purpose = 'reminder' AND m.channel IN ('sms', 'email') AND pe.birth_lo IS NOT NULL AND pe.birth_lo = pe.birth_hi AND NOT EXISTS (
           SELECT FROM notifications_workitem w
           WHERE w.cause_kind = 'link' AND w.cause_key = m.recipient_id::text AND w.state IN ('open', 'claimed', 'parked') AND NOT w.shadow
       ) AS may_answer_there,
       -- Texts that this one speaks for as well: about another child, or another wait.
       CASE WHEN m.purpose = 'reminder' THEN ARRAY(
           SELECT DISTINCT o.id
           FROM notifications_messagealert mine
           JOIN notifications_messagealert theirs ON theirs.alert_id = mine.alert_id AND theirs.message_id <> m.id
           JOIN notifications_message o ON o.id = theirs.message_id AND o.state = 'withdrawn' AND o.reason = 'combined'
           WHERE mine.message_id = m.id
       ) ELSE '{}' END AS also
FROM notifications_message m
LEFT JOIN patients_phone h ON h.id = m.phone_id
LEFT JOIN patients_mailbox mb ON mb.id = m.mailbox_id
LEFT JOIN patients_person pe ON pe.id = m.recipient_id
LEFT JOIN pathways_journey j ON j.id = m.journey_id
LEFT JOIN pathways_matter mt ON mt.id = m.matter_id
LEFT JOIN pathways_rung g ON g.id = m.rung_id
LEFT JOIN LATERAL (
    -- An answer to a number: the language of whoever uses it, if they agree.
    SELECT min(u.language) AS language
    FROM patients_contactpoint c JOIN patients_person u ON u.id = c.person_id
    WHERE m.recipient_id IS NULL AND c.phone_id = m.phone_id AND c.until IS NULL
    HAVING count(DISTINCT u.language) = 1
) AS other ON true
LEFT JOIN patients_site s ON s.id = COALESCE(
    j.home_site_id, mt.site_id,
    (SELECT ps.site_id FROM patients_patientsite ps WHERE ps.patient_id = m.patient_id ORDER BY ps.since, ps.id LIMIT 1),
    (SELECT min(o.id) FROM patients_site o WHERE NOT o.is_training AND o.sender_name <> ''),
    (SELECT min(o.id) FROM patients_site o))
WHERE m.id = ANY (%(ids)s::bigint[])
ORDER BY m.priority, m.id
