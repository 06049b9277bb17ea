-- The floor of one durable message: one statement that writes the rows of one message whose content, patient and resulting stay are given:
-- the raw message, when the patient was last told of, its event, the binding, the journey's new columns, who ordered, the stay that ends
-- and the stay that begins, the withdrawn alerts.
-- Parameters: see tests/benchmarks/message.py, which takes them from what the product wrote for the same message.
WITH patient AS (UPDATE patients_patient SET said_at = %(said_at)s WHERE id = %(patient)s RETURNING id),
raw AS (
    INSERT INTO pathways_inbound (uid, feed_id, format, type, control_id, digest, message_at, received_at, body, outcome, no_effect, reason,
        explanation, waits_for, patient_id, applied_at, tries)
    SELECT gen_random_uuid(), %(feed)s, 'hl7v2', %(type)s, %(control_id)s, %(message_digest)s, %(message_at)s, %(now)s, %(raw)s, 'applied', false, '', '',
           '[]', id, %(now)s, 1 FROM patient
    RETURNING id
),
event AS (
    INSERT INTO pathways_event (patient_id, kind, lineage, rank, issued_at, message_at, digest, retracted, grade, occurred_lo, occurred_hi,
        assumed_zone, recorded_at, received_at, inbound_id, keys, body)
    SELECT %(patient)s, %(kind)s, %(lineage)s, %(rank)s, %(at)s, %(message_at)s, %(digest)s, false, 4, %(lo)s, %(hi)s, false, %(recorded)s, %(now)s, raw.id,
           %(keys)s, %(body)s FROM raw
    RETURNING id
),
bound AS (
    INSERT INTO pathways_binding (event_id, journey_id, attached, how, at) SELECT event.id, %(journey)s, true, %(how)s, %(now)s FROM event RETURNING 1
),
moved AS (
    UPDATE pathways_journey SET phase = %(phase)s, ordered_at = %(ordered_at)s, milestones = %(milestones)s, ball = %(ball)s, balls = %(balls)s,
        context_digest = %(context_digest)s, replayed_at = %(now)s, responsible_id = %(practitioner)s WHERE id = %(journey)s RETURNING 1
),
said AS (
    INSERT INTO pathways_journeyrevision (journey_id, field, old, until_received) VALUES (%(journey)s, '*', %(said)s, %(now)s) RETURNING 1
),
team AS (
    INSERT INTO pathways_careteam (journey_id, role, practitioner_id, since, source, confirmed)
    SELECT %(journey)s, role, %(practitioner)s, %(since)s, %(source)s, false FROM unnest(ARRAY['orderer', 'responsible']) AS role RETURNING 1
),
gone AS (UPDATE pathways_alert SET withdrawn_at = %(now)s, reason = 'progress' WHERE stay_id = %(left_stay)s AND withdrawn_at IS NULL RETURNING 1),
heard AS (UPDATE pathways_feed SET heard_at = %(now)s, data_as_of = %(message_at)s WHERE id = %(feed)s RETURNING 1)
UPDATE pathways_stay SET left_at = %(lo)s, left_by = %(lineage)s, attention_at = NULL WHERE id = %(left_stay)s
