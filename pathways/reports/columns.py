"""A cohort as columns of numbers: a million journeys travel as a few strings of bytes, each journey so many eights of them, and become
columns here without anybody handling a row at a time.

Times are microseconds since 2000 (as PostgreSQL keeps them), NEVER where there is none. Words travel as hashes and are spelled out by
one row that has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from numpy.typing import NDArray
from psycopg.abc import Buffer

from pathways.reports import memory
from pathways.reports.at_once import at_once
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
PORTIONS = 64
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
    parts = (*(((STATE + 2 * i), 3) for i in range(steps)), STATUS, EXIT_CLASS, HELD)
    said = np.empty((len(parts), n), dtype=np.int16)
    at_once([partial(_said, flags, shift, of, line) for (shift, of), line in zip(parts, said, strict=True)], n)
    states, times = said[:steps].T, taken[len(FIXED) : len(FIXED) + steps].T
    bits: dict[str, Any] = dict(zip(("status", "exit_class", "held"), said[steps:], strict=True))
    nothing: dict[str, Any] = {name: np.zeros(n, dtype=np.int64) for name in ("stratum", "person") if name not in also}
    return Columns(**native, **bits, **nothing, states=states, times=times)


def _said(flags: Ints, shift: int, of: int, into: Codes) -> None:
    shifted = flags >> shift
    np.bitwise_and(shifted, of, out=shifted)
    into[:] = shifted


def arrays(statement: str, parameters: Mapping[str, Any], kinds: str) -> Ints:
    """What a statement gives, a line of the answer per column. `kinds` has a letter of SEND for each of its columns, which are never null; the first is an
    id, by which the rows come in portions: a message of PostgreSQL ends at a gigabyte. No order is kept.

    Whoever reads a row (a parallel worker, where the planner takes some) also turns it into bytes; only stringing them together is left to one.
    """
    names = [f"c{i}" for i in range(len(kinds))]
    line = " || ".join(f"{SEND[kind]}({name})" for name, kind in zip(names, kinds, strict=True))
    # OFFSET 0 keeps the planner from knowing how many ids there are: it would sort them all to make the portions.
    lines = f"SELECT c0 & {PORTIONS - 1} AS portion, {line} AS line FROM ({statement}) AS said ({', '.join(names)}) OFFSET 0"
    portions = f"SELECT string_agg(line, ''::bytea) FROM ({lines}) AS one GROUP BY portion"
    with wide() as cursor, cursor.copy(f"COPY ({portions}) TO STDOUT (FORMAT BINARY)", parameters) as copy:
        return columns_of(strings(copy), len(kinds))


def strings(blocks: Iterable[Buffer]) -> Iterator[memoryview]:
    """Takes a binary copy of rows of one string each apart as it comes: two bytes say that there is one more, four how long its string is."""
    rest, at = memoryview(b""), HEADER
    for block in blocks:
        rest = memoryview(b"".join((rest, block)) if len(rest) else block)  # a row comes whole, as a rule
        while int.from_bytes(rest[at : at + 2], signed=True) == 1 and len(rest) >= at + 6:
            begins = at + 6
            ends = begins + int.from_bytes(rest[at + 2 : begins])
            if ends > len(rest):
                break
            yield rest[begins:ends]
            at = ends
        rest, at = rest[at:], max(0, at - len(rest))


def columns_of(portions: Iterable[memoryview], width: int) -> Ints:
    """Rows of so many eights of bytes as columns. Each portion is put where it stays when it comes: the whole never lies here twice."""
    columns, filled = np.empty((width, 0), dtype=np.int64), 0
    for portion in portions:
        part = np.frombuffer(portion, dtype=">i8").reshape(-1, width)
        upto = filled + len(part)
        if upto > columns.shape[1]:
            columns = _wider(columns[:, :filled], len(part))
        columns[:, filled:upto] = part.T
        filled = upto
    return columns[:, :filled]


def _wider(columns: Ints, portion: int) -> Ints:
    """Room for so many portions as there will be, and a quarter more: memory that is not written to costs nothing."""
    width, filled = columns.shape
    room = np.empty((width, max(2 * filled, PORTIONS * portion * 5 // 4) + portion), dtype=np.int64)
    room[:, :filled] = columns
    if room.nbytes >= memory.LARGE:
        memory.keep()
    return room


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
