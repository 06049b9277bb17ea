-- insufficient: specimens refused in the week (quantity not sufficient and others), by site and kind of specimen, and what followed. Relies on binding_journey.
-- Parameters: since, until, sites, pathways, kinds (specimen_rejected, specimen_collected, biopsy_ordered, result_final).
WITH
-- include notifications.sql.monday mine
,
-- include notifications.sql.monday facts
SELECT mine.uid::text, mine.site || ', ' || COALESCE(NULLIF(f.body ->> 'specimen_class', ''), 'specimen not named') AS grp,
       COALESCE((SELECT CASE n.kind WHEN 'specimen_collected' THEN 'a new sample' WHEN 'biopsy_ordered' THEN 'a new biopsy ordered'
                                    ELSE 'a result all the same' END
                 FROM facts n WHERE n.journey_id = f.journey_id AND n.kind <> 'specimen_rejected' AND n.at > f.at ORDER BY n.at LIMIT 1),
                'nothing yet') AS detail
FROM facts f JOIN mine ON mine.id = f.journey_id
WHERE f.kind = 'specimen_rejected' AND f.at >= %(since)s
ORDER BY f.at
