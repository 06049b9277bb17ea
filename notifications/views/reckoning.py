"""The arithmetic of a deadline, day by day: which days count, which do not, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from pathways.deadlines import Clock, Duration
from pathways.timeline import HoldSpan
from patients.calendars import name_of_closure

LONGEST = 92  # days told one by one; of longer ones the months are enough
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Day:
    """One day between start and deadline. `number` is its place among those that count, 0 where it does not; then `why` says why not."""

    on: date
    number: int
    why: str = ""


def days(clock: Clock, start: datetime, end: datetime, duration: Duration, holds: Sequence[HoldSpan], site_id: int) -> list[Day]:
    """Every day after the first until the deadline. Day 0 is the day of the fact itself. Hours are told by their two ends, not by days."""
    first, last = (moment.astimezone(clock.zone).date() for moment in (start, end))
    if duration.unit in ("hours", "working_hours") or not 0 < (last - first).days <= LONGEST:
        return []
    held, counted, told = held_days(holds, clock.zone), 0, []
    for n in range(1, (last - first).days + 1):
        day = first + timedelta(days=n)
        why = _("on hold") if day in held else _closed(clock, day, site_id) if duration.unit == "working_days" else ""
        counted += not why
        told.append(Day(day, 0 if why else counted, why))
    return told


def held_days(holds: Iterable[HoldSpan], zone: ZoneInfo) -> set[date]:
    """A hold takes the days after the one it began on, the one it ended on included: as deadlines are pushed."""
    found: set[date] = set()
    for hold in holds:
        if hold.until is not None:
            since, until = hold.since.astimezone(zone).date(), hold.until.astimezone(zone).date()
            found |= {since + timedelta(days=n) for n in range(1, (until - since).days + 1)}
    return found


def _closed(clock: Clock, day: date, site_id: int) -> str:
    if clock.is_working(day.toordinal()):
        return ""
    return _("weekend") if day.weekday() >= SATURDAY else name_of_closure(site_id, day) or _("without work")
