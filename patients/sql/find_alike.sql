-- find_alike: patients whom a form may mean, for its duplicate check: same family name and a birth date that can be the same, or
-- one of the same phones. The caller says why. Merged records are seen through their survivor.
-- Relies on person_family (UPPER(family)), the unique index of phone.e164 and the index of contact points on phone.
SELECT DISTINCT COALESCE(patient.survivor_id, patient.id)
FROM (
    SELECT person.id
    FROM patients_person AS person
    WHERE UPPER(person.family) = UPPER(%(family)s)
      AND %(family)s <> ''
      AND (%(birth_lo)s::date IS NULL OR person.birth_lo IS NULL OR (person.birth_lo <= %(birth_hi)s::date AND person.birth_hi >= %(birth_lo)s::date))
    UNION
    SELECT point.person_id
    FROM patients_phone AS phone
    JOIN patients_contactpoint AS point ON point.phone_id = phone.id AND point.until IS NULL
    WHERE phone.e164 = ANY (%(phones)s::text[])
) AS found (person)
JOIN patients_patient AS patient ON patient.person_id = found.person
LIMIT 50
