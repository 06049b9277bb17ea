"""The provider's own book: what it was given, what became of it, who opted out, which callbacks it owes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    n INTEGER PRIMARY KEY AUTOINCREMENT, sid TEXT NOT NULL UNIQUE, direction TEXT NOT NULL,
    sender TEXT NOT NULL, recipient TEXT NOT NULL, body TEXT NOT NULL, status TEXT NOT NULL, error_code INTEGER,
    created REAL NOT NULL, updated REAL NOT NULL, sent REAL, callback TEXT NOT NULL DEFAULT '',
    expires REAL NOT NULL, next_at REAL, service TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS message_recipient ON message (recipient, n);
CREATE INDEX IF NOT EXISTS message_sender ON message (sender, n);
CREATE INDEX IF NOT EXISTS message_next ON message (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS opted_out (number TEXT NOT NULL, sender TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (number, sender));
CREATE TABLE IF NOT EXISTS handset (number TEXT PRIMARY KEY, error_code INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS callback (
    n INTEGER PRIMARY KEY AUTOINCREMENT, url TEXT NOT NULL, fields TEXT NOT NULL, due REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, done REAL, answer INTEGER);
CREATE INDEX IF NOT EXISTS callback_due ON callback (due) WHERE done IS NULL;
"""


class Ledger:
    """One SQLite file (WAL: it survives `kill -9`). One connection under a lock serves all threads of the process."""

    def __init__(self, path: str | Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)
        if "service" not in {row["name"] for row in self.rows("PRAGMA table_info(message)")}:  # a book of an older simulator
            self.write("ALTER TABLE message ADD COLUMN service TEXT NOT NULL DEFAULT ''")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def write(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; the number of rows it touched."""
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written inside becomes durable at once, or not at all. May be nested."""
        with self._lock:
            self._depth += 1
            if self._depth == 1:
                self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._depth == 1:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def close(self) -> None:
        with self._lock:
            self._connection.close()
