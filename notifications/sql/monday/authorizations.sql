-- authorizations: prior authorizations pending at until, and denied or overturned in the week, by payer. Relies on binding_journey.
-- An answer is that of a request by subject; approved after a denial is overturned. Parameters: since, until, sites, pathways, kinds (pa_*).
WITH
-- include notifications.sql.monday mine
,
-- include notifications.sql.monday facts
, steps AS (
    SELECT f.*, COALESCE(NULLIF(f.body ->> 'subject', ''), 'drug') AS subject,
           lead(f.kind) OVER chain AS next, bool_or(f.kind = 'pa_denied') OVER (chain ROWS UNBOUNDED PRECEDING) AS denied
    FROM facts f
    WINDOW chain AS (PARTITION BY f.journey_id, COALESCE(NULLIF(f.body ->> 'subject', ''), 'drug') ORDER BY f.at, f.lineage)
)
SELECT mine.uid::text, mine.payer AS grp,
       CASE WHEN s.kind = 'pa_denied' THEN 'denied this week' WHEN s.kind = 'pa_approved' THEN 'overturned this week' ELSE 'pending' END AS detail
FROM steps s JOIN mine ON mine.id = s.journey_id
WHERE (s.kind = 'pa_denied' AND s.at >= %(since)s)
   OR (s.kind = 'pa_approved' AND s.denied AND s.at >= %(since)s)
   OR (s.kind IN ('pa_submitted', 'pa_pended', 'pa_appealed', 'pa_peer_to_peer') AND s.next IS NULL AND (mine.ended_at IS NULL OR mine.ended_at >= %(until)s))
ORDER BY s.at
