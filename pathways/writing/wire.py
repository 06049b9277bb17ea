"""How the writer talks to the database: values apart from the text, so that the server keeps its plans; answers in binary; few trips.

Errors come as Django's own, so that a deadlock is known for one wherever it strikes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache
from typing import Any

import msgspec
from django.db import connection
from psycopg import Connection, Cursor
from psycopg.pq import Format


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
    with _errors():
        return _reading().execute(sql, params)


def told(asked: Cursor[Any]) -> list[tuple[Any, ...]]:
    """What was asked for."""
    with _errors():
        return asked.fetchall()


def execute(sql: str, params: Any) -> Cursor[Any]:
    """Runs a statement; the cursor's `rowcount` tells how many rows it touched, within `one_trip` only when it is answered."""
    with _errors():
        return _plain().execute(sql, params)


def put(given: Mapping[str, Sequence[msgspec.Struct]]) -> None:
    """New rows by table, in one statement for all tables; a row is a struct whose fields are columns. They go out as JSON, which costs the
    sender less than any other way of writing them and, other than COPY, needs no trip of its own."""
    some = {table: values for table, values in given.items() if values}
    if some:
        tables = tuple((table, values[0].__struct_fields__) for table, values in some.items())
        execute(_insert(tables), [_encode(values).decode() for values in some.values()])


@cache
def _insert(tables: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    *others, last = [
        f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)"
        for table, columns in tables
        if (names := ", ".join(columns))
    ]
    before = ", ".join(f"put_{n} AS ({sql})" for n, sql in enumerate(others))
    return f"WITH {before} {last}" if before else last


_encode = msgspec.json.Encoder().encode


def check_references() -> None:
    """What new rows refer to is looked up now and not at the end: where rows that point at nothing can still be set aside, or where there
    is time for it."""
    execute("SET CONSTRAINTS ALL IMMEDIATE", None)
    execute("SET CONSTRAINTS ALL DEFERRED", None)


class _Trip(threading.local):
    """The trip that this thread is on: its pipeline, and what is to be checked at its end."""

    way: ExitStack | None = None
    connection: Connection[Any] | None = None
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
        _trip.way = _trip.connection = None
    for check in checks:
        check()


@contextmanager
def apart() -> Iterator[None]:
    """Statements inside wait each for its answer, also on a trip: for what counts the rows that it changed, as the ORM does.
    Inside somebody may set out on a trip of their own."""
    way = _trip.way
    if way is None:
        yield
        return
    checks = _trip.checks
    way.close()
    _trip.way = _trip.connection = None
    yield
    _trip.way, _trip.checks = way, checks
    _set_out(way)


def _set_out(way: ExitStack) -> None:
    way.enter_context(connection.wrap_database_errors)
    way.enter_context(connection.connection.pipeline())
    way.enter_context(_unaccompanied())
    _trip.connection = connection.connection


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


def _errors() -> AbstractContextManager[Any]:
    """On a trip they are Django's own already."""
    wrapping: AbstractContextManager[Any] = connection.wrap_database_errors if _trip.connection is None else nullcontext()
    return wrapping


def _plain() -> Cursor[Any]:
    if _trip.connection is not None:
        return Cursor(_trip.connection)
    connection.ensure_connection()
    return Cursor(connection.connection)


def _reading() -> Cursor[Any]:
    cursor = _plain()
    cursor.format = Format.BINARY
    return cursor
