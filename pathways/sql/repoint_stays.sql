-- repoint_stays: after a change of what is seen at a site, every open stay there waits for the feed that would bring the first awaited
-- kind that is fed (none: people type it, or nobody sees it), and is judged afresh. Relies on journey_report by site and on
-- stay_one_open_per_track; runs when a person changes the coverage.
-- Parameters: site.
WITH wanted AS (
    SELECT s.id, (SELECT c.feed_id
                  FROM jsonb_array_elements_text(g.awaits) WITH ORDINALITY AS a (kind, n)
                  JOIN pathways_coverage c ON c.site_id = %(site)s AND c.kind = a.kind AND c.how = 'fed' AND c.feed_id IS NOT NULL
                  ORDER BY a.n LIMIT 1) AS feed_id
    FROM pathways_stay s
    JOIN pathways_journey j ON j.id = s.journey_id
    JOIN pathways_stage g ON g.id = s.stage_id
    WHERE j.home_site_id = %(site)s AND s.left_at IS NULL AND s.superseded = ''
    ORDER BY s.id
    FOR NO KEY UPDATE OF s
)
UPDATE pathways_stay s SET feed_id = w.feed_id, gated = false
FROM wanted w
WHERE s.id = w.id AND (s.feed_id IS DISTINCT FROM w.feed_id OR s.gated)
