-- review_list: what waits on the go-live review list of one programme at one site, in the order in which it is to be released: an
-- actionable result without therapy first, then what the rules could not answer, then by how long it is overdue. `place` counts within
-- the accountable person, so that a share is so many a person. The page and the daily release both ask this.
-- Relies on journey_report (pathway, home_site) and on stay_one_open_per_track; read on the page and once a day.
-- Parameters: site, pathway, accountable (of whoever has none of their own), now, kinds (events that say "actionable"), unplaced (whether
-- matters that belong to no programme are listed here).
WITH actionable AS MATERIALIZED (
    SELECT j.id FROM pathways_journey j
    WHERE j.home_site_id = %(site)s AND j.pathway = %(pathway)s AND j.status = 'active' AND j.started_at IS NULL
      AND EXISTS (
          SELECT FROM pathways_event e
          JOIN LATERAL (SELECT b.attached FROM pathways_binding b WHERE b.event_id = e.id AND b.journey_id = j.id
                        ORDER BY b.id DESC LIMIT 1) AS latest ON latest.attached
          WHERE e.patient_id = j.patient_id AND e.kind = ANY (%(kinds)s::text[]) AND NOT e.retracted)
),
waiting AS (
    SELECT 'stay' AS what, t.id, j.id AS journey_id, j.patient_id, COALESCE(j.accountable_id, %(accountable)s) AS who,
           j.id IN (SELECT id FROM actionable) AS actionable, g.label, t.due_at, t.attention_at, 1 AS tier
    FROM pathways_stay t
    JOIN pathways_journey j ON j.id = t.journey_id
    JOIN pathways_stage g ON g.id = t.stage_id
    WHERE t.release AND t.left_at IS NULL AND t.superseded = '' AND t.attention_at <= %(now)s
      AND j.home_site_id = %(site)s AND j.pathway = %(pathway)s AND j.status = 'active'
    UNION ALL
    SELECT 'matter', m.id, m.journey_id, m.patient_id, COALESCE(j.accountable_id, %(accountable)s),
           COALESCE(m.journey_id IN (SELECT id FROM actionable), false), m.kind, m.due_at, m.attention_at,
           CASE m.kind WHEN 'cannot_say' THEN 0 ELSE 2 END
    FROM pathways_matter m
    LEFT JOIN pathways_journey j ON j.id = m.journey_id
    WHERE m.release AND m.closed_at IS NULL AND m.attention_at <= %(now)s AND COALESCE(j.home_site_id, m.site_id) = %(site)s
      AND (COALESCE(j.pathway, m.detail ->> 'pathway') = %(pathway)s
           OR %(unplaced)s AND COALESCE(j.pathway, m.detail ->> 'pathway') IS NULL)
)
SELECT w.what, w.id, w.journey_id, w.patient_id, w.who, w.actionable, w.label, w.due_at,
       row_number() OVER (PARTITION BY w.who ORDER BY w.actionable DESC, w.tier, w.due_at NULLS LAST, w.attention_at, w.what, w.id) AS place
FROM waiting w
ORDER BY w.actionable DESC, w.tier, w.due_at NULLS LAST, w.attention_at, w.what, w.id
