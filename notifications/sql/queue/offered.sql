-- offered: what a colleague offers the reader, whatever its lane. Relies on the index work_item_offered.
w.offered_to_id = %(user)s AND w.state IN ('open', 'claimed', 'parked')
