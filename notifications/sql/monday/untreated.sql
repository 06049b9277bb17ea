-- untreated: journeys open at until with an actionable finding and no decision or no drug, by who answers for them and by age since the flag.
-- Relies on journey_report; the flag is the milestone that every tumour programme keeps. Parameters: since, until, sites, pathways.
WITH
-- include notifications.sql.monday mine
, flagged AS (
    SELECT mine.*, (milestones -> 'flagged_actionable' ->> 1)::timestamptz AS flagged_at
    FROM mine
    WHERE milestones -> 'flagged_actionable' ->> 0 IN ('reached', 'implied') AND milestones -> 'flagged_actionable' ->> 1 IS NOT NULL
)
SELECT f.uid::text, COALESCE(NULLIF(TRIM(u.first_name || ' ' || u.last_name), ''), u.username, 'nobody') AS grp,
       CASE WHEN %(until)s - f.flagged_at < interval '8 days' THEN '0 to 7 days'
            WHEN %(until)s - f.flagged_at < interval '15 days' THEN '8 to 14 days'
            WHEN %(until)s - f.flagged_at < interval '31 days' THEN '15 to 30 days'
            ELSE 'over 30 days' END || CASE WHEN f.decided_at IS NULL OR f.decided_at >= %(until)s THEN ', no decision' ELSE ', no drug' END AS detail
FROM flagged f
LEFT JOIN patients_user u ON u.id = f.accountable_id
WHERE f.flagged_at < %(until)s AND (f.ended_at IS NULL OR f.ended_at >= %(until)s) AND (f.started_at IS NULL OR f.started_at >= %(until)s)
ORDER BY f.flagged_at
