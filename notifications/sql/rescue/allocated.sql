-- allocated: everybody whom the lot put somewhere, where it put them, and what became of the wait by as-of. Relies on allocation_once.
-- Parameters: as_of, pathway (blank: all), sites (bigint[] or null), setbacks (kinds of fact that end a wait and bring nobody on).
-- The wait ended by a fact: moved on. By the end of the journey without one, or by a death: left. By hand-over to elsewhere: censored.
-- A wait that a correction took away is followed by the one that stands in its place. Texts, STOP and harm count within the horizon.
SELECT a.trial_id, a.waits, a.journey_id, j.uid::text AS journey, st.name AS site,
       extract(epoch FROM LEAST(w.left_at, %(as_of)s::timestamptz) - a.at) / 86400.0 AS days,
       CASE WHEN w.left_at IS NULL OR w.left_at > %(as_of)s THEN 0
            WHEN j.status = 'exited' AND j.ended_at <= w.left_at THEN CASE WHEN j.exit_class = 'administrative' THEN 0 ELSE 2 END
            WHEN split_part(w.left_by, '|', 2) = ANY (%(setbacks)s::text[]) AND NOT g.awaits @> to_jsonb(split_part(w.left_by, '|', 2)) THEN 2
            ELSE 1 END AS cause,
       extract(epoch FROM %(as_of)s::timestamptz - a.at) / 86400.0 AS could,
       (SELECT count(*) FROM notifications_message m WHERE m.patient_id = a.patient_id AND m.purpose = 'reminder' AND m.attempt > 0
          AND NOT m.shadow AND m.claimed_at BETWEEN a.at AND h.until) AS texts,
       EXISTS (SELECT FROM patients_permission x LEFT JOIN patients_phone p ON p.id = x.phone_id
               WHERE x.patient_id = a.patient_id AND (x.revoked_at BETWEEN a.at AND h.until OR p.stopped_at BETWEEN a.at AND h.until)) AS stopped,
       EXISTS (SELECT FROM notifications_incident i JOIN pathways_journey o ON o.id = i.journey_id
               WHERE o.patient_id = a.patient_id AND i.kind IN ('text_harm', 'privacy') AND i.happened_at BETWEEN a.at AND h.until) AS harmed
FROM notifications_allocation a
JOIN pathways_trial c ON c.id = a.trial_id
JOIN pathways_journey j ON j.id = a.journey_id
JOIN patients_site st ON st.id = a.site_id AND NOT st.is_training
JOIN patients_patient pt ON pt.id = a.patient_id AND NOT pt.is_test
JOIN pathways_stay s ON s.id = a.stay_id
JOIN pathways_stage g ON g.id = s.stage_id
CROSS JOIN LATERAL (SELECT LEAST(%(as_of)s::timestamptz, a.at + make_interval(days => c.horizon_days)) AS until) AS h
LEFT JOIN LATERAL (
    SELECT o.left_at, o.left_by FROM pathways_stay o
    WHERE o.id = s.id AND s.superseded = '' OR s.superseded <> '' AND o.journey_id = s.journey_id AND o.stage_id = s.stage_id AND o.superseded = ''
    ORDER BY abs(extract(epoch FROM o.entered_at - s.entered_at))
    LIMIT 1
) AS o ON true
CROSS JOIN LATERAL (SELECT COALESCE(o.left_at, CASE WHEN s.superseded <> '' THEN j.ended_at END) AS left_at, o.left_by) AS w
WHERE a.at <= %(as_of)s AND j.status <> 'void' AND (%(pathway)s = '' OR c.pathway = %(pathway)s)
  AND (%(sites)s::bigint[] IS NULL OR a.site_id = ANY (%(sites)s::bigint[]))
ORDER BY a.trial_id, a.id
