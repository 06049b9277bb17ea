-- report_findings: when each journey of a cohort was first flagged, confirmed, asked about, matched, confirmed as started. Relies on binding_journey and the event's key.
-- Parameters: journeys (bigint[]), kinds (text[]), as_of. Of an event and journey the latest binding counts, of a lineage the latest version.
WITH bound AS (
    SELECT DISTINCT ON (b.journey_id, b.event_id) b.journey_id, b.event_id, b.attached
    FROM pathways_binding b
    WHERE b.journey_id = ANY (%(journeys)s::bigint[])
    ORDER BY b.journey_id, b.event_id, b.id DESC
),
latest AS (
    SELECT DISTINCT ON (b.journey_id, e.lineage) b.journey_id, e.kind, e.occurred_lo, e.retracted, e.body
    FROM bound b
    JOIN pathways_event e ON e.id = b.event_id
    WHERE b.attached AND e.kind = ANY (%(kinds)s::text[]) AND e.occurred_lo <= %(as_of)s
    ORDER BY b.journey_id, e.lineage, e.rank DESC, COALESCE(e.issued_at, e.message_at) DESC NULLS LAST, e.id DESC
)
SELECT journey_id, kind, MIN(occurred_lo), BOOL_OR(COALESCE(body ->> 'confirmed', '') = 'true') FROM latest WHERE NOT retracted GROUP BY journey_id, kind
