"""Primary keys reserved in blocks, so that rows which refer to each other can be copied in one go."""

from __future__ import annotations

import os
from collections import deque

from django.db import connection

from pathways.writing.wire import rows

LEAST = 64
_free: dict[tuple[object, ...], deque[int]] = {}


def forget() -> None:
    """Drops what is left over: the database behind the name became another one."""
    _free.clear()


class Ids:
    """Hands out ids of one table. What a block leaves over serves the next batch of this process, and of no other: a fork begins anew.

    A sequence never goes back, so ids of a batch that failed, or of a process that ended, are lost, which harms nobody.
    """

    def __init__(self, table: str, block: int) -> None:
        self.table = table
        self.block = max(block, LEAST)
        database = connection.settings_dict
        self._mine = _free.setdefault((os.getpid(), database["HOST"], database["NAME"], database["PORT"], table), deque())

    def __call__(self) -> int:
        if not self._mine:
            self._mine.extend(next_ids(self.table, self.block))
        return self._mine.popleft()


def next_ids(table: str, count: int) -> list[int]:
    """Reserves `count` primary keys of `table`, so that rows that refer to each other can be copied in one go."""
    if not count:
        return []
    sql = "SELECT nextval(s.name) FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS name OFFSET 0) AS s, generate_series(1, %s)"
    return [row[0] for row in rows(sql, [table, count])]
