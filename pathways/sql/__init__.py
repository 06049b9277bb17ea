"""Named SQL: one statement a file, with its purpose and the index it relies on at the top."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def load(package: str, name: str) -> str:
    """Text of `<package>/<name>.sql`; `package` is dotted ("pathways.sql")."""
    return resources.files(package).joinpath(f"{name}.sql").read_text()
