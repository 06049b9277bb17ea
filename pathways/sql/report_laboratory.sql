-- report_laboratory: the laboratory of a journey j, as an expression: who did its latest test that gave a result or failed. Relies on binding_journey and
-- the event's key. A detached fact is not the journey's.
(SELECT e.body ->> 'laboratory'
 FROM (SELECT DISTINCT ON (b.event_id) b.event_id, b.attached FROM pathways_binding b WHERE b.journey_id = j.id ORDER BY b.event_id, b.id DESC) bound
 JOIN pathways_event e ON e.id = bound.event_id
 WHERE bound.attached AND NOT e.retracted AND e.kind IN ('result_final', 'result_partial', 'result_failed', 'result_document') AND e.body ->> 'laboratory' <> ''
 ORDER BY e.kind = 'result_final' DESC, e.occurred_lo DESC, e.id DESC LIMIT 1)
