-- settle_withdrawn: of rows locked by lock_withdrawn, messages and items that no standing alert keeps alive are withdrawn with the
-- alert's reason; a claimed item stays with its holder and is marked, or is done where its holder settled the matter themselves; journeys where something was said or done on a fact that turned
-- out wrong are handed back. An alert whose message or item somebody else holds stays unsettled until the next tick.
-- Relies on message_alert_alert, message_alert_once and the key of work_item_alert.
-- Parameters: now, alerts, messages, items (locked ids), corrections (reasons that mean the fact was wrong), sources, targets (edges of
-- both state fields, as "message:pending" and so on).
WITH taken AS MATERIALIZED (
    SELECT a.id, a.reason FROM pathways_alert a WHERE a.id = ANY (%(alerts)s::bigint[])
),
edge AS MATERIALIZED (
    SELECT * FROM unnest(%(sources)s::text[], %(targets)s::text[]) AS e (source, target)
),
said AS MATERIALIZED (
    SELECT l.message_id, t.id AS alert_id, t.reason,
           NOT EXISTS (SELECT FROM notifications_messagealert o JOIN pathways_alert b ON b.id = o.alert_id
                       WHERE o.message_id = l.message_id AND b.withdrawn_at IS NULL) AS gone
    FROM taken t JOIN notifications_messagealert l ON l.alert_id = t.id
),
asked AS MATERIALIZED (
    SELECT l.item_id, t.id AS alert_id, t.reason,
           NOT EXISTS (SELECT FROM notifications_workitemalert o JOIN pathways_alert b ON b.id = o.alert_id
                       WHERE o.item_id = l.item_id AND b.withdrawn_at IS NULL) AS gone
    FROM taken t JOIN notifications_workitemalert l ON l.alert_id = t.id
),
held_messages AS MATERIALIZED (SELECT id, state, journey_id FROM notifications_message WHERE id = ANY (%(messages)s::bigint[])),
held_items AS MATERIALIZED (SELECT id, state, journey_id, shadow FROM notifications_workitem WHERE id = ANY (%(items)s::bigint[])),
missed AS (
    SELECT alert_id FROM said WHERE message_id NOT IN (SELECT id FROM held_messages)
    UNION
    SELECT alert_id FROM asked WHERE item_id NOT IN (SELECT id FROM held_items)
),
unsaid AS (
    UPDATE notifications_message m
    SET state = 'withdrawn', reason = s.reason
    FROM (SELECT DISTINCT ON (message_id) message_id, reason FROM said WHERE gone ORDER BY message_id, alert_id DESC) AS s
    JOIN held_messages h ON h.id = s.message_id AND h.state = 'pending'
    JOIN edge e ON e.source = 'message:' || h.state AND e.target = 'message:withdrawn'
    WHERE m.id = h.id
    RETURNING 1
),
unasked AS (
    UPDATE notifications_workitem w
    SET state = 'withdrawn', outcome = left(s.reason, 40), closed_at = %(now)s, revision = w.revision + 1
    FROM (SELECT DISTINCT ON (item_id) item_id, reason FROM asked WHERE gone ORDER BY item_id, alert_id DESC) AS s
    JOIN held_items h ON h.id = s.item_id AND h.state IN ('open', 'parked')
    JOIN edge e ON e.source = 'item:' || h.state AND e.target = 'item:withdrawn'
    WHERE w.id = h.id
    RETURNING 1
),
answered AS (
    -- What the holder settled on a page of its own (a report read, a candidate decided) is done by that: nothing is left with them.
    UPDATE notifications_workitem w
    SET state = 'done', outcome = left(m.reason, 40), closed_at = %(now)s, revision = w.revision + 1
    FROM held_items h
    JOIN edge e ON e.source = 'item:' || h.state AND e.target = 'item:done', pathways_matter m
    WHERE w.id = h.id AND h.state = 'claimed' AND m.id = w.matter_id AND m.closed_by_id = w.owner_id
      AND h.id IN (SELECT item_id FROM asked WHERE gone)
    RETURNING w.id, w.owner_id, w.outcome
),
told AS (
    INSERT INTO notifications_workitemact (item_id, act, by_id, at, reason, details)
    SELECT id, 'finished', owner_id, %(now)s, outcome, '{}' FROM answered
    RETURNING 1
),
orphaned AS (
    UPDATE notifications_workitem w
    SET reason_gone_at = %(now)s
    FROM held_items h
    WHERE NOT EXISTS (SELECT FROM pathways_matter m WHERE m.id = w.matter_id AND m.closed_by_id = w.owner_id) AND w.id = h.id AND h.state = 'claimed' AND w.reason_gone_at IS NULL AND h.id IN (SELECT item_id FROM asked WHERE gone)
    RETURNING 1
),
wrong AS (
    SELECT h.journey_id FROM said s JOIN held_messages h ON h.id = s.message_id
    WHERE s.reason = ANY (%(corrections)s::text[]) AND h.state IN ('sending', 'sent', 'delivered', 'unknown')
    UNION
    SELECT h.journey_id FROM asked a JOIN held_items h ON h.id = a.item_id
    WHERE a.reason = ANY (%(corrections)s::text[]) AND h.state IN ('claimed', 'done') AND NOT h.shadow
),
marked AS (
    UPDATE pathways_alert a SET settled_at = %(now)s
    FROM taken t WHERE a.id = t.id AND t.id NOT IN (SELECT alert_id FROM missed)
    RETURNING 1
)
SELECT (SELECT count(*) FROM marked), (SELECT count(*) FROM unsaid), (SELECT count(*) FROM unasked), (SELECT count(*) FROM orphaned),
       ARRAY(SELECT journey_id FROM wrong WHERE journey_id IS NOT NULL ORDER BY 1)
