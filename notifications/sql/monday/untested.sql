-- untested: journeys open at until for which nobody had ordered a test, by programme and by whether they began in the week. Relies on journey_report.
-- Parameters: since, until, sites, pathways (those that have an order at all).
WITH
-- include notifications.sql.monday mine
SELECT uid::text, pathway AS grp, CASE WHEN opened_at >= %(since)s THEN 'began this week' ELSE 'began earlier' END AS detail
FROM mine
WHERE opened_at < %(until)s AND (ended_at IS NULL OR ended_at >= %(until)s) AND (ordered_at IS NULL OR ordered_at >= %(until)s)
  AND COALESCE(milestones -> 'test_ordered' ->> 0, '') <> 'not_applicable'
ORDER BY opened_at
