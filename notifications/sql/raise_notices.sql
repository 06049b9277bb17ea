-- raise_notices: a notice for every open work item that asks a clinician and has none: to the responsible one, a copy to who ordered the test.
-- Only who has an account at a site of the journey gets one; for the others the plan has asked a navigator to call. Relies on the partial
-- index work_item_clinician (its size is that of what clinicians have open) and on notice_once.
-- Parameters: now.
WITH fresh AS (
    INSERT INTO notifications_notice (uid, item_id, journey_id, practitioner_id, role, created_at, answer, reason)
    SELECT gen_random_uuid(), w.id, j.id, who.practitioner_id, who.role, %(now)s, '', ''
    FROM notifications_workitem w
    JOIN pathways_journey j ON j.id = w.journey_id
    CROSS JOIN LATERAL (
        SELECT j.responsible_id AS practitioner_id, 'responsible' AS role WHERE j.responsible_id IS NOT NULL
        UNION ALL
        SELECT t.practitioner_id, 'copy' FROM pathways_careteam t
        WHERE t.journey_id = j.id AND t.role = 'orderer' AND t.until IS NULL AND t.practitioner_id IS DISTINCT FROM j.responsible_id
    ) AS who
    JOIN patients_practitioner p ON p.id = who.practitioner_id
    WHERE w.audience = 'clinician' AND w.state IN ('open', 'claimed', 'parked') AND NOT w.shadow AND w.reason_gone_at IS NULL
      AND NOT EXISTS (SELECT FROM notifications_notice n WHERE n.item_id = w.id AND n.practitioner_id = who.practitioner_id)
      AND EXISTS (
          SELECT FROM patients_membership m
          WHERE m.user_id = p.user_id AND m.until IS NULL
            AND (m.site_id = j.home_site_id OR m.site_id IN (SELECT s.site_id FROM pathways_journeysite s WHERE s.journey_id = j.id)))
    ORDER BY w.id, who.practitioner_id
    ON CONFLICT (item_id, practitioner_id) DO NOTHING
    RETURNING id, practitioner_id
)
INSERT INTO notifications_email (notice_id, address, state, created_at, not_before, attempt, reason)
SELECT f.id, COALESCE(NULLIF(p.email, ''), u.email, ''), 'pending', %(now)s, %(now)s, 0, ''
FROM fresh f
JOIN patients_practitioner p ON p.id = f.practitioner_id
JOIN patients_user u ON u.id = p.user_id
