"""A cohort as columns of numbers: copied from the database in binary rows of one width, so that a million journeys are a few arrays.

Times are microseconds since 2000 (as PostgreSQL keeps them), NEVER where there is none. Words travel as hashes and are spelled out by
one row that has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
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
HEADER, TRAILER = 19, 2

FIXED: Sequence[tuple[str, str]] = (
    ("id", ">i8"),
    ("site", ">i4"),
    ("version", ">i4"),
    ("opened", ">i8"),
    ("observed", ">i8"),
    ("ended", ">i8"),
    ("reason", ">i8"),
    ("flags", ">i8"),
)
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
    """Runs the statement as a binary copy: the fixed columns, the time of each step, and of `also` (stratum, person) what it asks; else zeros."""
    names = [*FIXED, *((f"time{i}", ">i8") for i in range(steps)), *((name, ">i8") for name in also)]
    layout = np.dtype([("n", ">i2"), *((part, kind) for name, size in names for part, kind in ((f"{name}.", ">i4"), (name, size)))])
    rows = np.frombuffer(_bytes(statement, parameters), dtype=layout, offset=HEADER)
    native: dict[str, Any] = {name: rows[name].astype(np.int64) for name in (*(name for name, _ in FIXED), *also)}
    states, times = np.empty((len(rows), steps), dtype=np.int16), np.empty((len(rows), steps), dtype=np.int64)
    flags = native.pop("flags")
    for i in range(steps):
        states[:, i], times[:, i] = _said(flags, STATE + 2 * i, 3), rows[f"time{i}"]
    bits: dict[str, Any] = {"status": _said(flags, *STATUS), "exit_class": _said(flags, *EXIT_CLASS), "held": _said(flags, *HELD)}
    nothing: dict[str, Any] = {name: np.zeros(len(rows), dtype=np.int64) for name in ("stratum", "person") if name not in also}
    return Columns(**native, **bits, **nothing, states=states, times=times)


def _said(flags: Ints, shift: int, of: int) -> Codes:
    return ((flags >> shift) & of).astype(np.int16)


def pairs(statement: str, parameters: Mapping[str, Any]) -> tuple[Ints, Ints]:
    """The two columns (bigint, integer) of a statement, copied in binary."""
    layout = np.dtype([("n", ">i2"), ("first.", ">i4"), ("first", ">i8"), ("second.", ">i4"), ("second", ">i4")])
    rows = np.frombuffer(_bytes(statement, parameters), dtype=layout, offset=HEADER)
    return rows["first"].astype(np.int64), rows["second"].astype(np.int64)


def wide(statement: str, parameters: Mapping[str, Any], columns: int) -> Ints:
    """A table of bigints, copied in binary."""
    layout = np.dtype([("n", ">i2"), *((part, kind) for i in range(columns) for part, kind in ((f"{i}.", ">i4"), (str(i), ">i8")))])
    rows = np.frombuffer(_bytes(statement, parameters), dtype=layout, offset=HEADER)
    return np.stack([rows[str(i)].astype(np.int64) for i in range(columns)], axis=1)


def _bytes(statement: str, parameters: Mapping[str, Any]) -> memoryview:
    """Everything between the header and the trailer of the copy."""
    found = bytearray()
    with connection.cursor() as cursor, cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT BINARY)", parameters) as copy:
        for block in copy:
            found += block
    return memoryview(found)[: len(found) - TRAILER]


def spelled(question: str, ids: Ints, hashes: Ints) -> dict[int, str]:
    """The words behind each hash, asked of one journey that has it. `question`: the expression that was hashed."""
    kinds, at = np.unique(hashes, return_index=True)
    statement = load("pathways.sql", "report_words").format(words=question)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": ids[at].tolist()})
        words = dict(cursor.fetchall())
    return {int(kind): words[int(ids[place])] for kind, place in zip(kinds, at, strict=True)}
