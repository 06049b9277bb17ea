-- turnaround: final results of the week by who sent them, and whether within the days agreed from receipt of the specimen. Relies on binding_journey.
-- The laboratory's clock starts at receipt, not at collection. Parameters: since, until, sites, pathways, kinds (specimen_received, result_final), contract_days.
WITH
-- include notifications.sql.monday mine
,
-- include notifications.sql.monday facts
, timed AS (
    SELECT f.journey_id, f.at, COALESCE(NULLIF(f.body ->> 'laboratory', ''), split_part(f.lineage, '|', 1)) AS laboratory,
           EXTRACT(EPOCH FROM f.at - (SELECT max(r.at) FROM facts r WHERE r.journey_id = f.journey_id AND r.kind = 'specimen_received' AND r.at <= f.at)) / 86400.0 AS days
    FROM facts f
    WHERE f.kind = 'result_final' AND f.at >= %(since)s
)
SELECT mine.uid::text, t.laboratory AS grp,
       CASE WHEN t.days IS NULL THEN 'receipt not told' WHEN t.days <= %(contract_days)s::int THEN 'within ' || %(contract_days)s::text || ' days'
            ELSE 'later than ' || %(contract_days)s::text || ' days' END AS detail
FROM timed t JOIN mine ON mine.id = t.journey_id
ORDER BY t.at
