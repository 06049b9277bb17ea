-- withdrawn: what lost its reason since midnight. Relies on work_item_withdrawn. Parameters: midnight.
AND w.state = 'withdrawn' AND w.closed_at >= %(midnight)s
-- include notifications.sql.queue addressed
