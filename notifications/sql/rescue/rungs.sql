-- rungs: every wait whose rung rang and acted, from the first time it did, and what became of the wait by as-of. To be grouped, not joined.
-- Relies on alert_once. Parameters: since, as_of, pathway (blank: all), sites (bigint[] or null), setbacks
-- (kinds of fact that end a wait and bring nobody on).
SELECT DISTINCT ON (a.stay_id, a.rung_id)
       j.uid::text AS journey, j.pathway, g.track || '.' || g.name AS stage, g.label, r.n, r.audience,
       extract(epoch FROM LEAST(s.left_at, %(as_of)s::timestamptz) - a.rang_at) / 86400.0 AS days,
       CASE WHEN s.left_at IS NULL OR s.left_at > %(as_of)s THEN 0
            WHEN j.status = 'exited' AND j.ended_at <= s.left_at THEN CASE WHEN j.exit_class = 'administrative' THEN 0 ELSE 2 END
            WHEN split_part(s.left_by, '|', 2) = ANY (%(setbacks)s::text[]) AND NOT g.awaits @> to_jsonb(split_part(s.left_by, '|', 2)) THEN 2
            ELSE 1 END AS cause,
       extract(epoch FROM %(as_of)s::timestamptz - a.rang_at) / 86400.0 AS could
FROM pathways_alert a
JOIN pathways_stay s ON s.id = a.stay_id AND s.superseded = ''
JOIN pathways_rung r ON r.id = a.rung_id
JOIN pathways_stage g ON g.id = s.stage_id
JOIN pathways_journey j ON j.id = s.journey_id AND j.status <> 'void'
JOIN patients_site st ON st.id = j.home_site_id AND NOT st.is_training
JOIN patients_patient pt ON pt.id = j.patient_id AND NOT pt.is_test
WHERE a.acts AND a.mode IN ('staff', 'live') AND a.rang_at >= %(since)s AND a.rang_at <= %(as_of)s AND (s.left_at IS NULL OR s.left_at >= a.rang_at)
  AND (%(pathway)s = '' OR j.pathway = %(pathway)s) AND (%(sites)s::bigint[] IS NULL OR j.home_site_id = ANY (%(sites)s::bigint[]))
ORDER BY a.stay_id, a.rung_id, a.rang_at
