"""PostgreSQL and Valkey of this checkout's own, for a machine that has neither; see `place`, `postgres`, `valkey`, `session`."""
