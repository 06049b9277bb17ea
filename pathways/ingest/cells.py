"""Cells of a table row: names, dates and codes as people write them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pathways.facts import Moment

from . import codes
from .codes import Coded
from .message import Unreadable
from .statement import Statement
from .when import moment

Row = Mapping[str, str]

NUMBER = ("mrn", "patientid", "patientmrn", "medicalrecordnumber")
WHEN = (
    "date",
    "occurred",
    "occurredat",
    "dateofdiagnosis",
    "effectivedate",
    "authoredon",
    "startdate",
    "start",
    "dateofobservation",
    "daterecorded",
    "recordeddate",
)


def plain(name: str) -> str:
    """Column names compare without case, blanks and punctuation: `Birth Date`, `birth_date` and `birthDate` are one."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def first(row: Row, *names: str) -> str:
    return next((row[name] for name in names if row.get(name)), "")


def when_of(row: Row, statement: Statement, *names: str) -> Moment | None:
    """The first of the columns that is filled. A date that cannot be read stops the row: a guess would start or end a clock."""
    for name in names or WHEN:
        if text := row.get(name, ""):
            found = moment(text, statement.profile.time_zone)
            if found is None:
                raise Unreadable(
                    "csv_date",
                    f"The column {name} holds no date as 2026-03-20 or 2026-03-20T14:05-05:00 (months and years alone are fine).",
                )
            return found
    return None


def coded_of(row: Row, code: str = "code", system: str = "codesystem", text: str = "text") -> Coded:
    words = first(row, text, "displayname", "displaytext", "description")
    written = row.get(code, "")
    named, _, bare = written.rpartition("|")
    return Coded(((codes.system(named or row.get(system, "")), bare, words),) if bare else (), words)
