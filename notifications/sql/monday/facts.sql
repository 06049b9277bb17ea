-- facts: the facts of some kinds that count for the journeys of `mine`, as they were told by until. Relies on binding's event and the event's key.
-- Of an event and journey the latest binding counts, of a lineage the latest version. Parameters: kinds (text[]), until.
facts AS (
    SELECT * FROM (
        SELECT DISTINCT ON (b.journey_id, e.lineage) b.journey_id, e.kind, e.occurred_lo AS at, e.body, e.lineage, e.retracted
        FROM (
            SELECT DISTINCT ON (b.journey_id, b.event_id) b.journey_id, b.event_id, b.attached
            FROM pathways_event told
            JOIN pathways_binding b ON b.event_id = told.id
            JOIN mine ON mine.id = b.journey_id
            WHERE told.kind = ANY (%(kinds)s::text[])
            ORDER BY b.journey_id, b.event_id, b.id DESC
        ) b
        JOIN pathways_event e ON e.id = b.event_id
        WHERE b.attached
        ORDER BY b.journey_id, e.lineage, e.rank DESC, COALESCE(e.issued_at, e.message_at) DESC NULLS LAST, e.id DESC
    ) latest
    WHERE NOT retracted AND at < %(until)s
)
