-- event_log: what is bound to the journeys of a programme, journey by journey in the order of time, for process-mining tools. Relies on journey_report,
-- binding's journey and the event's key. Parameters: pathway, as_of, sites (bigint[] or null). Of an event and journey the latest binding counts, of
-- a lineage the latest version; void journeys, training sites and test patients are left out, and so is what says who somebody is.
WITH chosen AS (
    SELECT j.id, j.uid::text AS uid, j.entry, j.status, j.exit_reason, j.outcome, site.code AS site
    FROM pathways_journey j
    JOIN patients_patient p ON p.id = j.patient_id
    JOIN patients_site site ON site.id = j.home_site_id
    WHERE j.pathway = %(pathway)s AND j.status <> 'void' AND NOT site.is_training AND NOT p.is_test
      AND (%(sites)s::bigint[] IS NULL OR j.home_site_id = ANY (%(sites)s::bigint[]))
),
bound AS (
    SELECT DISTINCT ON (b.journey_id, b.event_id) b.journey_id, b.event_id, b.attached
    FROM chosen JOIN pathways_binding b ON b.journey_id = chosen.id
    ORDER BY b.journey_id, b.event_id, b.id DESC
),
latest AS (
    SELECT DISTINCT ON (b.journey_id, e.lineage) b.journey_id, e.*
    FROM bound b JOIN pathways_event e ON e.id = b.event_id
    WHERE b.attached AND e.occurred_lo <= %(as_of)s
    ORDER BY b.journey_id, e.lineage, e.rank DESC, COALESCE(e.issued_at, e.message_at) DESC NULLS LAST, e.id DESC
)
SELECT chosen.uid, chosen.entry, chosen.status, COALESCE(NULLIF(chosen.exit_reason, ''), chosen.outcome), chosen.site,
       latest.id, latest.kind, CASE WHEN latest.kind = 'activity_logged' THEN latest.body ->> 'text' ELSE latest.kind END, latest.occurred_lo,
       split_part(latest.lineage, '|', 1), latest.grade, latest.keys
FROM chosen JOIN latest ON latest.journey_id = chosen.id
WHERE NOT latest.retracted
ORDER BY chosen.uid, latest.occurred_lo, latest.id
