-- report_cohort: the journeys a report speaks of, one row each, with what they reached by a time. Relies on the index journey_report (pathway, ...).
-- Parameters: pathway, as_of, names (text[]: milestones wanted), entry (or null), since, until (of opening, or null), sites (bigint[] or null),
-- prevalent (bool: also those already under way at go-live), every_episode (bool: else the first per person and primary).
-- Never counts: void journeys, training sites, test patients. Merged records are one person. What happened after as_of has not happened:
-- the same report can be run as of an earlier day.
WITH numbered AS (
    SELECT j.*, p.sex, p.race, p.ethnicity, p.payer, p.rurality, p.person_id, s.name AS site_name,
           ROW_NUMBER() OVER (
               PARTITION BY COALESCE(p.survivor_id, p.id), j.primary_group ORDER BY j.opened_at, j.episode_no, j.id
           ) AS nth
    FROM pathways_journey j
    JOIN patients_patient p ON p.id = j.patient_id
    JOIN patients_site s ON s.id = j.home_site_id
    WHERE j.pathway = %(pathway)s AND j.status <> 'void' AND NOT s.is_training AND NOT p.is_test
)
SELECT n.id, n.uid::text, n.home_site_id, n.entry, n.version_id, n.opened_at,
       CASE WHEN n.status <> 'active' AND COALESCE(n.ended_at, n.replayed_at, n.opened_at) <= %(as_of)s THEN n.status ELSE 'active' END AS status,
       n.outcome, n.exit_reason, n.exit_class, n.ended_at,
       n.held_until IS NOT NULL AND n.held_until > %(as_of)s AND n.status = 'active' AS held,
       ARRAY[n.identified_at, n.ordered_at, n.sampled_at, n.resulted_at, n.decided_at, n.started_at] AS phase_times,
       ARRAY(SELECT COALESCE(n.milestones -> w.name ->> 0, '') FROM unnest(%(names)s::text[]) WITH ORDINALITY AS w (name, i) ORDER BY w.i) AS states,
       ARRAY(SELECT (n.milestones -> w.name ->> 1)::timestamptz FROM unnest(%(names)s::text[]) WITH ORDINALITY AS w (name, i) ORDER BY w.i) AS times,
       n.site_name AS site, n.sex, n.race, n.ethnicity, n.payer, n.rurality, person.language, n.found_by,
       CASE WHEN person.birth_lo IS NULL THEN '' ELSE (EXTRACT(YEAR FROM age(n.opened_at, person.birth_lo))::int / 10 * 10)::text || 's' END AS age,
       to_char(n.opened_at, 'YYYY-MM') AS month
FROM numbered n
JOIN patients_person person ON person.id = n.person_id
WHERE (%(every_episode)s OR n.nth = 1)
  AND n.opened_at <= %(as_of)s
  AND (%(prevalent)s OR NOT n.prevalent)
  AND (%(entry)s::text IS NULL OR n.entry = %(entry)s)
  AND (%(since)s::timestamptz IS NULL OR n.opened_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR n.opened_at < %(until)s)
  AND (%(sites)s::bigint[] IS NULL OR n.home_site_id = ANY (%(sites)s::bigint[]))
ORDER BY n.opened_at, n.id
