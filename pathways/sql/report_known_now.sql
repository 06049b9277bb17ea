-- report_known_now: the journeys as they stand now, in the place of `report_known_then` where no earlier day is asked for. Reads only; no parameter of its own.
SELECT * FROM pathways_journey
