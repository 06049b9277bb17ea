-- report_findings: the findings bound to journeys by a time, one row a binding, to be copied as columns and settled there: of an event and journey
-- the latest binding counts, of a lineage the latest version (`also` asks what tells which that is). `kinds` lists FINDINGS; `among` may name the journeys (ids bigint[]), else those of all.
-- Relies on event_finding, and for few journeys on binding_journey and the event's key.
-- Parameters: kinds (text[], the same list), as_of, hindsight (bool: what is known now about then; else what had been received by then).
-- `flags`: 1 attached, 2 retracted, 4 a matched therapy whose start is confirmed; from bit 3 on the place of the kind in `kinds`.
SELECT b.journey_id, hashtextextended(e.lineage, 0),
       b.attached::int::int8 | CASE WHEN e.retracted THEN 2 ELSE 0 END
       | CASE WHEN e.kind = 'matched_therapy' AND e.body ->> 'confirmed' = 'true' THEN 4 ELSE 0 END
       | (array_position(%(kinds)s::text[], e.kind::text)::int8 << 3) AS flags{also}
FROM pathways_event e
JOIN pathways_binding b ON b.event_id = e.id
WHERE e.kind IN ({kinds}) AND e.occurred_lo <= %(as_of)s
  AND (%(hindsight)s OR (e.received_at <= %(as_of)s AND b.at <= %(as_of)s)) {among}
