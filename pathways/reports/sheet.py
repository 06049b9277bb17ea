"""What every report gives: one sheet of typed values. Page, command, CSV and XLSX render a sheet; none of them computes a number.

A cell that counts people has a `key`, unique in its sheet, so that small numbers can be hidden with all that would give them away
(`pathways.reports.hiding`); a share or a median names the keys it `rests_on`. `opens` is what a report's `rows` takes to list
the journeys, items or messages behind a number: they add up to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_noop

from pathways.reports.estimators import Estimate

Value = str | int | float | date | datetime | None


class Kind(StrEnum):
    """How a value is written."""

    WORDS = "words"
    COUNT = "count"
    SHARE = "share"  # 0 to 1, written as percent
    POINTS = "points"  # a difference of shares, written as percentage points
    DAYS = "days"
    NUMBER = "number"
    MONEY = "money"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Cell:
    """`value` with its 95 % limits where it has them. `hidden`: there is a number, and it is not shown. `precise`: it would tell
    single people from each other, so only those see it who may open the rows."""

    value: Value = None
    low: float | None = None
    high: float | None = None
    key: str = ""
    rests_on: tuple[str, ...] = ()
    opens: str = ""
    hidden: bool = False
    precise: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is what files and JSON call it, `label` what people read. `filed`: for files only, pages leave it out."""

    name: str
    label: str
    kind: Kind = Kind.COUNT
    filed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    empty: str = gettext_noop("Nothing to show.")

    @property
    def shown(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if not column.filed)

    @property
    def written(self) -> tuple[tuple[tuple[Column, Cell], ...], ...]:
        """The rows as a page writes them: without the columns that are for files."""
        return tuple(tuple((column, cell) for column, cell in zip(self.columns, row, strict=True) if not column.filed) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number large at the top of a page, with the words that say over what; a share has the counts `of` which it is beside it."""

    cell: Cell
    says: str
    kind: Kind = Kind.COUNT
    of: tuple[tuple[str, Cell], ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart: what `charts.drawn` takes, with its name and what is to be seen in words."""

    name: str
    title: str
    said: str
    rows: tuple[Mapping[str, Any], ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fresh:
    """How far a feed has told us: `until` is what it speaks for; `late` where it has been silent for too long."""

    feed: str
    site: str
    until: datetime | None
    late: bool


@dataclass(frozen=True, slots=True)
class About:
    """What makes a number defensible: whom it speaks of, until when, by which definition, and what is not known yet."""

    as_of: datetime
    programme: str = ""
    versions: tuple[str, ...] = ()
    fresh: tuple[Fresh, ...] = ()
    whom: str = ""
    censoring: str = ""
    horizon_days: int | None = None
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """A total and the parts that make it up, by key. Everything that a reader could subtract."""

    total: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """`says` are plain sentences, the most important first. `latent` are counts that are not shown and could be worked out."""

    name: str
    title: str
    says: tuple[str, ...]
    about: About
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str = ""
    sums: tuple[Sum, ...] = ()
    latent: Mapping[str, int] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        return next(one for one in self.tables if one.name == name)


def words(text: str, note: str = "") -> Cell:
    return Cell(text, note=note)


def count(value: int, *, key: str = "", opens: str = "") -> Cell:
    return Cell(value, key=key, opens=opens if value else "")


def told(value: int | None, opens: str = "") -> Cell:
    """A count as `shown` gives it: None was hidden."""
    return Cell(hidden=True) if value is None else count(value, opens=opens)


def estimated(estimate: Estimate, *rests_on: str) -> Cell:
    return Cell(estimate.value, estimate.low, estimate.high, rests_on=rests_on)


def with_cells(sheet: Sheet, change: Any) -> Sheet:
    """The sheet with every cell of tables and figures passed through `change`."""
    tables = tuple(replace(one, rows=tuple(tuple(change(cell) for cell in row) for row in one.rows)) for one in sheet.tables)
    figures = (replace(one, cell=change(one.cell), of=tuple((says, change(cell)) for says, cell in one.of)) for one in sheet.figures)
    return replace(sheet, tables=tables, figures=tuple(figures))


def counted(sheet: Sheet) -> dict[str, int]:
    """Every count of people that the sheet shows, by key."""
    figures = [cell for one in sheet.figures for cell in (one.cell, *(cell for _, cell in one.of))]
    cells: Sequence[Cell] = [cell for table in sheet.tables for row in table.rows for cell in row] + figures
    return {cell.key: int(cell.value) for cell in cells if cell.key and isinstance(cell.value, int)}


def as_plain(sheet: Sheet) -> dict[str, Any]:
    """The sheet as JSON: a list of rows per table, values by column name, limits beside them; hidden values are null."""
    return {
        "report": sheet.name,
        "title": sheet.title,
        "says": list(sheet.says),
        "programme": sheet.about.programme or None,
        "versions": list(sheet.about.versions),
        "as_of": sheet.about.as_of.isoformat(),
        "horizon_days": sheet.about.horizon_days,
        "suppressed": sheet.about.suppressed,
        "censoring": sheet.about.censoring,
        "fresh": [{"feed": one.feed, "site": one.site, "until": _plain(one.until), "late": one.late} for one in sheet.about.fresh],
        "refused": sheet.refused or None,
        "tables": {table.name: [_row(table, row) for row in table.rows] for table in sheet.tables},
        "notes": list(sheet.notes),
    }


def _row(table: Table, row: Sequence[Cell]) -> dict[str, Any]:
    return dict(pair for column, cell in zip(table.columns, row, strict=True) for pair in flat(column, cell))


def flat(column: Column, cell: Cell) -> list[tuple[str, Any]]:
    """A cell as named values: `share`, and `share.low`, `share.high` where the column is an estimate."""
    value = [(column.name, None if cell.hidden else _plain(cell.value))]
    if column.kind in (Kind.SHARE, Kind.POINTS, Kind.DAYS):
        value += [(f"{column.name}.low", None if cell.hidden else cell.low), (f"{column.name}.high", None if cell.hidden else cell.high)]
    return value


def _plain(value: Value) -> Any:
    return value.isoformat() if isinstance(value, date) else value
