-- filters: as the reader wants it, where the lane is the one that the filters are of; a filter that is not set is blank.
-- Parameters: about, urgency, critical (the least urgent priority that is critical), programme, ball, now.
AND (NOT s.filtered OR (
    (%(about)s::text = '' OR w.cause_kind = %(about)s)
    AND CASE %(urgency)s::text WHEN 'critical' THEN w.priority <= %(critical)s WHEN 'late' THEN w.due_at <= %(now)s WHEN 'in_time' THEN w.due_at > %(now)s ELSE true END
    AND (%(programme)s::text = '' AND %(ball)s::text = '' OR (
        SELECT (%(programme)s = '' OR j.pathway = %(programme)s) AND (%(ball)s = '' OR j.ball = %(ball)s)
        FROM pathways_journey j WHERE j.id = w.journey_id))))
