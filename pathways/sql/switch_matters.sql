-- switch_matters: the same for open matters. Those of a programme are the ones of its journeys and its candidates; `pathway` null: those
-- of the site that belong to no programme (an unbound result), which follow the furthest that any programme has gone there.
-- Relies on matter_one_open (open rows only); runs once or twice a switch, in its transaction.
-- Parameters: site, pathway (or null), mode (the new one), now, parks, lists, keeps (only the mode is written).
WITH waiting AS MATERIALIZED (
    SELECT m.id, (SELECT min(u.at) FROM unnest(m.rung_at) AS u (at)) AS first_at
    FROM pathways_matter m LEFT JOIN pathways_journey j ON j.id = m.journey_id
    WHERE m.closed_at IS NULL AND COALESCE(j.home_site_id, m.site_id) = %(site)s
      AND COALESCE(j.pathway, m.detail ->> 'pathway') IS NOT DISTINCT FROM %(pathway)s
    ORDER BY m.id
    FOR NO KEY UPDATE OF m
),
judged AS (
    SELECT w.id, w.first_at, %(lists)s AND NOT %(keeps)s AND COALESCE(w.first_at <= %(now)s, false) AS overdue FROM waiting w
),
moved AS (
    UPDATE pathways_matter m
    SET mode = %(mode)s, release = CASE WHEN %(keeps)s THEN m.release ELSE %(parks)s OR j.overdue END,
        attention_at = CASE WHEN j.overdue THEN j.first_at ELSE m.attention_at END,
        rang_through = CASE WHEN j.overdue THEN NULL ELSE m.rang_through END
    FROM judged j
    WHERE m.id = j.id
    RETURNING m.id
)
SELECT COALESCE(array_agg(id ORDER BY id), '{}') FROM moved
