-- grants.sql
-- What the app role may do: read and write rows, but neither change nor remove what is append-only, nor touch the schema.
-- Run by the owner after every migration (`manage.py setup`); safe to repeat. `role` and `append_only` are filled
-- in by config/grants.py, the tables from the models.
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
REVOKE UPDATE, DELETE, TRUNCATE ON {append_only} FROM {role};
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON django_migrations FROM {role};
-- A version's content never changes; only where it stands and who approved it.
REVOKE UPDATE, DELETE, TRUNCATE ON pathways_pathwayversion, pathways_stage FROM {role};
GRANT UPDATE (status, approved_by_id, approved_on, approved_note, published_at, listens, rereads_after) ON pathways_pathwayversion TO {role};
