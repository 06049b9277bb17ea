-- offered: what a colleague offers the reader. Relies on work_item_offered.
w.offered_to_id = %(user)s AND w.state IN ('open', 'claimed', 'parked')
