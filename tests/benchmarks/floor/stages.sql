-- Staging tables of the ingest floor; emptied at each commit.
CREATE TEMP TABLE stage_event ON COMMIT DELETE ROWS AS SELECT id, patient_id, kind, lineage, rank, issued_at, message_at, digest, retracted, grade, basis,
    occurred_lo, occurred_hi, assumed_zone, recorded_at, received_at, inbound_id, by_id, keys, body FROM pathways_event WITH NO DATA;
CREATE TEMP TABLE stage_journey ON COMMIT DELETE ROWS AS SELECT id, uid, patient_id, pathway, version_id, primary_group, episode_no, episode_kind, laterality,
    entry, found_by, home_site_id, accountable_id, prevalent, opened_at, observed_from, phase, status, outcome, exit_reason, exit_class, ended_at, identified_at,
    ordered_at, sampled_at, resulted_at, decided_at, started_at, milestones, ball, balls, held_until, hold_reason, context, context_digest, anomalies,
    replayed_at FROM pathways_journey WITH NO DATA;
CREATE TEMP TABLE stage_binding ON COMMIT DELETE ROWS AS SELECT event_id, journey_id, attached, by_id, how, at FROM pathways_binding WITH NO DATA;
CREATE TEMP TABLE stage_moved ON COMMIT DELETE ROWS AS SELECT id, phase, status, outcome, exit_reason, exit_class, ended_at, identified_at, ordered_at,
    sampled_at, resulted_at, decided_at, started_at, milestones, ball, balls, held_until, hold_reason, context_digest, anomalies, replayed_at
    FROM pathways_journey WITH NO DATA;
CREATE TEMP TABLE stage_stay ON COMMIT DELETE ROWS AS SELECT id, journey_id, stage_id, track, occurrence, root_lineage, entered_at, due_at, left_at, left_by,
    rung_at, attention_at, rang_through, round, feed_id, gated, release, superseded, set_aside, failures FROM pathways_stay WITH NO DATA;
CREATE TEMP TABLE stage_stay_moved ON COMMIT DELETE ROWS AS SELECT id, occurrence, root_lineage, entered_at, due_at, left_at, left_by, rung_at, attention_at,
    rang_through, round, feed_id, gated, release FROM pathways_stay WITH NO DATA;
CREATE TEMP TABLE stage_superseded (id bigint, why text) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE stage_withdrawn (stay_id bigint, reason text, at timestamptz) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE stage_matter ON COMMIT DELETE ROWS AS SELECT uid, kind, subject, site_id, patient_id, journey_id, detail, opened_at, due_at, rung_at,
    attention_at, round, mode, release, reason, set_aside, failures FROM pathways_matter WITH NO DATA;
CREATE TEMP TABLE stage_stay_revision ON COMMIT DELETE ROWS AS SELECT stay_id, field, old, until_received FROM pathways_stayrevision WITH NO DATA;
CREATE TEMP TABLE stage_journey_revision ON COMMIT DELETE ROWS AS SELECT journey_id, field, old, until_received FROM pathways_journeyrevision WITH NO DATA
