"""Plain values as tables: what `shown` gives becomes the rows and columns of a sheet, whatever fields it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext, gettext_noop

from pathways.reports.sheet import Cell, Column, Kind, Table

LABELS = {
    "n": "journeys",
    "from": "from",
    "to": "to",
    "left.preventable": gettext_noop("left, preventable"),
    "left.patient_choice": gettext_noop("left, patient's choice"),
    "left.appropriate": gettext_noop("left, appropriate"),
    "left.competing": gettext_noop("left, competing"),
    "left.administrative": gettext_noop("left, administrative"),
    "not_applicable": gettext_noop("not applicable"),
    "label": gettext_noop("step"),
    "median_days": gettext_noop("median days"),
    "days_25%": gettext_noop("a quarter within, days"),
    "days_75%": gettext_noop("three quarters within, days"),
    "days_90%": gettext_noop("nine of ten within, days"),
    "oldest_days": gettext_noop("oldest, days"),
    "conversion": gettext_noop("within the horizon"),
}
ESTIMATE = {"value", "low", "high"}
Opens = Callable[[Mapping[str, Any], str], str]


def table(
    name: str,
    title: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    opens: Opens = lambda row, column: "",
    leave: Sequence[str] = (),
    filed: Sequence[str] = (),
    **more: str,
) -> Table:
    """`opens` gives the name of the number in a row's column; `leave` are fields that are left out, `filed` those for files only. Lists have no place in a table."""
    flat = [dict(_flat(row, leave)) for row in rows]
    names = dict.fromkeys(name for row in flat for name in row)
    columns = tuple(
        Column(one, gettext(LABELS.get(one, one.replace("_", " ").replace(".", ", "))), _kind(one, flat), one in filed) for one in names
    )
    cells = tuple(
        tuple(_cell(values.get(column.name), column, opens(row, column.name)) for column in columns)
        for row, values in zip(rows, flat, strict=True)
    )
    return Table(name, title, columns, cells, **more)


def _flat(row: Mapping[str, Any], leave: Sequence[str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if name in leave or isinstance(value, list):
            continue
        if isinstance(value, Mapping) and not (value and set(value) <= ESTIMATE):
            yield from _flat(value, leave, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _kind(name: str, rows: Sequence[Mapping[str, Any]]) -> Kind:
    values = [row[name] for row in rows if row.get(name) is not None]
    if any(isinstance(one, Mapping) for one in values):
        return Kind.DAYS if "days" in name or "median" in name else Kind.SHARE
    if any(isinstance(one, str | bool) for one in values) or (not values and name in ("target", "source", "problem")):
        return Kind.WORDS
    if name.startswith("share_"):
        return Kind.SHARE
    return Kind.NUMBER if "days" in name.split("_") or any(isinstance(one, float) for one in values) else Kind.COUNT


def _cell(value: Any, column: Column, opens: str) -> Cell:
    """A count or an estimate that is missing was hidden; words that are missing are nothing."""
    if isinstance(value, Mapping):
        return Cell(value["value"], value["low"], value["high"])
    if isinstance(value, bool):
        return Cell(gettext("yes") if value else gettext("no"))
    if value is None:
        return Cell(hidden=column.kind in (Kind.COUNT, Kind.SHARE))
    return Cell(value, opens=opens if column.kind is Kind.COUNT and value else "")
