-- at_hand: which parts of a tick have anything to do at `now`, in one look instead of one for each; most ticks find nothing. Reads only.
-- Each line says at least what its part looks for (a part that is asked in vain finds nothing), by the partial index that the part relies on.
-- Parameters: now, unread_before, offered_before, idle_before (see `at_hand.py`), incidents (kinds of matters), roles (who has a queue), lead.
SELECT
    EXISTS (SELECT FROM pathways_feed f WHERE f.mode = 'live' AND f.heard_at < %(now)s - f.longest_silence)
        OR EXISTS (SELECT FROM pathways_expectation x WHERE x.silent_from < %(now)s)
        OR EXISTS (SELECT FROM pathways_inbound i WHERE i.outcome = 'quarantined' AND i.received_at <= %(unread_before)s)
        OR EXISTS (SELECT FROM pathways_matter m WHERE m.kind = ANY (%(incidents)s::text[]) AND m.closed_at IS NULL) AS doors,
    EXISTS (SELECT FROM notifications_workitem w WHERE w.intended_until <= %(now)s) AS outcomes,
    EXISTS (SELECT FROM pathways_journeylink l JOIN pathways_journey j ON j.id = l.journey_id
            WHERE l.told_at IS NULL OR j.replayed_at >= l.told_at) AS families,
    EXISTS (SELECT FROM pathways_turn t WHERE t.at <= %(now)s) AS turns,
    EXISTS (SELECT FROM pathways_rollout o WHERE o.enrolling_after IS NOT NULL) AS catching_up,
    EXISTS (SELECT FROM pathways_pathwayversion v WHERE v.rereads_after IS NOT NULL)
        OR EXISTS (SELECT FROM pathways_codemap c WHERE c.rereads_after IS NOT NULL) AS rereading,
    EXISTS (SELECT FROM patients_site s WHERE s.calendar_after IS NOT NULL) AS calendars,
    EXISTS (SELECT FROM pathways_handover h WHERE h.settled_at IS NULL AND h.due_at <= %(now)s) AS hand_overs,
    EXISTS (SELECT FROM notifications_workitem w WHERE w.offered_to_id IS NOT NULL AND w.offered_at < %(offered_before)s)
        OR EXISTS (SELECT FROM notifications_workitem w
                   WHERE w.owner_id IS NOT NULL AND w.state IN ('open', 'claimed', 'parked') AND w.state = 'claimed' AND NOT w.shadow
                     AND w.claimed_at < %(idle_before)s AND w.intended_until IS NULL
                     AND NOT EXISTS (SELECT FROM notifications_workitemact a WHERE a.item_id = w.id AND a.at > %(idle_before)s))
        -- Held by somebody who left or is away,
        OR EXISTS (SELECT FROM notifications_workitem w
                   WHERE w.owner_id IN (SELECT b.user_id FROM notifications_absence b WHERE b.last_day >= %(now)s::date - 1
                                        UNION
                                        SELECT m.user_id FROM patients_membership m JOIN patients_user u ON u.id = m.user_id
                                        WHERE m.until IS NOT NULL OR NOT u.is_active)
                     AND w.state IN ('open', 'claimed', 'parked') AND w.state <> 'parked' AND NOT w.shadow AND w.intended_until IS NULL)
        -- or unclaimed, of a role that nobody at the site holds today.
        OR EXISTS (SELECT FROM patients_site s CROSS JOIN unnest(%(roles)s::text[]) AS r (role)
                   WHERE NOT EXISTS (SELECT FROM patients_membership m JOIN patients_user u ON u.id = m.user_id
                                     WHERE m.site_id = s.id AND m.role IN (r.role, %(lead)s) AND m.until IS NULL AND u.is_active
                                       AND NOT EXISTS (SELECT FROM notifications_absence b
                                                       WHERE b.user_id = m.user_id AND b.first_day <= %(now)s::date + 1 AND b.last_day >= %(now)s::date - 1))
                     AND EXISTS (SELECT FROM notifications_workitem w
                                 WHERE w.site_id = s.id AND w.audience = r.role AND w.state = 'open' AND w.owner_id IS NULL AND NOT w.shadow)) AS hands,
    EXISTS (SELECT FROM patients_permission p WHERE p.until <= %(now)s AND p.granted_at IS NOT NULL AND p.revoked_at IS NULL)
        OR EXISTS (SELECT FROM patients_mailpermission p WHERE p.until <= %(now)s AND p.granted_at IS NOT NULL AND p.revoked_at IS NULL) AS consents
