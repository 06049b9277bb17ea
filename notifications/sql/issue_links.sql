-- issue_links: one answer link per text, of the token only its digest. In the claim's transaction.
-- Parameters: messages, people, digests (arrays of one length), now, until.
INSERT INTO notifications_answerlink (uid, digest, message_id, person_id, created_at, expires_at, tries)
SELECT gen_random_uuid(), l.digest, l.message, l.person, %(now)s, %(until)s, 0
FROM unnest(%(messages)s::bigint[], %(people)s::bigint[], %(digests)s::text[]) AS l (message, person, digest)
