"""A spreadsheet file as a plain table of cells: CSV as text, XLSX with its own days and numbers. Formulas are never computed. Pure."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from pathways.ingest.csv import decode
from pathways.uploads import Unusable

LARGEST = 4 * 1024 * 1024
UNPACKED = 100 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS = 5_000, 100
LONGEST = 500

Cell = str | float
"""As it is kept: text, a number as in the sheet, or a day as `2026-03-20`, which needs no interpreting any more."""


UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How a file in UTF-16 begins."""


def table(body: bytes) -> list[list[Cell]]:
    """All rows that hold something, the headings first; each as long as the headings.

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
    if _filled(kept[0]) == 1 and max(map(_filled, kept[1:])) > 1:
        raise Unusable(_("The first row has one cell only, so most columns have no heading. Take titles away above the row of headings."))
    width = max((n for n, cell in enumerate(kept[0], start=1) if str(cell).strip()), default=0)
    if width > MOST_COLUMNS:
        raise Unusable(_("More than %(MOST_COLUMNS)s columns. Leave out what is not needed.") % {"MOST_COLUMNS": MOST_COLUMNS})
    return [_named(kept[0][:width]), *([*row, *[""] * width][:width] for row in kept[1:])]


def _filled(row: Sequence[Cell]) -> int:
    return sum(1 for cell in row if str(cell).strip())


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
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            if sum(one.file_size for one in packed.infolist()) > UNPACKED or "xl/workbook.xml" not in packed.namelist():
                raise Unusable(_("This is no spreadsheet that can be read. Save it as XLSX or CSV."))
        book = CalamineWorkbook.from_filelike(io.BytesIO(body))
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=True)
            if rows:
                return [[_cell(value) for value in row] for row in rows]
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
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
