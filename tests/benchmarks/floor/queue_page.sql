-- queue_page: the lines of one page of the team's lane by hand: each site's first rows by its index, merged, joined to what a line shows.
-- Parameters: sites, roles, most, now; priority, due, id (where the page before ended).
SELECT w.id, w.uid, w.priority, w.due_at, w.problem, w.revision, w.to_confirm, p.family, p.given, p.birth_lo, v.title, si.name, t.due_at, g.label, g.ball,
       n.value, c.at, c.outcome
FROM (
    SELECT x.* FROM unnest(%(sites)s::bigint[]) AS s (id)
    CROSS JOIN LATERAL (
        SELECT w.* FROM notifications_workitem w
        WHERE w.site_id = s.id AND w.state = 'open' AND w.owner_id IS NULL AND NOT w.shadow AND w.intended_until IS NULL
          AND (w.audience = ANY (%(roles)s) OR w.also_for && %(roles)s::varchar[])
          AND (w.priority, w.due_at, w.id) > (%(priority)s, %(due)s::timestamptz, %(id)s)
          AND COALESCE((SELECT bool_or(a.withdrawn_at IS NULL) FROM notifications_workitemalert l JOIN pathways_alert a ON a.id = l.alert_id
                        WHERE l.item_id = w.id), true)
        ORDER BY w.priority, w.due_at, w.id
        LIMIT %(most)s) AS x
    ORDER BY x.priority, x.due_at, x.id
    LIMIT %(most)s) AS w
JOIN patients_site si ON si.id = w.site_id
LEFT JOIN patients_patient pt ON pt.id = w.patient_id
LEFT JOIN patients_person p ON p.id = pt.person_id
LEFT JOIN pathways_journey j ON j.id = w.journey_id
LEFT JOIN pathways_pathwayversion v ON v.id = j.version_id
LEFT JOIN LATERAL (
    SELECT s.due_at, s.stage_id FROM pathways_stay s JOIN pathways_stage g ON g.id = s.stage_id AND g.problem = w.problem
    WHERE s.journey_id = w.journey_id AND s.left_at IS NULL AND s.superseded = '' ORDER BY s.due_at LIMIT 1) AS t ON true
LEFT JOIN pathways_stage g ON g.id = t.stage_id
LEFT JOIN LATERAL (SELECT value FROM patients_identifier WHERE patient_id = w.patient_id AND type = 'MR' AND until IS NULL ORDER BY since LIMIT 1) AS n ON true
LEFT JOIN LATERAL (
    (SELECT e.occurred_lo AS at, e.body->>'outcome' AS outcome FROM pathways_event e
     WHERE e.patient_id = w.patient_id AND e.kind IN ('contact_attempted', 'patient_replied') ORDER BY e.occurred_lo DESC LIMIT 1)
    UNION ALL (SELECT m.sent_at, m.state FROM notifications_message m WHERE m.patient_id = w.patient_id AND m.sent_at IS NOT NULL
               ORDER BY m.sent_at DESC LIMIT 1)
    ORDER BY at DESC LIMIT 1) AS c ON true
ORDER BY w.priority, w.due_at, w.id
