-- report_days: days under way and days past due of a cohort's journeys by laboratory, by payer and by site, from one pass. Relies on what report_spans relies
-- on. Put after `known AS (...)`; `laboratory`, `payer` and `site` are expressions over a journey and its patient and site. Parameters: ids (bigint[]),
-- as_of, pathway, parties (text[]: the last sum is of the days that these had the ball).
,
-- include pathways.sql report_spans
, each AS (
    SELECT id, SUM(days) AS days, SUM(lost) AS lost, COALESCE(SUM(lost) FILTER (WHERE party = ANY (%(parties)s::text[])), 0) AS theirs
    FROM days GROUP BY id
),
place AS (
    SELECT j.id, COALESCE(NULLIF({laboratory}, ''), 'unknown') AS laboratory, COALESCE(NULLIF({payer}, ''), 'unknown') AS payer, COALESCE(NULLIF({site}, ''), 'unknown') AS site
    FROM pathways_journey j
    JOIN patients_patient p ON p.id = j.patient_id
    JOIN patients_site s ON s.id = j.home_site_id
    WHERE j.id = ANY (%(ids)s::bigint[])
)
SELECT CASE 0 WHEN GROUPING(laboratory) THEN 'laboratory' WHEN GROUPING(payer) THEN 'payer' ELSE 'site' END AS field,
       COALESCE(laboratory, payer, site), COUNT(*), COALESCE(SUM(each.days), 0), COALESCE(SUM(each.lost), 0), COALESCE(SUM(each.theirs), 0)
FROM place LEFT JOIN each ON each.id = place.id
GROUP BY GROUPING SETS ((laboratory), (payer), (site))
ORDER BY 1, 5 DESC, 2
