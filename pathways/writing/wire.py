"""How the writer talks to the database: values apart from the text, so that the server keeps its plans; answers in binary; few trips.

Errors come as Django's own, so that a deadlock is known for one wherever it strikes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg import Cursor
from psycopg.pq import Format

from pathways.facts import iso

FEW = 48
"""Up to so many rows go in by INSERT, in one trip with their neighbours; more go by COPY, which needs the wire for itself."""


def rows(sql: str, params: Any) -> list[tuple[Any, ...]]:
    """All rows, in binary: the text form of a time costs more to read than to fetch. JSON is asked for as text: msgspec reads it."""
    return told(ask(sql, params))


def answers(asked: Sequence[tuple[str, Any]]) -> list[list[tuple[Any, ...]]]:
    """All rows of several statements for one trip. The server runs one after the other: each sees what was committed when it began."""
    with one_trip():
        cursors = [ask(sql, params) for sql, params in asked]
        return [told(cursor) for cursor in cursors]


def ask(sql: str, params: Any) -> Cursor[Any]:
    """Asks for rows that are read later: on the same trip as the next answer that somebody reads."""
    with connection.wrap_database_errors:
        return _reading().execute(sql, params)


def told(asked: Cursor[Any]) -> list[tuple[Any, ...]]:
    """What was asked for."""
    with connection.wrap_database_errors:
        return asked.fetchall()


def execute(sql: str, params: Any) -> Cursor[Any]:
    """Runs a statement; the cursor's `rowcount` tells how many rows it touched, within `one_trip` only when it is answered."""
    with connection.wrap_database_errors:
        return _plain().execute(sql, params)


def put(table: str, columns: str, given: Iterable[tuple[Any, ...]]) -> None:
    """New rows, in the order of `columns`; a list stands for an array, text for JSON."""
    values = list(given)
    if not values:
        return
    with connection.wrap_database_errors:
        cursor = _plain()
        if len(values) <= FEW:
            holes = ", ".join(["%s"] * len(values[0]))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({holes})", values)
            return
        with apart(), cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in values:  # times and lists as text: the driver's own way of writing one costs more than all the rest of its row
                copy.write_row([iso(one) if one.__class__ is datetime else _list(one) if one.__class__ is list else one for one in row])


def _list(values: list[Any]) -> str:
    """An array as COPY reads it."""
    return "{" + ",".join("NULL" if one is None else iso(one) if one.__class__ is datetime else _quoted(one) for one in values) + "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Trip(threading.local):
    """The trip that this thread is on: its pipeline, and what is to be checked at its end."""

    way: ExitStack | None = None
    checks: list[Callable[[], None]]


_trip = _Trip()


@contextmanager
def one_trip() -> Iterator[None]:
    """Statements inside wait for no answer until somebody reads one; a trip inside a trip is the same trip. What the server refuses is
    raised at the next answer, at the latest here, and has undone the transaction or savepoint around it.
    """
    if _trip.way is not None:
        yield
        return
    connection.ensure_connection()
    checks: list[Callable[[], None]] = []
    _trip.way, _trip.checks = ExitStack(), checks
    try:
        with _trip.way as way:
            _set_out(way)
            yield
    finally:
        _trip.way = None
    for check in checks:
        check()


@contextmanager
def apart() -> Iterator[None]:
    """Statements inside wait each for its answer, also on a trip: for COPY, and for what counts the rows that it changed, as the ORM does.
    Inside somebody may set out on a trip of their own."""
    way = _trip.way
    if way is None:
        yield
        return
    checks = _trip.checks
    way.close()
    _trip.way = None
    yield
    _trip.way, _trip.checks = way, checks
    _set_out(way)


def _set_out(way: ExitStack) -> None:
    way.enter_context(connection.wrap_database_errors)
    way.enter_context(connection.connection.pipeline())
    way.enter_context(_unaccompanied())


@contextmanager
def _unaccompanied() -> Iterator[None]:
    """No wrapper writes its own statement before another: on a trip each goes alone. (Within a request the history of edits does that, to
    say whose they are; what is written on a trip is a feed's, or says itself by whom.)"""
    others, connection.execute_wrappers = connection.execute_wrappers, [_counts_nothing]
    try:
        yield
    finally:
        connection.execute_wrappers = others


def _counts_nothing(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """The ORM takes the number of changed rows for known as soon as it has asked; on a trip it would act on a wrong one."""
    if sql.startswith(("UPDATE", "DELETE")):
        raise RuntimeError("on a trip nobody knows yet how many rows a statement changed: do this apart")
    return execute(sql, params, many, context)


def when_answered(check: Callable[[], None]) -> None:
    """Calls `check` when all that was asked so far is answered: at the end of the trip, or at once where there is none."""
    if _trip.way is None:
        check()
    else:
        _trip.checks.append(check)


def _plain() -> Cursor[Any]:
    connection.ensure_connection()
    return Cursor(connection.connection)


def _reading() -> Cursor[Any]:
    cursor = _plain()
    cursor.format = Format.BINARY
    return cursor
