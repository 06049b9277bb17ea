-- waiting: put off because it is somebody else's turn. Relies on work_item_waiting.
AND w.state = 'parked' AND NOT (w.waiting_on = '') AND (w.owner_id = %(user)s OR (true
-- include notifications.sql.queue addressed
))
