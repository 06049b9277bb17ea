-- write_texts: what was rendered, onto the messages just claimed. By primary key, in the claim's transaction.
-- Parameters: ids, bodies, languages, tokens (arrays of one length).
UPDATE notifications_message m
SET body = t.body, language = t.language, token = t.token
FROM unnest(%(ids)s::bigint[], %(bodies)s::text[], %(languages)s::text[], %(tokens)s::text[]) AS t (id, body, language, token)
WHERE m.id = t.id
