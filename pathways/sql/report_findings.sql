-- report_findings: which findings each journey of a programme has by a time, as a sum of powers of two in the order of `kinds`; one more for a
-- matched therapy whose start is confirmed. To be copied in binary. Relies on event_finding, binding's event and the event's key.
-- Parameters: pathway, kinds (text[]), as_of, hindsight (bool: what is known now about then; else what had been received by then).
-- Of an event and journey the latest binding counts, of a lineage the latest version.
WITH findings AS (
    SELECT e.* FROM pathways_event e
    WHERE e.kind = ANY (%(kinds)s::text[]) AND e.kind IN ({kinds}) AND e.occurred_lo <= %(as_of)s AND (%(hindsight)s OR e.received_at <= %(as_of)s)
),
bound AS (
    SELECT DISTINCT ON (b.journey_id, b.event_id) b.journey_id, b.event_id, b.attached
    FROM findings f
    JOIN pathways_binding b ON b.event_id = f.id
    JOIN pathways_journey j ON j.id = b.journey_id
    WHERE j.pathway = %(pathway)s AND (%(hindsight)s OR b.at <= %(as_of)s)
    ORDER BY b.journey_id, b.event_id, b.id DESC
),
latest AS (
    SELECT DISTINCT ON (b.journey_id, f.lineage) b.journey_id, f.kind, f.retracted, f.body
    FROM bound b
    JOIN findings f ON f.id = b.event_id
    WHERE b.attached
    ORDER BY b.journey_id, f.lineage, f.rank DESC, COALESCE(f.issued_at, f.message_at) DESC NULLS LAST, f.id DESC
)
SELECT journey_id,
       BIT_OR((1 << array_position(%(kinds)s::text[], kind::text)) | CASE WHEN kind = 'matched_therapy' AND body ->> 'confirmed' = 'true' THEN 1 ELSE 0 END) AS has
FROM latest WHERE NOT retracted GROUP BY journey_id
