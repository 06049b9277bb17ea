-- hear_feed: moves a feed's clock, and judges afresh the stays that were parked while it was silent, as far as it speaks now;
-- not those that wait for a kind of event which it still owes us.
-- What another writer holds is skipped; the feed's next message wakes it. Relies on the partial index stay_gated, empty as a rule.
-- Parameters: feed, now, said (the time up to which the feed has now told us).
WITH heard AS (
    UPDATE pathways_feed SET heard_at = GREATEST(COALESCE(heard_at, %(now)s), %(now)s), data_as_of = GREATEST(COALESCE(data_as_of, %(said)s), %(said)s)
    WHERE id = %(feed)s
    RETURNING id, mode, data_as_of
),
waking AS (
    SELECT t.id FROM pathways_stay t JOIN heard f ON f.id = t.feed_id
    WHERE t.gated AND (f.mode = 'live' OR t.attention_at <= f.data_as_of)
      AND NOT EXISTS (SELECT FROM pathways_expectation x JOIN pathways_stage g ON g.id = t.stage_id AND (x.kind = '' OR g.awaits @> to_jsonb(x.kind))
                      WHERE x.feed_id = f.id AND x.silent_from < %(now)s)
    FOR UPDATE OF t SKIP LOCKED
)
UPDATE pathways_stay s SET gated = false FROM waking w WHERE s.id = w.id
