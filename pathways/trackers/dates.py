"""Days as people type them into a spreadsheet. What could be two days is read by the order that the mapping states, or not at all. Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .sheet import Cell

ORDERS = {
    "dmy": gettext_lazy("day, month, year (20.3.2026, 20/03/26)"),
    "mdy": gettext_lazy("month, day, year (3/20/2026)"),
    "ymd": gettext_lazy("year, month, day (2026-03-20, 2026/3/20)"),
}
EMPTY = frozenset({"", "-", "–", "?", "n/a", "na", "none", "no", "pending", "tbd", "not yet", "pendiente", "unknown", "unk"})
MONTHS = {
    name: n
    for n, names in enumerate(
        (
            "jan ene", "feb", "mar", "apr abr", "may", "jun", "jul", "aug ago", "sep set", "oct", "nov", "dec dic",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_NUMBERS = re.compile(r"(\d{1,4})\s*[./\- ]\s*(\d{1,2})\s*[./\- ]\s*(\d{1,4})")
_ISO = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?(?:[T ]\d{2}:\d{2}(?::\d{2})?)?")
_NAMED = re.compile(r"(?:(\d{1,2})[\s.\-]*([a-z]{3})[a-z]*|([a-z]{3})[a-z]*[\s.]*(\d{1,2}))[\s.,\-]*(\d{4}|\d{2})", re.IGNORECASE)
SERIAL_ZERO = date(1899, 12, 30)
"""Day 0 of the serial numbers by which spreadsheets count days (they take 1900 for a leap year)."""
SERIALS = (15_000, 80_000)  # 1941 to 2119


class NoDay(ValueError):
    """The cell names no day, or could name two."""


def day_of(cell: Cell, order: str, today: date) -> str:
    """`2026-03-20`, or `2026-03` where no day was written; blank for a cell that says nothing yet.

    Raises:
        NoDay: in words for whoever filled in the sheet.
    """
    if isinstance(cell, float):
        return _serial(cell).isoformat()
    text = cell.strip()
    if text.casefold() in EMPTY:
        return ""
    if text.isdecimal() and len(text) == 5:
        return _serial(float(text)).isoformat()
    if iso := _ISO.fullmatch(text):
        return f"{iso[1]}-{iso[2]}" if iso[3] is None and 1 <= int(iso[2]) <= 12 else _day(int(iso[1]), int(iso[2]), int(iso[3] or 0), text)
    if named := _NAMED.fullmatch(text):
        month = MONTHS.get((named[2] or named[3]).casefold())
        if month:
            return _day(_year(named[5], today), month, int(named[1] or named[4]), text)
    if numbers := _NUMBERS.fullmatch(text):
        return _ordered(numbers, order, today, text)
    raise NoDay(_("“%(text)s” is no date.") % {"text": text[:40]})


def _ordered(numbers: re.Match[str], order: str, today: date, text: str) -> str:
    parts = dict(zip(order, numbers.groups(), strict=True))
    if len(parts["d"]) > 2 or len(parts["m"]) > 2 or len(parts["y"]) not in (2, 4):
        raise NoDay(_("“%(text)s” is not written as %(order)s.") % {"text": text, "order": ORDERS[order]})
    try:
        return _day(_year(parts["y"], today), int(parts["m"]), int(parts["d"]), text)
    except NoDay:
        raise NoDay(_("“%(text)s” is no date as %(order)s.") % {"text": text, "order": ORDERS[order]}) from None


def _year(text: str, today: date) -> int:
    """Two digits mean the latest such year that has begun."""
    if len(text) == 4:
        return int(text)
    year = today.year // 100 * 100 + int(text)
    return year if year <= today.year else year - 100


def _day(year: int, month: int, day: int, text: str) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise NoDay(_("“%(text)s” is no day of the calendar.") % {"text": text[:40]}) from None


def _serial(number: float) -> date:
    if not SERIALS[0] <= number < SERIALS[1]:
        raise NoDay(_("“%(number)s” is a number and no date.") % {"number": f"{number:g}"})
    return SERIAL_ZERO + timedelta(days=int(number))
