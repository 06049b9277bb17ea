-- unreviewed: journeys open at until whose usable result nobody had reviewed, by site, with the time it came and the site for its working days.
-- Relies on journey_report. Parameters: since, until, sites, pathways. The caller keeps those older than two working days.
WITH
-- include notifications.sql.monday mine
SELECT uid::text, site AS grp, '' AS detail, resulted_at AS at, home_site_id AS site_id
FROM mine
WHERE resulted_at < %(until)s AND (ended_at IS NULL OR ended_at >= %(until)s)
  AND COALESCE((milestones -> 'result_reviewed' ->> 1)::timestamptz, 'infinity') >= %(until)s
  AND COALESCE((milestones -> 'treatment_decided' ->> 1)::timestamptz, 'infinity') >= %(until)s
ORDER BY resulted_at
