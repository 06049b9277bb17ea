-- mine: what the reader holds or was given, and what a colleague offers. Relies on work_item_owner, work_item_offered.
AND (w.owner_id = %(user)s AND w.state IN ('open', 'claimed') OR w.offered_to_id = %(user)s AND w.state IN ('open', 'claimed', 'parked'))
