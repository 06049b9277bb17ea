-- arriving_work: which new items the coming days bring if nothing else happens: the first staff rung of every wait that has no open item for
-- its problem yet, and what wakes from a snooze; by site, role and day of the site. Waits held back by a feed or for release are not counted.
-- Relies on stay_attention and work_item_parked. Parameters: sites, now, until.
SELECT site_id, role, day, count(*)::int AS items
FROM (
    SELECT j.home_site_id AS site_id,
           CASE (array_agg(g.audience ORDER BY u.at))[1] WHEN 'accountable' THEN 'navigator' WHEN 'responsible' THEN 'clinician'
                ELSE (array_agg(g.audience ORDER BY u.at))[1] END AS role,
           (min(u.at) AT TIME ZONE p.time_zone)::date AS day
    FROM pathways_stay s
    JOIN pathways_journey j ON j.id = s.journey_id AND j.status = 'active' AND j.home_site_id = ANY (%(sites)s::bigint[])
    JOIN patients_site p ON p.id = j.home_site_id
    CROSS JOIN LATERAL unnest(s.rung_at) WITH ORDINALITY AS u (at, ord)
    JOIN pathways_rung g ON g.stage_id = s.stage_id AND g.n = u.ord - 1 AND g.audience <> 'patient'
    WHERE s.attention_at <= %(until)s AND NOT s.gated AND NOT s.release AND s.left_at IS NULL AND s.superseded = ''
      AND u.at > %(now)s AND u.at <= %(until)s
      AND NOT EXISTS (SELECT FROM notifications_workitem w WHERE w.journey_id = j.id AND w.problem = g.problem
                      AND w.state IN ('open', 'claimed', 'parked') AND NOT w.shadow)
    GROUP BY j.id, g.problem, j.home_site_id, p.time_zone
    UNION ALL
    SELECT w.site_id, w.audience, (w.parked_until AT TIME ZONE p.time_zone)::date
    FROM notifications_workitem w JOIN patients_site p ON p.id = w.site_id
    WHERE w.state = 'parked' AND NOT w.shadow AND w.site_id = ANY (%(sites)s::bigint[]) AND w.parked_until > %(now)s AND w.parked_until <= %(until)s
) AS coming
GROUP BY site_id, role, day
ORDER BY site_id, day, role
