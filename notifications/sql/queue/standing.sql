-- standing: open, nobody's, and with its reason: born here, or with an alert that stands. Candidates have a lane of their own.
-- A scalar per row: PostgreSQL would hash all links for EXISTS, and the lane is read a page at a time. Parameters: candidates.
AND w.state = 'open' AND w.owner_id IS NULL
AND COALESCE((SELECT bool_or(a.withdrawn_at IS NULL) FROM notifications_workitemalert l JOIN pathways_alert a ON a.id = l.alert_id
              WHERE l.item_id = w.id), true)
AND (w.matter_id IS NULL OR (SELECT m.kind <> ALL (%(candidates)s::text[]) FROM pathways_matter m WHERE m.id = w.matter_id))
