-- fingerprint: what this database says of itself. A dump restored elsewhere, a recovery to a point in time and a replica that took over
-- each change it: the cluster's identifier, its timeline, the database's number; and so does a dump restored over what stood here, which makes
-- the outbox's table anew: its number. Parameters: none.
SELECT s.system_identifier || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || ':' || d.oid || ':' || 'notifications_message'::regclass::oid
FROM pg_control_system() AS s, pg_database AS d
WHERE d.datname = current_database()
