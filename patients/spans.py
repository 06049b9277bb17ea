"""Dates as senders write them: `1962`, `1962-03`, `19620320`, `202603011405-0500`. A partial date becomes the span it may mean. Pure."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

WRITTEN = re.compile(
    r"(?P<year>\d{4})(?:-?(?P<month>\d\d)(?:-?(?P<day>\d\d)"
    r"(?:[T ]?(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,]\d+)?)?)?\s*(?P<offset>Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?)?)?)?"
)
NOBODY_WAS_BORN_BEFORE = 1880
SENTINEL_BIRTHS = frozenset({date(1900, 1, 1), date(1901, 1, 1)})


@lru_cache(maxsize=65_536)
def days(text: str) -> tuple[date, date] | None:
    """First and last day that `text` may mean; None where it names no day. A month `00` says that only the year is known."""
    found = WRITTEN.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day = int(found["year"]), int(found["month"] or 0), int(found["day"] or 0)
    try:
        if not month:
            return date(year, 1, 1), date(year, 12, 31)
        if not day:
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
        return date(year, month, day), date(year, month, day)
    except ValueError:
        return None


def birth(text: str) -> tuple[date, date] | None:
    """As `days`, without the dates that registration desks type when they know none (`19000101`, `0000`)."""
    span = days(text)
    if span is None or span[0].year < NOBODY_WAS_BORN_BEFORE or (span[0] == span[1] and span[0] in SENTINEL_BIRTHS):
        return None
    return span


def instants(text: str, zone: str) -> tuple[datetime, datetime] | None:
    """First and last instant (UTC) that `text` may mean; without an offset it is the sender's local time in `zone`."""
    span, found = days(text), WRITTEN.fullmatch(text.strip())
    if span is None or found is None:
        return None
    where = _offset(found["offset"]) if found["offset"] else ZoneInfo(zone)
    try:
        return _within(span, found, where)
    except OverflowError:  # the first or last day that there is, on a clock ahead or behind
        return None


def _within(span: tuple[date, date], found: re.Match[str], where: tzinfo) -> tuple[datetime, datetime] | None:
    if not found["hour"]:
        last = datetime.combine(span[1] + timedelta(days=1), time(), where).astimezone(UTC) - timedelta(microseconds=1)
        return datetime.combine(span[0], time(), where).astimezone(UTC), last
    seconds = int(found["hour"]) * 3600 + int(found["minute"] or 0) * 60 + min(int(found["second"] or 0), 59)
    if seconds > 24 * 3600 or int(found["minute"] or 0) > 59 or int(found["second"] or 0) > 60:
        return None
    local = datetime.combine(span[0], time()) + timedelta(seconds=seconds)  # 24:00 is the next midnight, :60 a leap second
    return (instant := local.replace(tzinfo=where).astimezone(UTC)), instant


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
