"""Named SQL: one statement a file, with its purpose and the index it relies on at the top."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from django.db import connection
from psycopg import Cursor


@cache
def load(name: str) -> str:
    """Text of `patients/sql/<name>.sql`."""
    return resources.files("patients.sql").joinpath(f"{name}.sql").read_text()


def rows(name: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a named statement, its values apart from its text so that the server keeps its plan, and fetch what it returns."""
    return rows_of(load(name), parameters)


def rows_of(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The same of a statement that was made of a named one."""
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        fetched: list[tuple[Any, ...]] = cursor.execute(statement, parameters).fetchall()
    return fetched


def ask(name: str, parameters: Mapping[str, Any]) -> Cursor[Any]:
    """Ask a named question whose answer is read later, with that of another one."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return Cursor(connection.connection).execute(load(name), parameters)


def run(name: str, parameters: Mapping[str, Any]) -> None:
    """Run a named statement, the same way."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        Cursor(connection.connection).execute(load(name), parameters)
