-- end_contact_points: numbers of these persons that the list just stated no longer has. A number given up may belong to a
-- stranger tomorrow, so that nothing may go there.
-- Relies on contact_point_once (person, phone) WHERE until IS NULL.
UPDATE patients_contactpoint AS point
SET until = %(now)s
FROM patients_phone AS phone
WHERE point.person_id = ANY (%(persons)s::bigint[])
  AND point.until IS NULL
  AND phone.id = point.phone_id
  AND NOT EXISTS (
      SELECT FROM unnest(%(kept_by)s::bigint[], %(kept)s::text[]) AS stated (person, e164)
      WHERE stated.person = point.person_id AND stated.e164 = phone.e164
  )
