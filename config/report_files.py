"""Sheets as files: CSV of one table, a workbook of all of them. They hold what the page shows, hidden numbers blank."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import xlsxwriter

from pathways.reports.sheet import About, Cell, Column, Kind, Sheet, Table, flat

FORMULA = ("=", "+", "-", "@", "\t", "\r")
HIDDEN = "hidden"
FORMATS = {Kind.SHARE: "0.0%", Kind.POINTS: "+0.0%;-0.0%", Kind.DAYS: "0.0", Kind.NUMBER: "0.0", Kind.MONEY: "0.00", Kind.COUNT: "0"}
WIDEST, NARROWEST = 60, 9


def as_csv(sheet: Sheet, name: str = "") -> str:
    """One table of the sheet, the first where none is named. Words cannot start a formula."""
    table = sheet.table(name) if name else sheet.tables[0]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_plain(title) for column in table.columns for title, _ in flat(column, Cell()))
    for row in table.rows:
        writer.writerow(_plain(value) for column, cell in zip(table.columns, row, strict=True) for _, value in flat(column, cell))
    return out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value


def as_workbook(sheet: Sheet) -> bytes:
    """A workbook: first what the numbers stand on, then each table. Cells are typed; words are never formulas or links."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
    book = xlsxwriter.Workbook(out, options)
    look: dict[Any, Any] = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "said": book.add_format({"text_wrap": True, "valign": "top"}),
        "soft": book.add_format({"font_color": "#666666"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        **{kind: book.add_format({"num_format": code}) for kind, code in FORMATS.items()},
    }
    _cover(book.add_worksheet("About"), sheet, look)
    for table in sheet.tables:
        _tab(book.add_worksheet(_tab_name(table, book)), table, look)
    book.close()
    return out.getvalue()


def _cover(page: Any, sheet: Sheet, look: dict[Any, Any]) -> None:
    page.set_column(0, 0, 22)
    page.set_column(1, 1, 90)
    lines = [("Report", sheet.title), *(("What is to be seen", said) for said in sheet.says), *_stands_on(sheet.about)]
    lines += [("Note", note) for note in sheet.notes] + ([("Refused", sheet.refused)] if sheet.refused else [])
    for i, (label, said) in enumerate(lines):
        page.write_string(i, 0, label, look["head"])
        page.write_string(i, 1, said, look["said"])


def _stands_on(about: About) -> Iterator[tuple[str, str]]:
    yield "As of", about.as_of.isoformat(timespec="minutes")
    yield "Programme", about.programme or "all"
    yield "Definition", ", ".join(about.versions) or "none"
    yield "Whom it speaks of", about.whom
    yield "Not known yet", about.censoring
    if about.horizon_days:
        yield "Horizon", f"{about.horizon_days} days"
    if about.suppressed:
        yield "Small numbers", "1 to 10, and what would give them away, are hidden; others are to the nearest five"
    for one in about.fresh:
        until = one.until.isoformat(timespec="minutes") if one.until else "never heard"
        yield f"Feed {one.feed}", f"{one.site}: {until}{', late' if one.late else ''}"


def _tab_name(table: Table, book: Any) -> str:
    """Excel allows 31 characters and few signs; two tables never share a name."""
    name = "".join(sign for sign in table.title if sign not in "[]:*?/\\'")[:28] or "Table"
    taken = {one.get_name().lower() for one in book.worksheets()}
    return name if name.lower() not in taken else f"{name[:26]} {len(taken)}"


def _tab(page: Any, table: Table, look: dict[Any, Any]) -> None:
    page.freeze_panes(1, 1)
    at = 0
    for column in table.columns:
        for offset, (name, _) in enumerate(flat(column, Cell())):
            page.write_string(0, at + offset, _heading(column, name), look["head"])
        width = max([len(column.label) * 0.7, *(len(str(row[table.columns.index(column)].value or "")) for row in table.rows)])
        page.set_column(at, at, min(WIDEST, max(NARROWEST, width + 2)))
        for i, row in enumerate(table.rows, start=1):
            _write(page, i, at, column, row[table.columns.index(column)], look)
        at += len(flat(column, Cell()))


def _heading(column: Column, name: str) -> str:
    return column.label if name == column.name else f"95 % {name.rpartition('.')[2]}"


def _write(page: Any, row: int, at: int, column: Column, cell: Cell, look: dict[Any, Any]) -> None:
    if cell.hidden:
        page.write_string(row, at, HIDDEN, look["soft"])
        return
    for offset, (_, value) in enumerate(flat(column, cell)):
        if value is None or value == "":
            continue
        if isinstance(value, int | float) and not isinstance(value, bool):
            page.write_number(row, at + offset, value, look[column.kind if column.kind in FORMATS else Kind.NUMBER])
        elif column.kind is Kind.DAY and isinstance(cell.value, date):
            page.write_datetime(row, at + offset, _local(cell.value), look["day"])
        else:
            page.write_string(row, at + offset, str(value))


def _local(day: date) -> date:
    return day.replace(tzinfo=None) if isinstance(day, datetime) else day
