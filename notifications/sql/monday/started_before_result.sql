-- started_before_result: journeys whose systemic therapy began in the week before there was a result, by site and drug. Relies on binding_journey.
-- Parameters: since, until, sites, pathways, kinds (empiric_started).
WITH
-- include notifications.sql.monday mine
,
-- include notifications.sql.monday facts
SELECT mine.uid::text, mine.site AS grp, COALESCE(NULLIF(f.body -> 'drugs' -> 0 ->> 'text', ''), 'drug not named') AS detail
FROM facts f JOIN mine ON mine.id = f.journey_id
WHERE f.at >= %(since)s
ORDER BY f.at
