"""How the writer talks to the database: values apart from the text, so that the server keeps its plans; answers in binary; few trips.

Errors come as Django's own, so that a deadlock is known for one wherever it strikes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db import connection
from psycopg import Cursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

FEW = 32
"""Up to so many rows go in by INSERT, in one trip with their neighbours; more go by COPY."""


class _JsonAsBytes(Loader):
    """msgspec reads the bytes; the binary form of jsonb starts with its version number."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data)[1:]


def rows(sql: str, params: Any) -> list[tuple[Any, ...]]:
    """All rows, in binary: the text form of a time costs more to read than to fetch. jsonb comes as bytes."""
    return answers([(sql, params)])[0]


def answers(asked: Sequence[tuple[str, Any]]) -> list[list[tuple[Any, ...]]]:
    """All rows of several statements for one trip. The server runs one after the other: each sees what was committed when it began."""
    with connection.wrap_database_errors:
        cursors = [_reading() for _ in asked]
        with connection.connection.pipeline() if len(asked) > 1 else nullcontext():
            for cursor, (sql, params) in zip(cursors, asked, strict=True):
                cursor.execute(sql, params)
        return [cursor.fetchall() for cursor in cursors]


def execute(sql: str, params: Any) -> Cursor[Any]:
    """Runs a statement; the cursor's `rowcount` tells how many rows it touched, within `one_trip` only after its end."""
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
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)


@contextmanager
def one_trip(*, small: bool) -> Iterator[None]:
    """Statements inside wait for no answer of the one before. Only for few rows: COPY needs the wire for itself."""
    if not small:
        yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def _plain() -> Cursor[Any]:
    connection.ensure_connection()
    return Cursor(connection.connection)


def _reading() -> Cursor[Any]:
    cursor = _plain()
    cursor.format = Format.BINARY
    cursor.adapters.register_loader("jsonb", _JsonAsBytes)
    return cursor
