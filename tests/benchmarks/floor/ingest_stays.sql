-- Stays follow in three statements of their own: a track may have one open stay at any instant, so those that end come first.
UPDATE pathways_stay s SET superseded = w.why, attention_at = NULL FROM stage_superseded w WHERE s.id = w.id;
UPDATE pathways_stay s
SET occurrence = w.occurrence, root_lineage = w.root_lineage, entered_at = w.entered_at, due_at = w.due_at, left_at = w.left_at,
    left_by = w.left_by, rung_at = w.rung_at, attention_at = w.attention_at, rang_through = w.rang_through, round = w.round,
    feed_id = w.feed_id, gated = w.gated, release = w.release
FROM stage_stay_moved w WHERE s.id = w.id;
INSERT INTO pathways_stay (id, journey_id, stage_id, track, occurrence, root_lineage, entered_at, due_at, left_at, left_by, rung_at, attention_at,
    rang_through, round, feed_id, gated, release, superseded, set_aside, failures)
SELECT * FROM stage_stay
