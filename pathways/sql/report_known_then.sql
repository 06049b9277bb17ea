-- report_known_then: the journeys as they stood at as_of, from what was received by then: every column that has changed since is given back.
-- Relies on journey_revision_time. A revision maps each column that changed to what it said before; `milestones.NAME` is one line of
-- milestones; `created` says that before it there was no journey. Parameters: pathway, as_of.
SELECT j.* FROM pathways_journey j
WHERE j.pathway = %(pathway)s AND NOT EXISTS (SELECT FROM pathways_journeyrevision r WHERE r.journey_id = j.id AND r.until_received > %(as_of)s)
UNION ALL
SELECT past.*
FROM (
    SELECT first.journey_id,
           COALESCE(jsonb_object_agg(first.name, first.old) FILTER (WHERE first.name NOT LIKE 'milestones.%%'), '{}') AS columns,
           COALESCE(jsonb_object_agg(substr(first.name, 12), first.old) FILTER (WHERE first.name LIKE 'milestones.%%'), '{}') AS lines
    FROM (
        SELECT DISTINCT ON (r.journey_id, one.name) r.journey_id, one.name, one.old
        FROM pathways_journeyrevision r
        CROSS JOIN LATERAL jsonb_each(CASE r.field WHEN '*' THEN r.old ELSE jsonb_build_object(r.field, r.old) END) AS one (name, old)
        WHERE r.until_received > %(as_of)s
        ORDER BY r.journey_id, one.name, r.until_received, r.id
    ) first
    GROUP BY first.journey_id
) was
JOIN pathways_journey j ON j.id = was.journey_id AND j.pathway = %(pathway)s
CROSS JOIN LATERAL jsonb_populate_record(j, was.columns || jsonb_build_object('milestones', j.milestones || was.lines)) AS past
WHERE NOT was.columns ? 'created'
