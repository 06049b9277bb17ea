-- waiting_facts: results without a journey, messages in quarantine and replies that nobody had read at until, by age. Relies on matter_one_open, inbound_quarantine.
-- Parameters: since, until, sites. `detail` is the age; grp names the list, and the kind of its rows.
SELECT uid, grp, CASE WHEN %(until)s - at < interval '2 days' THEN 'under 2 days' WHEN %(until)s - at < interval '8 days' THEN '2 to 7 days'
                      ELSE 'over 7 days' END AS detail
FROM (
    SELECT m.uid::text, 'unbound' AS grp, m.opened_at AS at, m.site_id FROM pathways_matter m
    WHERE m.kind IN ('unbound', 'ambiguous') AND m.opened_at < %(until)s AND (m.closed_at IS NULL OR m.closed_at >= %(until)s)
    UNION ALL
    SELECT i.uid::text, 'quarantined', i.received_at, f.site_id FROM pathways_inbound i JOIN pathways_feed f ON f.id = i.feed_id
    WHERE i.received_at < %(until)s AND (i.outcome = 'quarantined' OR (i.tries > 1 AND i.applied_at >= %(until)s))
    UNION ALL
    SELECT r.uid::text, 'unread', r.received_at, ps.site_id FROM notifications_reply r
    CROSS JOIN LATERAL (SELECT min(site_id) AS site_id FROM patients_patientsite x WHERE x.patient_id = r.patient_id
                        AND (%(sites)s::bigint[] IS NULL OR x.site_id = ANY (%(sites)s::bigint[]))) AS ps
    WHERE r.kind IN ('text', 'stop_intent') AND r.received_at < %(until)s AND (r.read_at IS NULL OR r.read_at >= %(until)s)
) AS found
JOIN patients_site s ON s.id = found.site_id AND NOT s.is_training
WHERE %(sites)s::bigint[] IS NULL OR site_id = ANY (%(sites)s::bigint[])
ORDER BY at
