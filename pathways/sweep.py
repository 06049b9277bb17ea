"""The stall sweep: rings what is due. Its cost grows with what is due, never with what is open."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import msgspec
from django.db import DatabaseError, OperationalError, connection, transaction

from pathways import observing
from pathways.sql import load, prepared
from pathways.writing.wire import execute

BATCH = 500
STORE = ("08", "25006", "53", "57P")
"""SQLSTATEs of a server or connection in trouble: connection lost, read-only, no resources left, shutting down."""


class Rang(msgspec.Struct, frozen=True):
    """What one sweep did: stays and matters looked at, alerts rung, stays parked behind a late feed, rows set aside with an error."""

    stays: int = 0
    matters: int = 0
    alerts: int = 0
    gated: int = 0
    set_aside: int = 0

    def plus(self, other: Rang) -> Rang:
        return Rang(*(mine + theirs for mine, theirs in zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)))


def ring(*, now: datetime, batch: int = BATCH) -> Rang:
    """Rings every rung due by `now`, one transaction a batch, so that a killed sweep loses nothing and repeats nothing.

    Several sweeps may run at once: each takes the rows that no other holds. A row that fails is set aside with its error and
    comes back with backoff; it delays no other.
    """
    total = Rang()
    for ring_batch in (ring_stays, ring_matters):
        while True:
            done = ring_batch(now, batch)
            total = total.plus(done)
            if done.stays + done.matters + done.set_aside < batch:
                break
    return total


def hear(feed_id: int, *, now: datetime, said: datetime, kinds: Collection[str] = ()) -> None:
    """Moves the feed's clock to `now`, and what it has told us to `said`; stays that its silence parked are judged afresh next time.
    `kinds` of events were brought: nobody waits for those in vain any more."""
    observing.hear(feed_id, kinds, now=now)
    execute(load("pathways.sql", "hear_feed"), {"feed": feed_id, "now": now, "said": said})


def ring_stays(now: datetime, batch: int) -> Rang:
    """One batch of stays, in a transaction of its own."""
    return _contained("pathways_stay", lambda only: _stays(now, batch, only), now, batch)


def ring_matters(now: datetime, batch: int) -> Rang:
    """One batch of matters, in a transaction of its own."""
    return _contained("pathways_matter", lambda only: _matters(now, batch, only), now, batch)


def _stays(now: datetime, batch: int, only: list[int] | None) -> Rang:
    stays, alerts, gated = _run("ring_due_rungs", {"now": now, "batch": batch, "stays": only})
    return Rang(stays=stays, alerts=alerts, gated=gated)


def _matters(now: datetime, batch: int, only: list[int] | None) -> Rang:
    matters, alerts = _run("ring_due_matters", {"now": now, "batch": batch, "matters": only})
    return Rang(matters=matters, alerts=alerts)


def _run(name: str, params: dict[str, Any]) -> tuple[int, ...]:
    with transaction.atomic(), prepared() as cursor:
        cursor.execute(load("pathways.sql", name), params)
        row = cursor.fetchone()
    assert row is not None
    return tuple(row)


def _contained(table: str, ring_these: Callable[[list[int] | None], Rang], now: datetime, batch: int) -> Rang:
    try:
        return ring_these(None)
    except DatabaseError as error:
        if connection.in_atomic_block or _is_the_store(error):
            raise
        return _bisect(table, ring_these, _due(table, now, batch), now, error)


def _is_the_store(error: DatabaseError) -> bool:
    """A connection cut, a server that stops, is full or read-only: no row is to blame, the next sweep finds them all."""
    state = getattr(error.__cause__, "sqlstate", None)
    return (state or "").startswith(STORE) or (state is None and isinstance(error, OperationalError))


def _bisect(table: str, ring_these: Callable[[list[int] | None], Rang], ids: list[int], now: datetime, error: DatabaseError) -> Rang:
    """Halves a failing batch until the poisoned row stands alone, then sets it aside."""
    if not ids:
        raise error
    if len(ids) == 1:
        _set_aside(table, ids[0], now, error)
        return Rang(set_aside=1)
    total = Rang()
    for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
        try:
            total = total.plus(ring_these(half))
        except DatabaseError as again:
            total = total.plus(_bisect(table, ring_these, half, now, again))
    return total


def _due(table: str, now: datetime, batch: int) -> list[int]:
    parked = "AND NOT gated AND NOT release" if table == "pathways_stay" else "AND NOT release"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} WHERE attention_at <= %s {parked} ORDER BY attention_at LIMIT %s", [now, batch])
        return [row[0] for row in cursor.fetchall()]


def _set_aside(table: str, row_id: int, now: datetime, error: DatabaseError) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET failures = failures + 1, set_aside = %s, attention_at = %s + least(failures + 1, 24) * interval '1 hour' WHERE id = %s",
            [str(error)[:500], now, row_id],
        )
