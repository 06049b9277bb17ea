-- report_ball: for how long each party had the ball over a cohort's journeys, and how much of it some wait was past due. Relies on what report_spans relies
-- on. Put after `known AS (...)`; `journeys` makes one value of days.id: how many there are, or which. Parameters: ids (bigint[]), as_of, pathway.
-- The parties' days sum to the cohort's days under way.
,
-- include pathways.sql report_spans
SELECT days.party, {journeys}, SUM(days.days), SUM(days.lost) FROM days GROUP BY days.party ORDER BY 3 DESC
