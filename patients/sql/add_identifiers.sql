-- add_identifiers: numbers that messages gave beside one that is known. A number that another writer placed meanwhile stays
-- with whom it was placed: the next message naming both is then set aside as a disagreement.
-- Relies on identifier_once.
INSERT INTO patients_identifier (patient_id, authority, value, type, since)
SELECT patient, authority, value, type, %(now)s
FROM unnest(%(patients)s::bigint[], %(authorities)s::text[], %(values)s::text[], %(types)s::text[]) AS t (patient, authority, value, type)
ON CONFLICT (authority, value) WHERE until IS NULL DO NOTHING
