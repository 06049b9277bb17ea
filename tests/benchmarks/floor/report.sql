-- report: the floor of the drop-off report. One pass over the journeys, columns of eight bytes, for numpy to finish: the same people, the same steps.
-- Parameters: as_of, pathway.
SELECT j.id, j.opened_at,
       CASE WHEN e.at <= %(as_of)s THEN e.at ELSE 'infinity' END,
       CASE WHEN e.at <= %(as_of)s THEN CASE WHEN j.status = 'completed' THEN 9 ELSE CASE j.exit_class WHEN 'preventable' THEN 1 WHEN 'patient_choice' THEN 2
           WHEN 'appropriate' THEN 3 WHEN 'competing' THEN 4 ELSE 5 END END ELSE 0 END::int8,
       (CASE j.milestones -> 'identified' ->> 0 WHEN 'implied' THEN 1 WHEN 'not_applicable' THEN 64 ELSE 0 END
       | CASE j.milestones -> 'ordered' ->> 0 WHEN 'implied' THEN 2 WHEN 'not_applicable' THEN 128 ELSE 0 END
       | CASE j.milestones -> 'sampled' ->> 0 WHEN 'implied' THEN 4 WHEN 'not_applicable' THEN 256 ELSE 0 END
       | CASE j.milestones -> 'resulted' ->> 0 WHEN 'implied' THEN 8 WHEN 'not_applicable' THEN 512 ELSE 0 END
       | CASE j.milestones -> 'decided' ->> 0 WHEN 'implied' THEN 16 WHEN 'not_applicable' THEN 1024 ELSE 0 END
       | CASE j.milestones -> 'started' ->> 0 WHEN 'implied' THEN 32 WHEN 'not_applicable' THEN 2048 ELSE 0 END)::int8,
       COALESCE(j.identified_at, 'infinity'), COALESCE(j.ordered_at, 'infinity'), COALESCE(j.sampled_at, 'infinity'),
       COALESCE(j.resulted_at, 'infinity'), COALESCE(j.decided_at, 'infinity'), COALESCE(j.started_at, 'infinity')
FROM pathways_journey j
JOIN patients_site s ON s.id = j.home_site_id AND NOT s.is_training
CROSS JOIN LATERAL (SELECT CASE WHEN j.status <> 'active' THEN COALESCE(j.ended_at, j.replayed_at, j.opened_at) ELSE 'infinity' END AS at) e
WHERE j.pathway = %(pathway)s AND j.status <> 'void' AND NOT j.prevalent AND j.opened_at <= %(as_of)s
  AND j.episode_no = 1 AND NOT EXISTS (SELECT FROM patients_patient p WHERE p.id = j.patient_id AND (p.is_test OR p.survivor_id IS NOT NULL))
