-- switch_stays: what a change of mode does to the open stays of one programme at one site. Relies on journey_report (pathway, home_site)
-- and stay_one_open_per_track (journey); runs once a switch, in its transaction.
-- Parameters: site, pathway, now, parks (the mode does not ring: all wait), lists (staff begin to be asked: what has a rung in the past
-- goes on the review list, as if it had never rung).
-- Stays are locked in the order of their ids, as everywhere.
WITH waiting AS MATERIALIZED (
    SELECT t.id, (SELECT min(u.at) FROM unnest(t.rung_at) AS u (at)) AS first_at
    FROM pathways_stay t JOIN pathways_journey j ON j.id = t.journey_id
    WHERE j.home_site_id = %(site)s AND j.pathway = %(pathway)s AND t.left_at IS NULL AND t.superseded = ''
    ORDER BY t.id
    FOR NO KEY UPDATE OF t
),
judged AS (
    SELECT w.id, w.first_at, %(lists)s AND COALESCE(w.first_at <= %(now)s, false) AS overdue FROM waiting w
),
moved AS (
    UPDATE pathways_stay s
    SET release = %(parks)s OR j.overdue,
        attention_at = CASE WHEN j.overdue THEN j.first_at ELSE s.attention_at END,
        rang_through = CASE WHEN j.overdue THEN NULL ELSE s.rang_through END
    FROM judged j
    WHERE s.id = j.id
    RETURNING s.id
)
SELECT COALESCE(array_agg(id ORDER BY id), '{}') FROM moved
