-- report_waits: the open waits of a programme, one row each, as `waits AS (...)`. Relies on the index journey_report (pathway, ...) and stay_journey.
-- Parameters: pathway, as_of, soon (as_of and two weeks), sites (bigint[] or null); and of an earlier day `changed` (bigint[]: journeys of which more was
-- received since) with their open waits as they stood then, one array a column: then_journey, then_stage, then_track, then_root, then_entered, then_due,
-- then_held. Training sites and test patients do not count; a held journey is shown apart, a watch is never overdue.
SELECT s.id, j.id AS journey_id, s.track, g.id AS stage_id, g.name, g.label, g.ball, g.problem, g.watch, u.id AS owner_id,
       COALESCE(NULLIF(TRIM(u.first_name || ' ' || u.last_name), ''), u.username, '') AS owner,
       a.age, width_bucket(a.age, ARRAY[7, 14, 30, 60, 90]::float8[]) AS bucket,
       s.held,
       s.due_at < %(as_of)s AND c.counts AS overdue,
       s.due_at >= %(as_of)s AND s.due_at < %(as_of)s + interval '7 days' AND c.counts AS first_week,
       s.due_at >= %(as_of)s + interval '7 days' AND s.due_at < %(soon)s AND c.counts AS second_week
FROM (
    SELECT now.id, now.journey_id, now.track, now.stage_id, now.entered_at, now.due_at, of.held_until IS NOT NULL AS held
    FROM pathways_journey of
    JOIN pathways_stay now ON now.journey_id = of.id AND now.left_at IS NULL AND now.superseded = ''
    WHERE of.pathway = %(pathway)s AND of.status = 'active' AND of.id <> ALL (%(changed)s::bigint[])
    UNION ALL
    SELECT stored.id, past.journey, past.track, past.stage, past.entered, past.due, past.held
    FROM unnest(%(then_journey)s::bigint[], %(then_stage)s::bigint[], %(then_track)s::text[], %(then_root)s::text[], %(then_entered)s::timestamptz[],
                %(then_due)s::timestamptz[], %(then_held)s::bool[]) AS past (journey, stage, track, root, entered, due, held)
    LEFT JOIN LATERAL (
        SELECT x.id FROM pathways_stay x WHERE x.journey_id = past.journey AND x.track = past.track
        ORDER BY x.stage_id = past.stage DESC, x.root_lineage = past.root DESC, x.superseded = '' DESC, x.id DESC LIMIT 1
    ) stored ON true
) s
JOIN pathways_journey j ON j.id = s.journey_id
JOIN patients_patient p ON p.id = j.patient_id
JOIN patients_site site ON site.id = j.home_site_id
JOIN pathways_stage g ON g.id = s.stage_id
LEFT JOIN patients_user u ON u.id = j.accountable_id
CROSS JOIN LATERAL (SELECT NOT s.held AND NOT g.watch AS counts) c
CROSS JOIN LATERAL (SELECT EXTRACT(EPOCH FROM %(as_of)s - s.entered_at)::float8 / 86400 AS age) a
WHERE NOT site.is_training AND NOT p.is_test AND s.entered_at <= %(as_of)s
  AND (%(sites)s::bigint[] IS NULL OR j.home_site_id = ANY (%(sites)s::bigint[]))
