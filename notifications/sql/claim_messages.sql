-- claim_messages: judges texts (or e-mails, see `outbox.statement`) that are due and takes those that may go, in one transaction with everything they rest on locked.
-- Relies on the partial index message_due, on message_alert_once, contact_point_once, permission_once, and on
-- send_slot_once (phone, local day): the cap that no race can break.
-- Parameters: now, batch, channel, zones (zone names that PostgreSQL knows), countries with their west and east (zones between which a number
-- of unknown zone may be), quiet_sites with their quiet_days (closed days on which a site wants no text), numbered (wordings that stand for one patient only), ahead (days looked at for the
-- next open hour), sources, targets (edges of Message.state).
-- What another transaction holds (a STOP, a death, a withdrawal under way) is `busy` and left for the next tick: locks are taken
-- SKIP LOCKED because this statement starts at the message, not at the patient.
WITH due AS MATERIALIZED (
    -- The most urgent first, whenever each became due: of several for one number the most urgent is judged no later than the others.
    SELECT m.*
    FROM generate_series(1, 9) AS p (priority)
    CROSS JOIN LATERAL (
        SELECT m.id, m.purpose, m.recipient_id, m.patient_id, m.journey_id, m.stay_id, m.matter_id, m.programme, m.phone_id, m.priority,
               m.not_before, m.expires_at, m.wording, m.rung_id
        FROM notifications_message m
        WHERE m.state = 'pending' AND NOT m.shadow AND m.channel = %(channel)s AND m.priority = p.priority AND m.not_before <= %(now)s
        ORDER BY m.not_before, m.id
        LIMIT %(batch)s
        FOR UPDATE OF m SKIP LOCKED
    ) AS m
    LIMIT %(batch)s
),
standing AS MATERIALIZED (
    SELECT l.message_id
    FROM due d
    JOIN notifications_messagealert l ON l.message_id = d.id
    JOIN pathways_alert a ON a.id = l.alert_id
    WHERE a.withdrawn_at IS NULL
    FOR SHARE OF a SKIP LOCKED
),
patient AS MATERIALIZED (
    SELECT p.id, p.person_id, p.died_lo IS NOT NULL OR p.died_hi IS NOT NULL AS dead, p.death_hold_since, p.admitted_since, p.survivor_id,
           p.is_test
    FROM patients_patient p
    WHERE p.id IN (SELECT patient_id FROM due)
    FOR SHARE OF p SKIP LOCKED
),
reach AS MATERIALIZED (
    -- An answer goes to the number that wrote; a reminder to the best number that the recipient has now, never to an old one. Where that
    -- one said STOP no other is tried: who stops one number has not asked to be found on the next.
    SELECT d.id, CASE WHEN d.purpose = 'reminder' THEN best.phone_id ELSE d.phone_id END AS phone_id
    FROM due d
    LEFT JOIN LATERAL (
        SELECT c.phone_id
        FROM patients_contactpoint c JOIN patients_phone h ON h.id = c.phone_id
        WHERE c.person_id = d.recipient_id AND c.until IS NULL AND d.purpose = 'reminder'
        ORDER BY h.bad_since IS NOT NULL, c.verified_at IS NULL, c.rank, c.since DESC, c.id DESC
        LIMIT 1
    ) AS best ON true
),
phone AS MATERIALIZED (
    SELECT h.id, h.stopped_at, h.bad_since, CASE WHEN h.zone = ANY (%(zones)s::text[]) THEN h.zone END AS zone
    FROM patients_phone h
    WHERE h.id IN (SELECT phone_id FROM reach)
    FOR NO KEY UPDATE OF h SKIP LOCKED
),
allowed AS MATERIALIZED (
    SELECT d.id, x.granted_at, x.revoked_at
    FROM due d
    JOIN reach r ON r.id = d.id
    JOIN patients_permission x ON x.person_id = d.recipient_id AND x.patient_id = d.patient_id AND x.phone_id = r.phone_id
                              AND x.programme IN ('', d.programme)
    FOR SHARE OF x SKIP LOCKED
),
places AS MATERIALIZED (
    -- Where the number is at home and where the recipient lives; where neither is known, all zones of the site's country at once. The day that
    -- is counted is the number's own, whoever is texted on it.
    SELECT d.id, h.id AS phone_id, z.home, z.other, (%(now)s AT TIME ZONE z.home)::date AS day, s.id AS site_id,
           COALESCE(s.texts_from, time '09:00') AS first, COALESCE(s.texts_until, time '20:00') AS last
    FROM due d
    JOIN reach r ON r.id = d.id
    JOIN phone h ON h.id = r.phone_id
    LEFT JOIN patients_person pe ON pe.id = d.recipient_id
    LEFT JOIN pathways_journey j ON j.id = d.journey_id
    LEFT JOIN pathways_matter ma ON ma.id = d.matter_id
    LEFT JOIN patients_site s ON s.id = COALESCE(j.home_site_id, ma.site_id)
    LEFT JOIN unnest(%(countries)s::text[], %(west)s::text[], %(east)s::text[]) AS k (country, west, east) ON k.country = COALESCE(s.country, 'US')
    CROSS JOIN LATERAL (SELECT CASE WHEN pe.time_zone = ANY (%(zones)s::text[]) THEN pe.time_zone END AS address) AS a
    CROSS JOIN LATERAL (
        SELECT COALESCE(h.zone, a.address, k.west, 'Pacific/Honolulu') AS home,
               COALESCE(a.address, h.zone, k.east, 'America/Puerto_Rico') AS other
    ) AS z
),
clock AS MATERIALIZED (
    -- The site's hours, never beyond 9 to 20 o'clock, in both zones. Worked out once a place: a batch has many texts and few of them.
    SELECT p.id, p.phone_id, p.home, p.day, k.opens_at, k.is_open, k.tomorrow
    FROM places p
    JOIN (
        SELECT q.home, q.other, q.site_id, MIN(o.opens) AS opens_at, COALESCE(MIN(o.opens) <= %(now)s, false) AS is_open,
               MIN(o.opens) FILTER (WHERE o.day > q.day) AS tomorrow
        FROM (SELECT DISTINCT home, other, site_id, day, first, last FROM places) AS q
        LEFT JOIN LATERAL (
            SELECT w.day, GREATEST(w.opens, %(now)s) AS opens
            FROM (SELECT q.day + n AS day,
                         GREATEST(((q.day + n) + q.first) AT TIME ZONE q.home, ((q.day + n) + q.first) AT TIME ZONE q.other) AS opens,
                         LEAST(((q.day + n) + q.last) AT TIME ZONE q.home, ((q.day + n) + q.last) AT TIME ZONE q.other) AS closes
                  FROM generate_series(0, %(ahead)s) AS n) AS w
            WHERE w.opens < w.closes AND w.closes > %(now)s
              AND NOT EXISTS (SELECT FROM unnest(%(quiet_sites)s::bigint[], %(quiet_days)s::date[]) AS x (site_id, day) WHERE x.site_id = q.site_id AND x.day = w.day)
        ) AS o ON true
        GROUP BY q.home, q.other, q.site_id
    ) AS k ON k.home = p.home AND k.other = p.other AND k.site_id IS NOT DISTINCT FROM p.site_id
),
week AS MATERIALIZED (
    SELECT c.id, count(*) AS sent, min(s.local_day) AS first_day, bool_or(s.local_day = c.day) AS today
    FROM clock c JOIN notifications_sendslot s ON s.phone_id = c.phone_id AND s.local_day > c.day - 7 AND s.local_day <= c.day
    GROUP BY c.id
),
facts AS MATERIALIZED (
    SELECT d.*, h.id AS to_id, p.id IS NOT NULL AS patient_held, h.stopped_at, h.bad_since, r.phone_id AS reached, c.is_open, c.opens_at, COALESCE(c.tomorrow, CASE WHEN %(channel)s = 'email' THEN %(now)s + interval '1 day' END) AS tomorrow, c.home,
           p.dead, p.death_hold_since, p.admitted_since, p.survivor_id, p.is_test, COALESCE(w.sent, 0) AS sent, w.first_day,
           COALESCE(w.today, false) AS today, j.hold_reason,
           -- An e-mail rings nobody awake: it waits for the day only where its rung says so.
           %(channel)s = 'email' AND NOT EXISTS (SELECT FROM pathways_rung g WHERE g.id = d.rung_id AND g.quiet_hours) AS at_any_hour,
           EXISTS (SELECT FROM standing s WHERE s.message_id = d.id) AS stands,
           -- Counted, not EXISTS: that the server may answer by reading all alerts for each batch.
           (SELECT count(*) FROM notifications_messagealert l JOIN pathways_alert a ON a.id = l.alert_id
            WHERE l.message_id = d.id AND a.withdrawn_at IS NULL) > 0 AS stood,
           (SELECT count(*) FROM allowed x WHERE x.id = d.id) AS said,
           (SELECT count(*) FROM patients_permission x WHERE x.person_id = d.recipient_id AND x.patient_id = d.patient_id
              AND x.phone_id = r.phone_id AND x.programme IN ('', d.programme)) AS says,
           EXISTS (SELECT FROM allowed x WHERE x.id = d.id AND x.granted_at IS NOT NULL)
               AND NOT EXISTS (SELECT FROM allowed x WHERE x.id = d.id AND x.revoked_at IS NOT NULL) AS permitted,
           CASE WHEN self.birth_hi IS NULL THEN false  -- nobody can say whether the patient is of age: a person calls
                WHEN date_part('year', age(%(now)s::date, self.birth_hi)) >= 18 THEN d.recipient_id = p.person_id
                ELSE EXISTS (
                    SELECT FROM patients_authority au WHERE au.person_id = d.recipient_id AND au.patient_id = d.patient_id AND au.limits = ''
                       AND au.since <= %(now)s AND (au.until IS NULL OR au.until > %(now)s)) END AS speaks_for,
           heard.dead AS recipient_dead, heard.hint AS recipient_death_hint,
           -- Who lost a child is left in peace for two weeks, also about their other children and about themselves.
           EXISTS (SELECT FROM patients_authority au JOIN patients_patient q ON q.id = au.patient_id
                   WHERE au.person_id = d.recipient_id AND q.id <> d.patient_id
                     AND (q.died_hi > %(now)s - interval '14 days' OR q.death_hold_since IS NOT NULL)) AS bereaved,
           -- A yes from before a birthday of the site's list (13, 18) no longer counts: it must be asked for anew.
           EXISTS (SELECT FROM patients_patientsite ps JOIN patients_site st ON st.id = ps.site_id
                   CROSS JOIN unnest(st.reconsent_ages) AS a (years)
                   WHERE ps.patient_id = d.patient_id AND date_part('year', age(%(now)s::date, self.birth_lo)) >= a.years
                     AND (SELECT max(x.granted_at) FROM allowed x WHERE x.id = d.id) < self.birth_lo + make_interval(years => a.years)) AS outgrown,
           j.id IS NULL OR EXISTS (SELECT FROM pathways_rollout o
               WHERE o.site_id = j.home_site_id AND o.pathway = j.pathway AND o.mode = 'live') AS live,
           EXISTS (SELECT FROM pathways_rollout o
               WHERE o.site_id = j.home_site_id AND o.pathway = j.pathway AND o.paused_at IS NOT NULL) AS paused,
           EXISTS (SELECT FROM pathways_matter m WHERE m.patient_id IN (d.patient_id, p.survivor_id) AND m.kind = 'merge' AND m.closed_at IS NULL) AS merging,
           EXISTS (SELECT FROM notifications_workitem i WHERE i.patient_id = d.patient_id AND i.cause_kind IN ('reply', 'mail_answer') AND i.problem = 'verify'
                      AND i.state IN ('open', 'claimed', 'parked')) AS to_verify,
           -- What the patient is asked for may have happened long ago where the source has fallen silent.
           EXISTS (SELECT FROM pathways_stay sy JOIN pathways_feed fd ON fd.id = sy.feed_id
                   WHERE sy.id = d.stay_id AND fd.mode = 'live' AND fd.heard_at + fd.longest_silence < %(now)s)
               OR EXISTS (SELECT FROM pathways_stay sy JOIN pathways_stage sg ON sg.id = sy.stage_id
                          JOIN pathways_expectation q ON q.feed_id = sy.feed_id AND q.site_id = j.home_site_id
                          WHERE sy.id = d.stay_id AND q.silent_from < %(now)s AND (q.kind = '' OR sg.awaits @> to_jsonb(q.kind))) AS feed_late,
           EXISTS (SELECT FROM notifications_halt x WHERE x.lifted_at IS NULL AND x.key = 'wording:' || d.wording) AS halted,
           (SELECT count(*) FROM notifications_sendslot s WHERE s.message_id = d.id AND s.local_day = c.day) > 0 AS has_slot
    FROM due d
    JOIN reach r ON r.id = d.id
    LEFT JOIN phone h ON h.id = r.phone_id
    LEFT JOIN clock c ON c.id = d.id
    LEFT JOIN week w ON w.id = d.id
    LEFT JOIN patient p ON p.id = d.patient_id
    LEFT JOIN patients_person self ON self.id = p.person_id
    LEFT JOIN pathways_journey j ON j.id = d.journey_id
    CROSS JOIN LATERAL (
        SELECT count(q.died_hi) > 0 AS dead, count(q.death_hold_since) > 0 AS hint FROM patients_patient q WHERE q.person_id = d.recipient_id
    ) AS heard
),
judged AS MATERIALIZED (
    -- busy: left alone. never: withdrawn. wait: later, with the reason. go: taken.
    SELECT f.*, v.verdict, v.reason, v.until
    FROM facts f
    CROSS JOIN LATERAL (
        SELECT * FROM (VALUES
            (f.reached IS NOT NULL AND f.to_id IS NULL, 'busy', '', NULL),
            (f.patient_id IS NOT NULL AND NOT f.patient_held, 'busy', '', NULL),
            (f.purpose <> 'reminder' AND f.to_id IS NULL, 'never', 'no phone', NULL),
            (f.purpose NOT IN ('reminder', 'stop_confirmation', 'help', 'safety') AND f.stopped_at IS NOT NULL, 'never', 'stopped', NULL),
            (f.purpose = 'answer' AND f.expires_at <= %(now)s, 'never', 'too late', NULL),
            (f.purpose = 'answer' AND (f.dead OR f.death_hold_since IS NOT NULL), 'never', 'died', NULL),
            (f.purpose <> 'reminder', 'go', '', NULL),
            (NOT f.stands AND f.stood, 'busy', '', NULL),
            (f.said <> f.says, 'busy', '', NULL),
            (NOT f.stands, 'never', 'reason gone', NULL),
            (f.dead, 'never', 'died', NULL),
            (NOT f.merging AND f.survivor_id IS NOT NULL, 'never', 'record merged', NULL),
            (f.is_test, 'never', 'test record', NULL),
            (NOT f.live, 'never', 'texts are off here', NULL),
            (f.recipient_dead, 'never', 'recipient died', NULL),
            (NOT f.speaks_for, 'never', 'may not be told', NULL),
            (f.expires_at <= %(now)s, 'never', 'too late', NULL),
            (f.to_id IS NULL, 'never', 'no phone', NULL),
            (f.bad_since IS NOT NULL, 'never', 'bad number', NULL),
            (f.stopped_at IS NOT NULL, 'never', 'stopped', NULL),
            (NOT f.permitted, 'never', 'no permission', NULL),
            (NOT f.at_any_hour AND (f.opens_at IS NULL OR f.tomorrow IS NULL), 'never', 'no hour suits', NULL),
            (f.halted, 'wait', 'wording stopped by carriers', %(now)s + interval '15 minutes'),
            (f.paused, 'wait', 'texts paused', %(now)s + interval '15 minutes'),
            (f.outgrown, 'wait', 'to be asked anew at this age', f.tomorrow),
            (f.bereaved, 'wait', 'a death in the family', f.tomorrow),
            (f.death_hold_since IS NOT NULL OR f.recipient_death_hint, 'wait', 'death to be verified', f.tomorrow),
            (f.merging, 'wait', 'merge to be settled', %(now)s + interval '1 hour'),
            (f.admitted_since IS NOT NULL, 'wait', 'admitted', f.tomorrow),
            (f.hold_reason <> '', 'wait', 'held', f.tomorrow),
            (f.to_verify, 'wait', 'reply to be verified', f.tomorrow),
            (f.feed_late, 'wait', 'its feed is silent', %(now)s + interval '1 hour'),
            (NOT f.is_open AND NOT f.at_any_hour, 'wait', 'quiet hours', f.opens_at),
            (f.sent >= 3 AND NOT f.has_slot, 'wait', 'three in seven days', ((f.first_day + 7) + time '09:00') AT TIME ZONE f.home),
            (f.today AND NOT f.has_slot, 'wait', 'one a day', f.tomorrow),
            (true, 'go', '', NULL)
        ) AS rules (applies, verdict, reason, until)
        WHERE applies
        LIMIT 1
    ) AS v
),
queued AS MATERIALIZED (
    -- Of several for one number the most urgent takes the day.
    SELECT g.*, row_number() OVER (PARTITION BY g.to_id ORDER BY g.has_slot DESC, g.priority, g.not_before, g.id) AS turn
    FROM judged g
    WHERE g.verdict = 'go' AND g.purpose = 'reminder'
),
slots AS (
    INSERT INTO notifications_sendslot (phone_id, local_day, message_id)
    SELECT q.to_id, c.day, q.id FROM queued q JOIN clock c ON c.id = q.id
    WHERE q.turn = 1 AND NOT q.has_slot
    ORDER BY q.to_id
    ON CONFLICT (phone_id, local_day) DO NOTHING
    RETURNING message_id
),
paired AS MATERIALIZED (
    -- The same words to the same reader, for another child or another wait: one text says both.
    SELECT q.id, w.id AS with_id
    FROM queued q
    JOIN queued w ON w.to_id = q.to_id AND w.turn = 1 AND w.recipient_id = q.recipient_id AND w.wording = q.wording
    WHERE q.turn > 1 AND NOT q.has_slot AND q.wording <> ALL (%(numbered)s::text[]) AND (w.has_slot OR w.id IN (SELECT message_id FROM slots))
),
joined AS (
    INSERT INTO notifications_messagealert (message_id, alert_id)
    SELECT p.with_id, l.alert_id FROM paired p JOIN notifications_messagealert l ON l.message_id = p.id
    ON CONFLICT DO NOTHING
),
placed AS MATERIALIZED (
    -- Who did not get the day waits for the next one.
    SELECT j.id, j.to_id, j.expires_at, CASE WHEN c.joins THEN 'never' WHEN c.crowded THEN 'wait' ELSE j.verdict END AS verdict,
           CASE WHEN c.joins THEN 'combined' WHEN c.crowded THEN 'one a day' ELSE j.reason END AS reason, CASE WHEN c.crowded AND NOT c.joins THEN j.tomorrow ELSE j.until END AS until
    FROM judged j
    CROSS JOIN LATERAL (
        SELECT j.verdict = 'go' AND j.purpose = 'reminder' AND NOT j.has_slot AND j.id NOT IN (SELECT message_id FROM slots) AS crowded,
               j.id IN (SELECT id FROM paired) AS joins
    ) AS c
    WHERE j.verdict <> 'busy'
),
decided AS MATERIALIZED (
    -- What could go only after it expires never goes.
    SELECT p.id, p.to_id, p.until, CASE WHEN x.late THEN 'never' ELSE p.verdict END AS verdict,
           CASE WHEN x.late THEN 'too late' ELSE p.reason END AS reason
    FROM placed p
    CROSS JOIN LATERAL (SELECT p.verdict = 'wait' AND p.expires_at IS NOT NULL AND p.until >= p.expires_at AS late) AS x
)
UPDATE notifications_message m
SET state = COALESCE(e.target, m.state),
    reason = d.reason,
    not_before = COALESCE(d.until, m.not_before),
    phone_id = COALESCE(d.to_id, m.phone_id),
    attempt = m.attempt + (e.target IS NOT DISTINCT FROM 'sending')::int,
    claimed_at = CASE WHEN e.target = 'sending' THEN %(now)s ELSE m.claimed_at END
FROM decided d
LEFT JOIN unnest(%(sources)s::text[], %(targets)s::text[]) AS e (source, target)
    ON e.source = 'pending' AND e.target = CASE d.verdict WHEN 'go' THEN 'sending' WHEN 'never' THEN 'withdrawn' END
WHERE m.id = d.id AND (d.verdict = 'wait' OR e.target IS NOT NULL)
RETURNING m.id, d.verdict, d.reason
