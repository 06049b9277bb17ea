"""A spreadsheet file as a plain table of cells: CSV as text, XLSX with its own days and numbers. Formulas are never computed. Pure."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from pathways.ingest.csv import decode
from pathways.uploads import Unusable

from . import packed
from .headings import Cell, NoHeadings, parted

LARGEST = 4 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS = 5_000, 100
LONGEST = 500

__all__ = ["Cell", "Unusable", "table"]
# A cell as it is kept: text, a number as in the sheet, or a day as `2026-03-20`, which needs no interpreting any more.

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How a file in UTF-16 begins."""


def table(body: bytes) -> list[list[Cell]]:
    """All rows that hold something, the headings first, as one row; each as long as the headings.

    Raises:
        Unusable: too large, not a table, no heading or no row.
    """
    if len(body) > LARGEST:
        raise Unusable(_("The file is larger than 4 MB. Split it."))
    rows = _xlsx(body) if body[:2] == b"PK" else _csv(body)
    kept = [row for row in rows if any(str(cell).strip() for cell in row)]
    if len(kept) < 2:
        raise Unusable(_("The sheet needs a row of headings and at least one row below it."))
    if len(kept) > MOST_ROWS + 1:
        raise Unusable(_("More than %(MOST_ROWS)s rows. Split the file.") % {"MOST_ROWS": f"{MOST_ROWS:,}"})
    try:
        headings, below = parted(kept)
    except NoHeadings as error:
        raise Unusable(_("Below the title no row names the columns. Write a row of headings above the first patient.")) from error
    if not below:
        raise Unusable(_("The sheet needs a row of headings and at least one row below it."))
    width = max((n for n, cell in enumerate(headings, start=1) if str(cell).strip()), default=0)
    if width > MOST_COLUMNS:
        raise Unusable(_("More than %(MOST_COLUMNS)s columns. Leave out what is not needed.") % {"MOST_COLUMNS": MOST_COLUMNS})
    return [_named(headings[:width]), *([*row, *[""] * width][:width] for row in below)]


def _named(headings: Sequence[Cell]) -> list[Cell]:
    """Headings as text, each once: a second `Date` is `Date (2)`."""
    named: list[Cell] = []
    for n, cell in enumerate(headings, start=1):
        name = " ".join(str(cell).split())[:80] or _("Column %(n)s") % {"n": n}
        same = sum(1 for one in named if one == name or str(one).startswith(f"{name} ("))
        named.append(f"{name} ({same + 1})" if same else name)
    return named


def _csv(body: bytes) -> list[list[Cell]]:
    text = body.decode("utf-16", "replace") if body[:2] in UTF_16 else decode(body)  # as a spreadsheet saves "Unicode text"
    if "\x00" in text:
        raise Unusable(_("The file is neither CSV nor XLSX. Save it as one of the two."))
    head = "".join(text.split("\n", 3)[:3])  # a first line may be a title
    delimiter = max(",;\t|", key=head.count)
    try:
        return [[cell.strip()[:LONGEST] for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise Unusable(_("The table cannot be read: %(error)s.") % {"error": error}) from error


def _xlsx(body: bytes) -> list[list[Cell]]:
    """The first sheet that holds something. A file that unpacks to much more than any tracker is refused unread."""
    try:
        with ZipFile(io.BytesIO(body)) as file:
            book = CalamineWorkbook.from_filelike(packed.anew(file))
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=True)
            if rows:
                return [[_cell(value) for value in row] for row in rows]
    except packed.TooFar as error:
        raise Unusable(
            _("A cell stands far below or beside the table. Delete the empty rows and columns around it, and save it again.")
        ) from error
    except packed.NoWorkbook as error:
        raise Unusable(_("This is no spreadsheet that can be read. Save it as XLSX or CSV.")) from error
    except (CalamineError, BadZipFile, OSError, ValueError, RuntimeError, EOFError, zlib.error, ExpatError) as error:
        raise Unusable(_("The file is damaged or protected. Save it once more as XLSX without a password.")) from error
    return []


def _cell(value: object) -> Cell:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    if isinstance(value, float | int):
        return float(value)
    if isinstance(value, timedelta):
        return ""
    return str(value).replace("\x00", " ").strip()[:LONGEST]
