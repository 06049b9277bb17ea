-- report_changed_since: a programme's journeys of which anything was received after as_of, and whether they were there by then. A new fact leaves a binding, a
-- changed column or wait a revision; only these are replayed. Relies on binding_journey, journey_revision_time. Parameters: pathway, as_of, sites (bigint[]
-- or null).
WITH changed AS (
    SELECT journey_id FROM pathways_binding WHERE at > %(as_of)s
    UNION
    SELECT journey_id FROM pathways_journeyrevision WHERE until_received > %(as_of)s
    UNION
    SELECT s.journey_id FROM pathways_stayrevision r JOIN pathways_stay s ON s.id = r.stay_id WHERE r.until_received > %(as_of)s
)
SELECT j.id, j.patient_id,
       NOT EXISTS (SELECT FROM pathways_journeyrevision r WHERE r.journey_id = j.id AND r.field = 'created' AND r.until_received > %(as_of)s) AS was_there
FROM changed JOIN pathways_journey j ON j.id = changed.journey_id
WHERE j.pathway = %(pathway)s AND (%(sites)s::bigint[] IS NULL OR j.home_site_id = ANY (%(sites)s::bigint[]))
ORDER BY j.id
