-- quarantined: messages that wait outside, by feed and reason. Relies on inbound_quarantine.
-- Parameters: since, as_of, sites (bigint[] or null).
SELECT i.uid::text AS uid, f.name AS grp, i.reason AS detail
FROM pathways_inbound i JOIN pathways_feed f ON f.id = i.feed_id JOIN patients_site s ON s.id = f.site_id AND NOT s.is_training
WHERE i.outcome = 'quarantined' AND i.received_at < %(as_of)s AND (%(sites)s::bigint[] IS NULL OR f.site_id = ANY (%(sites)s::bigint[]))
ORDER BY i.id
