-- state_emails: that persons read mail at these addresses, in the order stated; with `replace` their other addresses end. A point that exists
-- only changes its rank. Nobody is written to by it: that takes a permission.
-- Relies on mail_point_once (person, mailbox) WHERE until IS NULL and the unique index of mailbox.address.
WITH stated AS (
    SELECT * FROM unnest(%(persons)s::bigint[], %(addresses)s::text[], %(ranks)s::smallint[]) AS t (person, address, rank)
), ended AS (
    UPDATE patients_contactpoint AS point
    SET until = %(now)s
    FROM patients_mailbox AS mailbox
    WHERE %(replace)s
      AND point.person_id = ANY (%(whose)s::bigint[])
      AND point.until IS NULL
      AND mailbox.id = point.mailbox_id
      AND NOT EXISTS (SELECT FROM stated WHERE stated.person = point.person_id AND stated.address = mailbox.address)
), new AS (
    INSERT INTO patients_mailbox (address, bad_reason)
    SELECT DISTINCT address, '' FROM stated ORDER BY address
    ON CONFLICT (address) DO UPDATE SET address = EXCLUDED.address
    RETURNING id, address
)
INSERT INTO patients_contactpoint AS point (person_id, mailbox_id, rank, since)
SELECT stated.person, new.id, stated.rank, %(now)s FROM stated JOIN new USING (address)
ON CONFLICT (person_id, mailbox_id) WHERE until IS NULL DO UPDATE SET rank = EXCLUDED.rank WHERE point.rank <> EXCLUDED.rank
