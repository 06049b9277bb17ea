"""Named SQL: one statement a file, with its purpose and the index it relies on at the top."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

import psycopg
from django.db import connection
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper

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
    (after `DATABASE_PREPARE_THRESHOLD` runs on one connection; never behind a pooler that cannot)."""
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    return (CursorDebugWrapper if connection.queries_logged else CursorWrapper)(cursor, connection)
