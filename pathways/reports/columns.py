"""A cohort as columns of numbers: a million journeys travel as a few strings of bytes, each journey so many eights of them, and become
columns here without anybody handling a row at a time.

Times are microseconds since 2000 (as PostgreSQL keeps them), NEVER where there is none. Words travel as hashes and are spelled out by
one row that has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from numpy.typing import NDArray

from pathways.sql import load

Ints = NDArray[np.int64]
Codes = NDArray[np.int16]
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = 86_400_000_000
NEVER, ALWAYS = 2**63 - 1, -(2**63)
"""What PostgreSQL sends for infinity and -infinity."""
UNKNOWN, REACHED, IMPLIED, NOT_APPLICABLE = range(4)
ACTIVE, COMPLETED, EXITED = range(3)
HEADER = 19
"""How many bytes of a binary copy lie before its first row."""
SEND = {"n": "int8send", "t": "timestamptz_send"}
"""How a column becomes eight bytes: a number (bigint) or a time (timestamptz)."""
FIXED: Mapping[str, str] = {
    "id": "n",
    "site": "n",
    "version": "n",
    "opened": "t",
    "observed": "t",
    "ended": "t",
    "reason": "n",
    "flags": "n",
}
STATUS, EXIT_CLASS, HELD, STATE = (0, 3), (2, 7), (5, 1), 6
"""Where the flags say what: how far to shift, and what is left of them. From bit 6 on each step has two bits."""


@dataclass(frozen=True, slots=True)
class Columns:
    """One entry per journey. `states` and `times` have a column per step, by as-of; `reason` and `stratum` are hashes of words."""

    id: Ints
    site: Ints
    version: Ints
    opened: Ints
    observed: Ints
    ended: Ints
    status: Codes
    exit_class: Codes
    reason: Ints
    held: Codes
    stratum: Ints
    person: Ints
    states: Codes
    times: Ints

    def __len__(self) -> int:
        return len(self.id)

    def where(self, chosen: NDArray[Any]) -> Columns:
        """The journeys that a mask or a list of places picks."""
        return Columns(*(getattr(self, one.name)[chosen] for one in fields(self)))


def moment(at: datetime) -> int:
    """A time as the columns write it."""
    return (at - EPOCH) // MICROSECOND


def as_datetime(at: int) -> datetime | None:
    return None if at in (NEVER, ALWAYS) else EPOCH + int(at) * MICROSECOND


def copied(statement: str, parameters: Mapping[str, Any], steps: int, *also: str) -> Columns:
    """Runs the statement: the fixed columns, the time of each step, and of `also` (stratum, person) what it asks; else zeros."""
    taken = arrays(statement, parameters, "".join(FIXED.values()) + "t" * steps + "n" * len(also))
    native: dict[str, Any] = dict(zip((*FIXED, *also), (*taken[: len(FIXED)], *taken[len(FIXED) + steps :]), strict=True))
    n, flags = taken.shape[1], native.pop("flags")
    states = np.array([_said(flags, STATE + 2 * i, 3) for i in range(steps)], dtype=np.int16).reshape(steps, n).T
    times = taken[len(FIXED) : len(FIXED) + steps].T
    bits: dict[str, Any] = {"status": _said(flags, *STATUS), "exit_class": _said(flags, *EXIT_CLASS), "held": _said(flags, *HELD)}
    nothing: dict[str, Any] = {name: np.zeros(n, dtype=np.int64) for name in ("stratum", "person") if name not in also}
    return Columns(**native, **bits, **nothing, states=states, times=times)


def _said(flags: Ints, shift: int, of: int) -> Codes:
    return ((flags >> shift) & of).astype(np.int16)


def arrays(statement: str, parameters: Mapping[str, Any], kinds: str) -> Ints:
    """What a statement gives, a line of the answer per column. `kinds` has a letter of SEND for each of its columns, which are never null; the first is an
    id, by which the rows come in sixteen portions: a message of PostgreSQL ends at a gigabyte. No order is kept.

    Whoever reads a row (a parallel worker, where the planner takes some) also turns it into bytes; only stringing them together is left to one.
    """
    names = [f"c{i}" for i in range(len(kinds))]
    line = " || ".join(f"{SEND[kind]}({name})" for name, kind in zip(names, kinds, strict=True))
    # OFFSET 0 keeps the planner from knowing how many ids there are: it would sort them all to make sixteen groups.
    lines = f"SELECT c0 & 15 AS portion, {line} AS line FROM ({statement}) AS said ({', '.join(names)}) OFFSET 0"
    return _columns(_bytes(f"SELECT string_agg(line, ''::bytea) FROM ({lines}) AS one GROUP BY portion", parameters), len(kinds))


def _columns(found: memoryview, width: int) -> Ints:
    """Takes a binary copy of rows of one string each apart: two bytes say that there is one more, four how long its string is."""
    parts, at = [], HEADER
    while int.from_bytes(found[at : at + 2], signed=True) == 1:
        begins, size = at + 6, int.from_bytes(found[at + 2 : at + 6])
        parts.append(np.frombuffer(found[begins : begins + size], dtype=">i8").reshape(-1, width))
        at = begins + size
    columns, filled = np.empty((width, sum(map(len, parts))), dtype=np.int64), 0
    for part in parts:
        columns[:, filled : filled + len(part)] = part.T
        filled += len(part)
    return columns


def _bytes(statement: str, parameters: Mapping[str, Any]) -> memoryview:
    """The whole of a binary copy."""
    found = bytearray()
    with wide() as cursor, cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT BINARY)", parameters) as copy:
        for block in copy:
            found += block
    return memoryview(found)


@contextmanager
def wide() -> Iterator[CursorWrapper]:
    """A cursor for statements that read a whole programme: not compiled, which every worker would do for itself and takes it longer than its
    share of the reading. More memory for joins is no gain: with it the planner joins in one process what two workers join sooner."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('jit', 'off', true)")
        yield cursor


def spelled(question: str, ids: Ints, hashes: Ints) -> dict[int, str]:
    """The words behind each hash, asked of one journey that has it. `question`: the expression that was hashed."""
    kinds, at = np.unique(hashes, return_index=True)
    statement = load("pathways.sql", "report_words").format(words=question)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": ids[at].tolist()})
        words = dict(cursor.fetchall())
    return {int(kind): words[int(ids[place])] for kind, place in zip(kinds, at, strict=True)}
