-- report_known_now: the journeys as they stand now.
SELECT * FROM pathways_journey
