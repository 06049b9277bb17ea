-- mine: what the reader holds or was given, and what a colleague offers.
AND (
-- include notifications.sql.queue own
OR
-- include notifications.sql.queue offered
)
