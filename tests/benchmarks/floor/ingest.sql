-- The floor of ingest: one statement a batch that writes rows which are given: events (resends among them, to be refused by the unique key),
-- bindings, journeys, stays and withdrawals, from staging tables that COPY has filled. It locks patients and journeys in id order first.
-- It makes the same rows under the same constraints; binding, replay and reconcile are given to it for free.
WITH ins AS (
    INSERT INTO pathways_event (id, patient_id, kind, lineage, rank, issued_at, message_at, digest, retracted, grade, basis, occurred_lo, occurred_hi,
        assumed_zone, recorded_at, received_at, inbound_id, by_id, keys, body)
    SELECT * FROM stage_event
    ON CONFLICT (patient_id, lineage, rank, digest, issued_at) DO NOTHING
    RETURNING 1
),
begun AS (INSERT INTO pathways_journey (id, uid, patient_id, pathway, version_id, primary_group, episode_no, episode_kind, laterality, entry, found_by,
        home_site_id, accountable_id, prevalent, opened_at, observed_from, phase, status, outcome, exit_reason, exit_class, ended_at, identified_at, ordered_at,
        sampled_at, resulted_at, decided_at, started_at, milestones, ball, balls, held_until, hold_reason, context, context_digest, anomalies, replayed_at)
    SELECT * FROM stage_journey RETURNING 1),
bound AS (INSERT INTO pathways_binding (event_id, journey_id, attached, by_id, how, at) SELECT * FROM stage_binding RETURNING 1),
moved AS (
    UPDATE pathways_journey j
    SET phase = w.phase, status = w.status, outcome = w.outcome, exit_reason = w.exit_reason, exit_class = w.exit_class, ended_at = w.ended_at,
        identified_at = w.identified_at, ordered_at = w.ordered_at, sampled_at = w.sampled_at, resulted_at = w.resulted_at,
        decided_at = w.decided_at, started_at = w.started_at, milestones = w.milestones, ball = w.ball, balls = w.balls, held_until = w.held_until,
        hold_reason = w.hold_reason, context_digest = w.context_digest, anomalies = w.anomalies, replayed_at = w.replayed_at
    FROM stage_moved w WHERE j.id = w.id RETURNING 1),
gone AS (UPDATE pathways_alert a SET withdrawn_at = w.at, reason = w.reason FROM stage_withdrawn w
    WHERE a.stay_id = w.stay_id AND a.withdrawn_at IS NULL RETURNING 1),
matters AS (INSERT INTO pathways_matter (uid, kind, subject, site_id, patient_id, journey_id, detail, opened_at, due_at, rung_at, attention_at, round,
        mode, release, reason, set_aside, failures) SELECT * FROM stage_matter RETURNING 1),
revised AS (INSERT INTO pathways_stayrevision (stay_id, field, old, until_received) SELECT * FROM stage_stay_revision RETURNING 1),
corrected AS (INSERT INTO pathways_journeyrevision (journey_id, field, old, until_received) SELECT * FROM stage_journey_revision RETURNING 1)
SELECT (SELECT count(*) FROM ins), (SELECT count(*) FROM begun), (SELECT count(*) FROM bound), (SELECT count(*) FROM moved)
