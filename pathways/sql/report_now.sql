-- report_now: the open waits of a programme by where, whose and how they are; one row per stage, person accountable and age. Put after
-- `waits AS (...)`, which is report_waits, with its parameters. Relies on what that relies on.
SELECT track, name, label, ball, problem, watch, owner, bucket,
       COUNT(*) AS open,
       COUNT(*) FILTER (WHERE held) AS held,
       COUNT(*) FILTER (WHERE overdue) AS overdue,
       COUNT(*) FILTER (WHERE first_week) AS first_week,
       COUNT(*) FILTER (WHERE second_week) AS second_week,
       array_agg(age ORDER BY age) AS ages
FROM waits
GROUP BY track, stage_id, name, label, ball, problem, watch, owner, owner_id, bucket
ORDER BY track <> 'main', track, stage_id
