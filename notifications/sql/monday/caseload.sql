-- caseload: open journeys at until by who answers for them, and whether a wait of theirs falls due in the two weeks after. Relies on journey_report and stay_journey.
-- Parameters: since, until, sites, pathways.
WITH
-- include notifications.sql.monday mine
SELECT mine.uid::text, COALESCE(NULLIF(TRIM(u.first_name || ' ' || u.last_name), ''), u.username, 'nobody') AS grp,
       CASE WHEN d.due_at < %(until)s THEN 'past due' WHEN d.due_at < %(until)s + interval '7 days' THEN 'due within a week'
            WHEN d.due_at < %(until)s + interval '14 days' THEN 'due in the second week' ELSE 'due later' END AS detail
FROM mine
LEFT JOIN patients_user u ON u.id = mine.accountable_id
CROSS JOIN LATERAL (
    SELECT COALESCE(min(s.due_at), 'infinity') AS due_at
    FROM pathways_stay s JOIN pathways_stage g ON g.id = s.stage_id
    WHERE s.journey_id = mine.id AND s.superseded = '' AND s.entered_at < %(until)s AND (s.left_at IS NULL OR s.left_at >= %(until)s) AND NOT g.watch
) AS d
WHERE mine.opened_at < %(until)s AND (mine.ended_at IS NULL OR mine.ended_at >= %(until)s)
ORDER BY d.due_at, mine.id
