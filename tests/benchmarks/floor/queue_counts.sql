-- queue_counts: rows of each lane, counted up to a thousand and one, by hand; the team's by its two indexes. Parameters: user, sites, roles, midnight, now.
SELECT
    (SELECT count(*) FROM (SELECT 1 FROM notifications_workitem WHERE owner_id = %(user)s AND state IN ('open', 'claimed') AND NOT shadow LIMIT 1001) AS a),
    (SELECT count(*) FROM (
        (SELECT 1 FROM notifications_workitem w
         WHERE w.site_id = ANY (%(sites)s) AND w.state = 'open' AND w.owner_id IS NULL AND NOT w.shadow AND w.intended_until IS NULL
           AND w.audience = ANY (%(roles)s)
           AND COALESCE((SELECT bool_or(a.withdrawn_at IS NULL) FROM notifications_workitemalert l JOIN pathways_alert a ON a.id = l.alert_id
                         WHERE l.item_id = w.id), true))
        UNION ALL
        (SELECT 1 FROM notifications_workitem w
         WHERE w.site_id = ANY (%(sites)s) AND w.state = 'open' AND w.owner_id IS NULL AND NOT w.shadow AND w.intended_until IS NULL
           AND NOT w.audience = ANY (%(roles)s) AND NOT (w.also_for = '{}') AND w.also_for && %(roles)s::varchar[]
           AND COALESCE((SELECT bool_or(a.withdrawn_at IS NULL) FROM notifications_workitemalert l JOIN pathways_alert a ON a.id = l.alert_id
                         WHERE l.item_id = w.id), true))
        LIMIT 1001) AS b),
    (SELECT count(*) FROM (
        SELECT 1 FROM notifications_workitem w WHERE w.site_id = ANY (%(sites)s) AND w.state = 'parked' AND NOT w.shadow AND NOT (w.waiting_on = '')
          AND (w.owner_id = %(user)s OR w.audience = ANY (%(roles)s) OR w.also_for && %(roles)s::varchar[]) LIMIT 1001) AS c),
    (SELECT count(*) FROM (
        SELECT 1 FROM notifications_workitem w WHERE w.site_id = ANY (%(sites)s) AND w.state = 'parked' AND NOT w.shadow AND w.waiting_on = ''
          AND (w.owner_id = %(user)s OR w.audience = ANY (%(roles)s) OR w.also_for && %(roles)s::varchar[]) LIMIT 1001) AS d),
    (SELECT count(*) FROM (
        SELECT 1 FROM notifications_workitem w WHERE w.site_id = ANY (%(sites)s) AND w.state = 'withdrawn' AND w.closed_at >= %(midnight)s LIMIT 1001) AS e),
    (SELECT count(*) FROM (
        SELECT 1 FROM notifications_workitem w WHERE w.site_id = ANY (%(sites)s) AND w.state = 'done' AND w.closed_at >= %(midnight)s
          AND w.owner_id = %(user)s LIMIT 1001) AS f),
    (SELECT count(*) FROM (
        SELECT 1 FROM pathways_journey j WHERE j.home_site_id = ANY (%(sites)s) AND j.status = 'exited' AND j.exit_class = 'preventable'
          AND j.ended_at >= %(now)s - interval '90 days' LIMIT 1001) AS g),
    (SELECT count(*) FROM (
        SELECT 1 FROM pathways_matter m WHERE m.site_id = ANY (%(sites)s) AND m.kind IN ('candidate', 'stage_missing') AND m.closed_at IS NULL
          AND NOT m.release LIMIT 1001) AS h)
