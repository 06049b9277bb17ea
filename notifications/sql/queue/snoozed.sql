-- snoozed: put off until a date or an event. Relies on work_item_parked.
AND w.state = 'parked' AND w.waiting_on = '' AND (w.owner_id = %(user)s OR (true
-- include notifications.sql.queue addressed
))
