-- lots: of the patients whom a rung under comparison would text, who hears later and until when. Reads only; draws nothing twice.
-- Expects: placed, recipients (reactions.sql), pathways_trial, pathways_stay with due_at. Parameter: now.
-- Gives: lots (new ones, to be stored by the plan) and waiting (stay_id, trial_id, until), old and new.
-- Whoever plans holds the lock of `comparing.LOCK`, so that a site's positions follow each other; allocation_position says so again.
-- A patient is drawn once a comparison, for one wait; nobody is whom a text could not reach today, nobody with a finding that may be
-- actionable, nobody who is in hospital. Lots are permuted blocks of each site: the `held` first of `block` by a digest under the key.
compared AS MATERIALIZED (
    -- Mostly empty, and then nothing below looks at the batch again.
    SELECT p.*, c.arm, c.delay, c.held, c.block, c.key, c.since, c.until
    FROM placed p JOIN pathways_trial c ON c.id = p.trial_id
    WHERE c.stopped_at IS NULL
),
entrants AS MATERIALIZED (
    SELECT DISTINCT ON (p.trial_id, r.patient_id) p.id AS alert_id, p.stay_id, p.journey_id, p.site_id, r.patient_id, s.due_at AS breach,
           p.trial_id, p.arm, p.delay, p.held, p.block, p.key
    FROM compared p
    JOIN recipients r ON r.alert_id = p.id
    JOIN pathways_stay s ON s.id = p.stay_id
    JOIN patients_patient pt ON pt.id = r.patient_id
    WHERE p.live AND (%(now)s::timestamptz AT TIME ZONE 'UTC')::date BETWEEN p.since AND p.until
      AND (s.due_at IS NULL OR s.due_at > %(now)s)
      AND NOT pt.is_test AND pt.admitted_since IS NULL AND pt.death_hold_since IS NULL
      AND NOT EXISTS (SELECT FROM pathways_event e WHERE e.patient_id IN (p.patient_id, pt.id)
                      AND e.kind IN ('flagged_actionable', 'actionable_confirmed', 'later_line_actionable', 'cannot_say', 'matched_therapy'))
      AND EXISTS (SELECT FROM patients_permission x
                  JOIN patients_phone h ON h.id = x.phone_id AND h.stopped_at IS NULL AND h.bad_since IS NULL
                  WHERE x.patient_id = r.patient_id AND x.person_id = r.person_id AND x.programme IN ('', p.pathway)
                    AND x.granted_at IS NOT NULL AND x.revoked_at IS NULL)
      AND NOT EXISTS (SELECT FROM notifications_allocation a WHERE a.trial_id = p.trial_id AND a.patient_id = r.patient_id)
    ORDER BY p.trial_id, r.patient_id, p.id
),
lots AS MATERIALIZED (
    SELECT q.*, (SELECT count(*) FROM generate_series(0, q.block - 1) AS o
                 WHERE (md5(q.ticket || o), o) < (md5(q.ticket || q.position %% q.block), q.position %% q.block)) < q.held AS waits,
           LEAST(q.breach, %(now)s::timestamptz + q.delay) AS until
    FROM (SELECT n.*, n.key || ':' || st.code || ':' || n.position / n.block || ':' AS ticket
          FROM (SELECT e.*, (SELECT count(*) FROM notifications_allocation a WHERE a.trial_id = e.trial_id AND a.site_id = e.site_id)
                            + row_number() OVER (PARTITION BY e.trial_id, e.site_id ORDER BY e.alert_id) - 1 AS position
                FROM entrants e) AS n
          JOIN patients_site st ON st.id = n.site_id) AS q
),
waiting AS MATERIALIZED (
    SELECT stay_id, trial_id, until FROM lots WHERE waits
    UNION ALL
    -- The same wait rings again after a hold or a correction: the lot stands, and due still ends it.
    SELECT a.stay_id, a.trial_id, LEAST(s.due_at, p.rang_at + p.delay)
    FROM compared p
    JOIN notifications_allocation a ON a.trial_id = p.trial_id AND a.stay_id = p.stay_id AND a.waits
    JOIN pathways_stay s ON s.id = p.stay_id
)
