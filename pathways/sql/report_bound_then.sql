-- report_bound_then: which facts stood with which journeys by as_of: received by then, and bound by the last word said of it by then. Relies on
-- binding_journey and the event's key. Parameters: ids (bigint[], journeys), as_of.
SELECT bound.journey_id, array_agg(bound.event_id)
FROM (
    SELECT DISTINCT ON (b.journey_id, b.event_id) b.journey_id, b.event_id, b.attached
    FROM pathways_binding b
    WHERE b.journey_id = ANY (%(ids)s::bigint[]) AND b.at <= %(as_of)s
    ORDER BY b.journey_id, b.event_id, b.id DESC
) bound
JOIN pathways_event e ON e.id = bound.event_id
WHERE bound.attached AND e.received_at <= %(as_of)s
GROUP BY bound.journey_id
