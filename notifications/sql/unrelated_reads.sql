-- unrelated_reads.sql
-- Charts read by staff who had no task with the patient: no work item that was theirs or their role's, no journey they answer for
-- or on whose care team they were (themselves or as a clinician's delegate),
-- no matter to decide at a site where they work, nothing they wrote down. One row per reader and patient, most pages first.
-- Of patients known at `sites` and reads from `since` until `until`. A task counts from `before` ahead of the first read until then after.
-- Relies on access_at (patients_accesslog.at) and the indices of work items, journeys and events on the patient.
WITH read AS (
    SELECT l.user_id, COALESCE(p.survivor_id, p.id) AS patient_id, count(*) AS pages, min(l.at) AS first_at, max(l.at) AS last_at
    FROM patients_accesslog l
    CROSS JOIN LATERAL unnest(l.patients) AS shown (id)
    JOIN patients_patient p ON p.id = shown.id
    WHERE l.at >= %(since)s AND l.at < %(until)s AND l.user_id IS NOT NULL AND l.action IN ('view', 'export')
    GROUP BY 1, 2
), record AS (
    SELECT id, COALESCE(survivor_id, id) AS patient_id FROM patients_patient
)
SELECT r.user_id, r.patient_id, r.pages, r.first_at, r.last_at,
       lower(u.last_name) = lower(person.family) AS same_name,
       EXISTS (SELECT FROM patients_emergencyaccess e WHERE e.user_id = r.user_id AND e.patient_id = r.patient_id
               AND e.began_at <= r.last_at AND e.until >= r.first_at) AS emergency
FROM read r
JOIN patients_user u ON u.id = r.user_id
JOIN patients_patient p ON p.id = r.patient_id
JOIN patients_person person ON person.id = p.person_id
WHERE EXISTS (SELECT FROM patients_patientsite s WHERE s.patient_id = r.patient_id AND s.site_id = ANY(%(sites)s))
  AND NOT EXISTS (
    SELECT FROM record JOIN notifications_workitem w ON w.patient_id = record.id
    WHERE record.patient_id = r.patient_id AND NOT w.shadow
      AND w.opened_at <= r.last_at + %(before)s AND COALESCE(w.closed_at, 'infinity') >= r.first_at - %(before)s
      AND (w.owner_id = r.user_id OR EXISTS (
        SELECT FROM patients_membership m
        WHERE m.user_id = r.user_id AND m.site_id = w.site_id AND (m.until IS NULL OR m.until >= r.first_at::date)
          AND (m.role = w.audience OR m.role = ANY(w.also_for) OR m.role = 'lead'))))
  AND NOT EXISTS (
    SELECT FROM record JOIN pathways_journey j ON j.patient_id = record.id
    LEFT JOIN patients_practitioner d ON d.id = j.responsible_id
    WHERE record.patient_id = r.patient_id AND (j.accountable_id = r.user_id OR d.user_id = r.user_id))
  AND NOT EXISTS (
    SELECT FROM record JOIN pathways_journey j ON j.patient_id = record.id
    JOIN pathways_careteam c ON c.journey_id = j.id
    LEFT JOIN patients_practitioner d ON d.id = c.practitioner_id
    WHERE record.patient_id = r.patient_id
      AND c.since <= r.last_at + %(before)s AND COALESCE(c.until, 'infinity') >= r.first_at - %(before)s
      AND (c.staff_id = r.user_id OR d.user_id = r.user_id
           OR EXISTS (SELECT FROM patients_practitioner_delegates g WHERE g.practitioner_id = d.id AND g.user_id = r.user_id)))
  AND NOT EXISTS (
    SELECT FROM record JOIN pathways_matter t ON t.patient_id = record.id
    JOIN patients_membership m ON m.site_id = t.site_id AND m.user_id = r.user_id
    WHERE record.patient_id = r.patient_id
      AND t.opened_at <= r.last_at + %(before)s AND COALESCE(t.closed_at, 'infinity') >= r.first_at - %(before)s)
  AND NOT EXISTS (
    SELECT FROM record JOIN pathways_event e ON e.patient_id = record.id
    WHERE record.patient_id = r.patient_id AND e.by_id = r.user_id)
ORDER BY r.pages DESC, r.last_at DESC
LIMIT %(most)s
