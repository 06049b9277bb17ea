-- closed_by_rule: journeys that ended in the week without a person's word, by programme and how. Relies on journey_report and binding_journey.
-- Parameters: since, until, sites, pathways, kinds (exited).
WITH
-- include notifications.sql.monday mine
,
-- include notifications.sql.monday facts
SELECT mine.uid::text, mine.pathway AS grp, COALESCE(NULLIF(mine.exit_reason, ''), mine.outcome) AS detail
FROM mine
WHERE mine.ended_at >= %(since)s AND mine.ended_at < %(until)s AND mine.status IN ('completed', 'exited')
  AND NOT EXISTS (SELECT FROM facts f WHERE f.journey_id = mine.id)
ORDER BY mine.ended_at
