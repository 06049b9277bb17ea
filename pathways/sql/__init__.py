"""Named SQL: one statement a file, with its purpose and the index it relies on at the top."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any, Self

import psycopg
from django.db import connection
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from psycopg.abc import Params

# Stays behind: what reads must begin with SELECT, or it is taken for a writer with a history.
_HEADER = re.compile(r"\A(?:--(?! include ).*\n)+")
_INCLUDE = re.compile(r"^-- include (\S+) (\S+)\n", re.MULTILINE)


@cache
def load(package: str, name: str) -> str:
    """Text of `<package>/<name>.sql`; `package` is dotted ("pathways.sql"). A line `-- include <package> <name>` stands for that file."""
    text = _HEADER.sub("", resources.files(package).joinpath(f"{name}.sql").read_text())
    return _INCLUDE.sub(lambda found: load(found[1], found[2]), text)


def prepared() -> CursorWrapper:
    """A cursor for a statement that is long to plan and runs over and over: its values travel apart, so that the server keeps the plan
    (never where `DATABASE_PREPARE_THRESHOLD` is 0: behind a pooler that cannot)."""
    connection.ensure_connection()
    return (CursorDebugWrapper if connection.queries_logged else CursorWrapper)(_Kept(connection.connection), connection)


def planned_once() -> CursorWrapper:
    """The same, planned for any values at its first run on a connection; so is what is prepared in the rest of the transaction. Left to itself
    the server plans five times at least before it keeps a plan, and a connection may not live as long. For statements whose best plan does
    not hang on their values."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    return prepared()


class _Kept(psycopg.Cursor[Any]):
    """The driver would wait for a fifth run before it has a statement kept."""

    def execute(self, query: Any, params: Params | None = None, **_: Any) -> Self:
        return super().execute(query, params, prepare=True)
