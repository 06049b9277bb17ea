-- done: what the reader ended since midnight. Relies on work_item_done_by. Parameters: user, midnight.
AND w.state = 'done' AND w.owner_id = %(user)s AND w.closed_at >= %(midnight)s
