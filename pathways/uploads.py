"""Tables that a person uploads: a registry's list, the navigators' own. Read whole, in memory; nothing is kept of the file. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from pathways.ingest.cells import NUMBER, plain
from pathways.ingest.csv import decode

LARGEST = 2 * 1024 * 1024
MOST_ROWS = 20_000


class Unusable(ValueError):
    """The table cannot be used; the words say what to change."""


class Line(msgspec.Struct, frozen=True):
    """One row: its number in the file (the heading is 1), the patient's number, and the other cells by plain column name."""

    n: int
    mrn: str
    cells: Mapping[str, str]


def read(body: bytes, *, needed: Collection[str] = ()) -> list[Line]:
    """The rows of a CSV with a heading; comma, semicolon and tab are told apart.

    Raises:
        Unusable: too large, no column for the patient's number, a needed column missing, or no row at all.
    """
    if len(body) > LARGEST:
        raise Unusable(_("The file is larger than 2 MB. Split it."))
    table = _table(decode(body))
    if not table:
        raise Unusable(_("The file is empty."))
    names = [plain(name) for name in table[0]]
    if not any(name in NUMBER for name in names):
        raise Unusable(_("The first line names no column “mrn”, so no row can be about anybody."))
    if missing := sorted(set(needed) - set(names)):
        raise Unusable(_("The first line names no column “%(missing)s”.") % {"missing": "”, “".join(missing)})
    lines = [line for n, cells in enumerate(table[1:], start=2) if (line := _line(n, names, cells)) is not None]
    if not lines:
        raise Unusable(_("No row names a patient’s number."))
    if len(lines) > MOST_ROWS:
        raise Unusable(_("More than %(MOST_ROWS)s rows. Split the file.") % {"MOST_ROWS": f"{MOST_ROWS:,}"})
    return lines


def _table(text: str) -> Sequence[Sequence[str]]:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise Unusable(_("The table cannot be read: %(error)s.") % {"error": error}) from error


def _line(n: int, names: Sequence[str], cells: Sequence[str]) -> Line | None:
    said: dict[str, Any] = {name: cell.strip()[:500] for name, cell in zip(names, cells, strict=False) if name}
    mrn = next((said[name] for name in NUMBER if said.get(name)), "")
    return Line(n, mrn[:120], said) if mrn else None
