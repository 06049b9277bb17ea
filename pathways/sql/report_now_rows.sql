-- report_now_rows: the open waits behind a number of the now report, the longest first. Put after `waits AS (...)`, which is report_waits, with its
-- parameters. Relies on what that relies on. `chosen` is one of the flags, or true. Further parameters: track, stage, owner (null: any).
SELECT id FROM waits
WHERE {chosen} AND (%(track)s::text IS NULL OR track = %(track)s) AND (%(stage)s::text IS NULL OR name = %(stage)s)
  AND (%(owner)s::text IS NULL OR owner = %(owner)s)
ORDER BY age DESC, id
