-- own: what the reader holds or was given. Relies on work_item_owner.
w.owner_id = %(user)s AND w.state IN ('open', 'claimed')
