-- rule_precision: of every rule (programme and problem) how many of its items people judged, and how many were right to be raised. Judged:
-- ended with an outcome that says what was found. Wrong: "not a stall", or what was awaited had happened before the item was opened.
-- Relies on work_item_closed. Parameters: sites, since.
WITH judged AS (
    SELECT j.pathway, w.problem, w.outcome, a.details->>'why' AS why,
           w.outcome = 'not_a_stall' OR (w.outcome = 'already_happened' AND (a.details->>'on')::timestamptz < w.opened_at) AS wrong
    FROM notifications_workitem w
    JOIN pathways_journey j ON j.id = w.journey_id
    LEFT JOIN LATERAL (
        SELECT details FROM notifications_workitemact
        WHERE item_id = w.id AND act = 'finished' ORDER BY id DESC LIMIT 1) AS a ON true
    WHERE w.cause_kind = 'problem' AND w.state = 'done' AND NOT w.shadow AND w.outcome <> '' AND w.outcome <> 'handled'
      AND w.site_id = ANY (%(sites)s::bigint[]) AND w.closed_at >= %(since)s
)
SELECT pathway, problem, count(*)::int AS judged, (count(*) FILTER (WHERE NOT wrong))::int AS right_raised,
       (count(*) FILTER (WHERE why = 'rule wrong'))::int AS rule_wrong, (count(*) FILTER (WHERE why = 'not eligible'))::int AS not_eligible,
       (count(*) FILTER (WHERE why = 'duplicate'))::int AS duplicate,
       (count(*) FILTER (WHERE why = 'data late' OR (wrong AND outcome = 'already_happened')))::int AS data_late
FROM judged
GROUP BY pathway, problem
ORDER BY (count(*) FILTER (WHERE NOT wrong))::float8 / count(*), judged DESC
