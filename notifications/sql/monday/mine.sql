-- mine: the journeys that a Monday count may speak of. Relies on journey_report; parameters: sites (bigint[] or null), pathways (text[]).
mine AS (
    SELECT j.*, s.name AS site, COALESCE(NULLIF(p.payer, ''), 'payer unknown') AS payer, p.died_hi
    FROM pathways_journey j
    JOIN patients_patient p ON p.id = j.patient_id
    JOIN patients_site s ON s.id = j.home_site_id
    WHERE j.status <> 'void' AND NOT s.is_training AND NOT p.is_test AND j.pathway = ANY (%(pathways)s::text[])
      AND (%(sites)s::bigint[] IS NULL OR j.home_site_id = ANY (%(sites)s::bigint[]))
)
