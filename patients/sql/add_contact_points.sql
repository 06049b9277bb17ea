-- add_contact_points: that persons use numbers, in the order stated. A point that exists only changes its rank.
-- Relies on contact_point_once (person, phone) WHERE until IS NULL and the unique index of phone.e164.
INSERT INTO patients_contactpoint AS point (person_id, phone_id, rank, since)
SELECT stated.person, phone.id, stated.rank, %(now)s
FROM unnest(%(persons)s::bigint[], %(numbers)s::text[], %(ranks)s::smallint[]) AS stated (person, e164, rank)
JOIN patients_phone AS phone ON phone.e164 = stated.e164
ON CONFLICT (person_id, phone_id) WHERE until IS NULL DO UPDATE SET rank = EXCLUDED.rank WHERE point.rank <> EXCLUDED.rank
