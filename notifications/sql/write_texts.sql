-- write_texts: what was rendered, onto the messages just claimed, and of each answer link in them the digest of its token. By primary key, in
-- the claim's transaction.
-- Parameters: texts (JSON array of id, body, language, token; where there is a link person and digest), now, until.
WITH texts AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(texts)s::jsonb) AS t (id bigint, body text, language text, token text, person bigint, digest text)
),
links AS (
    INSERT INTO notifications_answerlink (uid, digest, message_id, person_id, created_at, expires_at, tries)
    SELECT gen_random_uuid(), t.digest, t.id, t.person, %(now)s, %(until)s, 0 FROM texts t WHERE t.digest IS NOT NULL
)
UPDATE notifications_message m
SET body = t.body, language = t.language, token = t.token
FROM texts t
WHERE m.id = t.id
