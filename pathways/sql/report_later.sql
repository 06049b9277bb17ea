-- report_later: journeys that are not the first of their patient and primary. Only a second episode or a merge can make one, so only those are looked at (index journey_again).
-- Parameters: pathway. Merged records are one person.
WITH several AS (
    SELECT COALESCE(p.survivor_id, p.id) AS person
    FROM pathways_journey j JOIN patients_patient p ON p.id = j.patient_id
    WHERE j.pathway = %(pathway)s AND j.episode_no > 1
    UNION
    SELECT survivor_id FROM patients_patient WHERE survivor_id IS NOT NULL
),
numbered AS (
    SELECT j.id, ROW_NUMBER() OVER (PARTITION BY several.person, j.primary_group ORDER BY j.opened_at, j.episode_no, j.id) AS nth
    FROM several
    JOIN patients_patient p ON p.id = several.person OR p.survivor_id = several.person
    JOIN pathways_journey j ON j.patient_id = p.id
    WHERE j.pathway = %(pathway)s AND j.status <> 'void'
)
SELECT COALESCE(array_agg(id), '{}') FROM numbered WHERE nth > 1
