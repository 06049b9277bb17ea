-- add_phones: numbers not seen before. Sorted, so that two writers of the same numbers wait for each other in one order.
-- Relies on the unique index of phone.e164.
INSERT INTO patients_phone (e164, zone, bad_reason)
SELECT e164, zone, ''
FROM unnest(%(numbers)s::text[], %(zones)s::text[]) AS t (e164, zone)
ORDER BY e164
ON CONFLICT (e164) DO NOTHING
