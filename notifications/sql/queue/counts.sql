-- counts: how many rows each lane has, 1,001 at most, by the conditions that list its rows; the filters hold for the lane `here` only. Hers in two
-- parts, the team's in three, each with an index of its own (work_item_owner, work_item_offered; work_item_audience, work_item_also_for): an OR has
-- none. Her own come in the order of their index: without it a plan for any user, who might hold every other item, reads the whole table.
-- Parameters: those of held, shown and the lanes; here, own (sites), deciding, counselling (sites), lost_since, germline.
SELECT
    (SELECT count(*) FROM (
        (SELECT FROM (
-- include notifications.sql.queue held
) AS s CROSS JOIN LATERAL (SELECT FROM notifications_workitem w WHERE
-- include notifications.sql.queue shown
            AND
-- include notifications.sql.queue own
            ORDER BY w.priority, w.due_at, w.id LIMIT 1001) AS hers
         WHERE s.filtered = (%(here)s::text = 'mine') LIMIT 1001)
        UNION ALL
        (SELECT FROM (
-- include notifications.sql.queue held
) AS s JOIN notifications_workitem w ON
-- include notifications.sql.queue shown
            AND
-- include notifications.sql.queue offered
            AND COALESCE(NOT (
-- include notifications.sql.queue own
            ), true)
         WHERE s.filtered = (%(here)s::text = 'mine') LIMIT 1001)
        LIMIT 1001) AS rows_of_lane) AS mine,
    (SELECT count(*) FROM (
        (SELECT FROM (
-- include notifications.sql.queue held
) AS s CROSS JOIN LATERAL (SELECT FROM notifications_workitem w WHERE
-- include notifications.sql.queue shown
-- include notifications.sql.queue standing
            AND w.audience = ANY (s.roles) LIMIT 1001) AS now_theirs
         WHERE s.filtered = (%(here)s::text = 'team') AND NOT s.everyone LIMIT 1001)
        UNION ALL
        (SELECT FROM (
-- include notifications.sql.queue held
) AS s CROSS JOIN LATERAL (SELECT FROM notifications_workitem w WHERE
-- include notifications.sql.queue shown
-- include notifications.sql.queue standing
            AND NOT w.audience = ANY (s.roles) AND NOT (w.also_for = '{}') AND w.also_for && s.roles LIMIT 1001) AS theirs_before
         WHERE s.filtered = (%(here)s::text = 'team') AND NOT s.everyone LIMIT 1001)
        UNION ALL
        (SELECT FROM (
-- include notifications.sql.queue held
) AS s CROSS JOIN LATERAL (SELECT FROM notifications_workitem w WHERE
-- include notifications.sql.queue shown
-- include notifications.sql.queue standing
            LIMIT 1001) AS everybodys
         WHERE s.filtered = (%(here)s::text = 'team') AND s.everyone LIMIT 1001)
        LIMIT 1001) AS rows_of_lane) AS team,
    (SELECT count(*) FROM (
        SELECT FROM (
-- include notifications.sql.queue held
) AS s JOIN notifications_workitem w ON
-- include notifications.sql.queue shown
-- include notifications.sql.queue waiting
        WHERE s.filtered = (%(here)s::text = 'waiting') LIMIT 1001) AS rows_of_lane) AS waiting,
    (SELECT count(*) FROM (
        SELECT FROM (
-- include notifications.sql.queue held
) AS s JOIN notifications_workitem w ON
-- include notifications.sql.queue shown
-- include notifications.sql.queue snoozed
        WHERE s.filtered = (%(here)s::text = 'snoozed') LIMIT 1001) AS rows_of_lane) AS snoozed,
    (SELECT count(*) FROM (
        SELECT FROM (
-- include notifications.sql.queue held
) AS s JOIN notifications_workitem w ON
-- include notifications.sql.queue shown
-- include notifications.sql.queue withdrawn
        WHERE s.filtered = (%(here)s::text = 'withdrawn') LIMIT 1001) AS rows_of_lane) AS withdrawn,
    (SELECT count(*) FROM (
        SELECT FROM (
-- include notifications.sql.queue held
) AS s JOIN notifications_workitem w ON
-- include notifications.sql.queue shown
-- include notifications.sql.queue done
        WHERE s.filtered = (%(here)s::text = 'done') LIMIT 1001) AS rows_of_lane) AS done,
    (SELECT count(*) FROM (
        (SELECT FROM pathways_journey j
         WHERE j.home_site_id = ANY (%(own)s::bigint[]) AND j.status = 'exited' AND j.exit_class = 'preventable' AND j.ended_at >= %(lost_since)s
         LIMIT 1001)
        UNION ALL
        (SELECT FROM pathways_journey j
         WHERE j.id IN (SELECT p.journey_id FROM pathways_journeysite p WHERE p.site_id = ANY (%(own)s::bigint[]))
           AND NOT j.home_site_id = ANY (%(own)s::bigint[]) AND j.status = 'exited' AND j.exit_class = 'preventable' AND j.ended_at >= %(lost_since)s
         LIMIT 1001)
        LIMIT 1001) AS rows_of_lane) AS lost,
    (SELECT count(*) FROM (
        SELECT FROM pathways_matter m
        WHERE m.kind = ANY (%(candidates)s::text[]) AND m.closed_at IS NULL AND NOT m.release
          AND (m.site_id = ANY (%(deciding)s::bigint[]) AND NOT m.kind = %(germline)s OR m.site_id = ANY (%(counselling)s::bigint[]) AND m.kind = %(germline)s)
        LIMIT 1001) AS rows_of_lane) AS candidates
