-- waiting_crowds: how many reminders wait, by the zones of number and address, the site's country, the how-manieth of its reader a text is, the
-- site's hours for texts, and the site itself where it wants none on its closed days. Hours and site as `claim_messages` takes them.
-- Relies on the partial index message_due.
-- Parameters: now, programme (blank: all).
SELECT zone, address, country, nth, count(*), opens, closes, closed_at
FROM (
    SELECT COALESCE(best.zone, '') AS zone, COALESCE(pe.time_zone, '') AS address, COALESCE(s.country, 'US') AS country,
           COALESCE(s.texts_from, time '09:00') AS opens, COALESCE(s.texts_until, time '20:00') AS closes,
           CASE WHEN NOT s.texts_on_holidays THEN s.id END AS closed_at,
           row_number() OVER (PARTITION BY m.recipient_id ORDER BY m.priority, m.not_before, m.id) - 1 AS nth
    FROM notifications_message m
    LEFT JOIN patients_person pe ON pe.id = m.recipient_id
    LEFT JOIN pathways_journey j ON j.id = m.journey_id
    LEFT JOIN pathways_matter ma ON ma.id = m.matter_id
    LEFT JOIN patients_site s ON s.id = COALESCE(j.home_site_id, ma.site_id)
    LEFT JOIN LATERAL (
        SELECT h.zone
        FROM patients_contactpoint c JOIN patients_phone h ON h.id = c.phone_id
        WHERE c.person_id = m.recipient_id AND c.until IS NULL
        ORDER BY h.bad_since IS NOT NULL, c.verified_at IS NULL, c.rank, c.since DESC, c.id DESC
        LIMIT 1
    ) AS best ON true
    WHERE m.state = 'pending' AND NOT m.shadow AND m.channel = 'sms' AND m.purpose = 'reminder' AND (m.expires_at IS NULL OR m.expires_at > %(now)s)
      AND %(programme)s IN ('', m.programme)
) AS waiting
GROUP BY zone, address, country, nth, opens, closes, closed_at
ORDER BY nth, zone, address, opens, closes, closed_at
