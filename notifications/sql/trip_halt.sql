-- trip_halt: texts stop, all or those of one wording; what has stopped already rests twice as long as before, at most half a day.
-- Relies on halt_one_open_per_key. Parameters: key, reason, now, rest (null: until a person says so).
-- Gives: whether this is new.
INSERT INTO notifications_halt AS h (key, reason, opened_at, again_at, trips)
VALUES (%(key)s, %(reason)s, %(now)s, %(now)s::timestamptz + %(rest)s::interval, 1)
ON CONFLICT (key) WHERE lifted_at IS NULL DO UPDATE SET
    trips = h.trips + 1,
    reason = EXCLUDED.reason,
    again_at = CASE WHEN %(rest)s::interval IS NOT NULL THEN %(now)s::timestamptz + LEAST(%(rest)s::interval * 2 ^ LEAST(h.trips, 10), GREATEST(interval '30 minutes', %(rest)s::interval)) END
RETURNING trips = 1
