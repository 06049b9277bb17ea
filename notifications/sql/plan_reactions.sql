-- plan_reactions: turns alerts that nobody has planned yet into work items and messages, and marks them planned; one statement a batch.
-- Relies on the partial index alert_unplanned, on work_item_one_open_per_cause and message_once_per_rung_and_recipient for
-- "exactly once", and on primary keys for the rest: its cost follows the alerts taken.
-- Parameters: now, batch, after (the last id of the batch before: what is dead in the index is not read again), sources and targets (edges of WorkItem.state), revives (whether Message.state has withdrawn -> pending),
-- put_off (what a text says that waits by lot).
-- The UPDATE of pathways_alert at the end is the verb of alerts by which this app takes them: planned_at, and for alerts that act
-- but make nothing the reason in words.
WITH taken AS MATERIALIZED (
    SELECT a.id, a.stay_id, a.matter_id, a.rung_id, a.audience, a.also_for, a.due_at, a.rang_at, a.mode, a.to_confirm,
           a.acts AND a.withdrawn_at IS NULL AS acts
    FROM pathways_alert a
    WHERE a.planned_at IS NULL AND a.id > %(after)s
    ORDER BY a.id
    LIMIT %(batch)s
    FOR UPDATE OF a SKIP LOCKED
),
-- include notifications.sql reactions
messages AS (
    -- Somebody is told once per (stay or matter, rung) for ever; only a row that was never handed out may stand again, and no other that it
    -- fell to. It begins with the rung's first channel: `fall_to_next_channel` takes the next.
    INSERT INTO notifications_message AS o
        (uid, stay_id, matter_id, rung_id, purpose, recipient_id, patient_id, journey_id, programme, channel, wording, priority, state, shadow,
         reason, created_at, not_before, expires_at, attempt, body, language, token, provider_sid, error_code)
    SELECT gen_random_uuid(), stay_id, matter_id, rung_id, 'reminder', person_id, told_of, journey_id, COALESCE(pathway, ''),
           (SELECT g.channels[1] FROM pathways_rung g WHERE g.id = rung_id), wording,
           priority, 'pending', shadow, CASE WHEN later IS NULL THEN '' ELSE %(put_off)s END, %(now)s, COALESCE(later, %(now)s),
           COALESCE(later, rang_at) + expires_after, 0, '', '', '', '', ''
    FROM texts
    ORDER BY stay_id, matter_id, rung_id, person_id
    ON CONFLICT (stay_id, matter_id, rung_id, recipient_id, channel) WHERE rung_id IS NOT NULL DO UPDATE SET
        (state, shadow, reason, not_before, expires_at) = (
            SELECT CASE WHEN n.again AND o.state = 'withdrawn' THEN 'pending' ELSE o.state END, o.shadow AND EXCLUDED.shadow,
                   CASE WHEN n.again THEN EXCLUDED.reason ELSE o.reason END, CASE WHEN n.again THEN EXCLUDED.not_before ELSE o.not_before END,
                   CASE WHEN n.again THEN EXCLUDED.expires_at ELSE o.expires_at END
            FROM (SELECT o.attempt = 0 AND (o.state = 'pending' OR (o.state = 'withdrawn' AND %(revives)s)) AND NOT EXISTS (
                      SELECT FROM notifications_message x
                      WHERE (x.stay_id = o.stay_id OR (o.stay_id IS NULL AND x.matter_id = o.matter_id)) AND x.rung_id = o.rung_id
                        AND x.recipient_id = o.recipient_id AND x.channel <> o.channel AND (x.attempt > 0 OR x.state <> 'withdrawn')) AS again) AS n)
    RETURNING o.id, o.stay_id, o.matter_id, o.rung_id, o.recipient_id
),
items AS (
    INSERT INTO notifications_workitem AS w
        (uid, cause_kind, cause_key, site_id, patient_id, journey_id, matter_id, problem, audience, also_for, priority, state, shadow, to_confirm,
         opened_at, due_at, parked_reason, outcome, note, revision)
    SELECT gen_random_uuid(), cause_kind, cause_key, site_id, patient_id, journey_id, matter_id, problem, whom, array_remove(also_for, whom),
           priority, 'open', shadow, to_confirm, %(now)s, due_at, '', '', '', 0
    FROM causes
    WHERE (SELECT count(*) FROM messages) >= 0  -- messages are written, and so locked, before items: the order of locks everywhere
    ORDER BY cause_kind, cause_key, shadow
    ON CONFLICT (cause_kind, cause_key, shadow) WHERE state IN ('open', 'claimed', 'parked') DO UPDATE SET
        priority = LEAST(w.priority, EXCLUDED.priority),
        due_at = LEAST(w.due_at, EXCLUDED.due_at),
        audience = EXCLUDED.audience,
        also_for = ARRAY(SELECT DISTINCT u FROM unnest(w.also_for || EXCLUDED.also_for || w.audience) AS u WHERE u <> EXCLUDED.audience ORDER BY u),
        reason_gone_at = NULL,
        to_confirm = EXCLUDED.to_confirm,
        (state, parked_until, parked_priority, parked_reason, returned_at, revision) = (
            SELECT COALESCE(e.target, w.state), CASE WHEN e.target IS NULL THEN w.parked_until END,
                   CASE WHEN e.target IS NULL THEN w.parked_priority END, CASE WHEN e.target IS NULL THEN w.parked_reason ELSE '' END,
                   CASE WHEN e.target IS NULL THEN w.returned_at ELSE %(now)s END,
                   w.revision + (e.target IS NOT NULL)::int
            FROM (SELECT 1) AS one
            LEFT JOIN unnest(%(sources)s::text[], %(targets)s::text[]) AS e (source, target)
                ON e.source = w.state AND e.target = 'open' AND w.state = 'parked' AND EXCLUDED.priority < w.parked_priority)
    RETURNING w.id, w.cause_kind, w.cause_key, w.shadow
),
drawn AS (
    INSERT INTO notifications_allocation (uid, trial_id, patient_id, journey_id, stay_id, site_id, position, waits, at, until)
    SELECT gen_random_uuid(), trial_id, patient_id, journey_id, stay_id, site_id, position, waits, %(now)s, CASE WHEN waits THEN until END
    FROM lots
    ORDER BY trial_id, site_id, position
    RETURNING 1
),
item_links AS (
    INSERT INTO notifications_workitemalert (alert_id, item_id)
    SELECT a.id, i.id FROM asked a JOIN items i USING (cause_kind, cause_key, shadow)
    ON CONFLICT (alert_id) DO NOTHING
    RETURNING 1
),
message_links AS (
    -- Compared without nulls, so that it is a hash join and not a loop over the batch.
    INSERT INTO notifications_messagealert (message_id, alert_id)
    SELECT o.id, t.id
    FROM messages o
    JOIN told t ON t.rung_id = o.rung_id AND t.person_id = o.recipient_id
               AND COALESCE(t.stay_id, 0) = COALESCE(o.stay_id, 0) AND COALESCE(t.matter_id, 0) = COALESCE(o.matter_id, 0)
    ON CONFLICT DO NOTHING
    RETURNING 1
),
marked AS (
    UPDATE pathways_alert a
    SET planned_at = %(now)s, reason = CASE WHEN p.acts AND p.untold <> '' THEN p.untold ELSE a.reason END
    FROM placed p
    WHERE a.id = p.id
    RETURNING 1
)
SELECT (SELECT count(*) FROM marked) AS alerts, (SELECT count(*) FROM items) AS items, (SELECT count(*) FROM messages) AS messages,
       (SELECT max(id) FROM taken) AS last
