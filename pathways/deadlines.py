"""When something is due. Pure: a deadline is a function of a moment, a duration and a site's calendar.

Rules, all in the site's own zone:

* `days`, `weeks`, `months` and `working days` end at the close of business (`Calendar.closes`) of the last day, so that a deadline never
  falls earlier than the target says and keeps its wall time when clocks change. The day of the event is day 0.
* `working hours` count only between `opens` and `closes` of working days; `hours` are elapsed hours, day and night.
* A partial date (`2026-03`) counts from its upper bound: never early.
* A day that the target month lacks is the first of the next month (29 February + 12 months = 1 March).
* A hold pushes the deadline by as much of the duration's own unit as it covered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from pathways.facts import Moment
from pathways.timeline import Calendar, HoldSpan

UNITS = ("hours", "working_hours", "days", "working_days", "weeks", "months")
_SPELLED = re.compile(r"^\s*([+-]?\d{1,5})\s+(working[ _])?(hour|day|week|month)s?\s*$")


class Duration(msgspec.Struct, frozen=True):
    """An amount of a unit; negative amounts are offsets before a deadline."""

    amount: int
    unit: str

    def __str__(self) -> str:
        unit = self.unit.replace("_", " ")
        return f"{self.amount} {unit[:-1] if abs(self.amount) == 1 else unit}"


def parse(text: str | int) -> Duration:
    """`10 working days`, `-2 days`, `+1 working day`, `72 hours`, `0`. Raises ValueError that quotes the text."""
    if str(text).strip() in {"0", "+0", "-0"}:
        return Duration(0, "hours")
    found = _SPELLED.match(str(text))
    if not found:
        raise ValueError(f"not a duration: {text!r} (write for example '10 working days', '72 hours', '6 months')")
    amount, working, unit = found.groups()
    name = f"{'working_' if working else ''}{unit}s"
    if name not in UNITS:
        raise ValueError(f"not a duration: {text!r} (working time is counted in hours or days)")
    return Duration(int(amount), name)


def as_timedelta(duration: Duration) -> timedelta:
    """Plain elapsed time for rows that hold an interval: five working days make a week, a month has 30 days."""
    amount = duration.amount
    match duration.unit:
        case "hours" | "working_hours":
            return timedelta(hours=amount)
        case "days":
            return timedelta(days=amount)
        case "working_days":
            weeks, rest = divmod(abs(amount), 5)
            return (1 if amount >= 0 else -1) * timedelta(days=7 * weeks + rest)
        case "weeks":
            return timedelta(weeks=amount)
        case _:
            return timedelta(days=30 * amount)


def due(moment: Moment | datetime, duration: Duration, calendar: Calendar, holds: Sequence[HoldSpan] = ()) -> datetime:
    """The instant (UTC) by which what was promised at `moment` should have come; see the rules above."""
    start = moment.hi if isinstance(moment, Moment) else moment
    clock = clock_of(calendar)
    end = clock.after(start, duration)
    for since, until in _merged(holds):
        if since < end and until > start:
            end = clock.later(end, max(since, start), until, duration.unit)
    return end


def offset(due_at: datetime, duration: Duration, calendar: Calendar) -> datetime:
    """`due_at` moved by a signed duration at the same local wall time: where a rung of a ladder lies."""
    return clock_of(calendar).shifted(due_at, duration)


def add_months(day: date, months: int) -> date:
    """A day that the target month lacks becomes the first of the next one: never early."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    try:
        return date(year, month, day.day)
    except ValueError:
        return date(year + month // 12, month % 12 + 1, 1)


def _merged(holds: Iterable[HoldSpan]) -> list[tuple[datetime, datetime]]:
    """Closed holds in time order, overlaps joined; a hold without end has no deadline to move."""
    spans: list[tuple[datetime, datetime]] = []
    for since, until in sorted((hold.since, hold.until) for hold in holds if hold.until is not None and hold.until > hold.since):
        if spans and since <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], until))
        else:
            spans.append((since, until))
    return spans


class Clock:
    """A calendar with its answers remembered: replay asks the same few hundred days again and again."""

    __slots__ = ("_days", "_ends", "_working", "calendar", "zone")

    def __init__(self, calendar: Calendar) -> None:
        if not 0 <= calendar.opens < calendar.closes <= 24:
            raise ValueError(f"a site cannot work from {calendar.opens} to {calendar.closes} o'clock")
        self.calendar = calendar
        self.zone = ZoneInfo(calendar.zone)
        self._ends: dict[tuple[int, Duration], datetime] = {}
        self._days: dict[tuple[int, int], int] = {}
        self._working: dict[int, bool] = {}

    def after(self, start: datetime, duration: Duration) -> datetime:
        """The end of a duration that starts at `start`; day units are remembered by local day."""
        if duration.unit == "hours":
            return start + timedelta(hours=duration.amount)
        local = start.astimezone(self.zone)
        if duration.unit == "working_hours":
            return self._working_hours(local, duration.amount)
        key = (local.toordinal(), duration)
        end = self._ends.get(key)
        if end is None:
            end = self._ends[key] = self.at_hour(self._day(local.toordinal(), duration), self.calendar.closes)
        return end

    def shifted(self, instant: datetime, duration: Duration) -> datetime:
        if duration.unit == "hours":
            return instant + timedelta(hours=duration.amount)
        local = instant.astimezone(self.zone)
        if duration.unit == "working_hours":
            return self._working_hours(local, duration.amount)
        day = date.fromordinal(self._day(local.toordinal(), duration))
        return datetime.combine(day, local.time(), self.zone).astimezone(UTC)

    def later(self, end: datetime, since: datetime, until: datetime, unit: str) -> datetime:
        """`end` pushed by what of `unit` lies between `since` and `until`."""
        if unit == "hours":
            return end + (until - since)
        first, last = since.astimezone(self.zone), until.astimezone(self.zone)
        if unit == "working_hours":
            return self._working_time(end.astimezone(self.zone), self._worked(first, last))
        days = last.toordinal() - first.toordinal()
        if unit == "working_days":
            held = sum(self.is_working(day) for day in range(first.toordinal() + 1, last.toordinal() + 1))
            return self.shifted(end, Duration(held, "working_days"))
        return self.shifted(end, Duration(days, "days"))

    def at_hour(self, ordinal: int, hour: int) -> datetime:
        """A local hour of a day as UTC; 24 is the midnight that ends it, a skipped hour is moved on, of a doubled one the first counts."""
        day = date.fromordinal(ordinal + hour // 24)
        return datetime.combine(day, time(hour % 24), self.zone).astimezone(UTC)

    def is_working(self, ordinal: int) -> bool:
        known = self._working.get(ordinal)
        if known is None:
            day = date.fromordinal(ordinal)
            known = self._working[ordinal] = day.weekday() < 5 and day not in self.calendar.holidays
        return known

    def _day(self, ordinal: int, duration: Duration) -> int:
        amount = duration.amount
        match duration.unit:
            case "days":
                return ordinal + amount
            case "weeks":
                return ordinal + 7 * amount
            case "months":
                return add_months(date.fromordinal(ordinal), amount).toordinal()
            case _:
                return self._working_day(ordinal, amount)

    def _working_day(self, ordinal: int, amount: int) -> int:
        """The n-th working day after (or before) a day; 0 is the day itself, or the next working day when it is none."""
        key = (ordinal, amount)
        day = self._days.get(key)
        if day is None:
            step = 1 if amount >= 0 else -1
            day, left = ordinal, abs(amount)
            while left or not self.is_working(day):
                day += step
                left -= left > 0 and self.is_working(day)
            self._days[key] = day
        return day

    def _working_hours(self, local: datetime, hours: int) -> datetime:
        if hours >= 0:
            return self._working_time(local, timedelta(hours=hours))
        return self._working_time_before(local, timedelta(hours=-hours))

    def _working_time(self, local: datetime, left: timedelta) -> datetime:
        ordinal, at = local.toordinal(), local.astimezone(UTC)
        while True:
            if self.is_working(ordinal):
                start, end = max(at, self.at_hour(ordinal, self.calendar.opens)), self.at_hour(ordinal, self.calendar.closes)
                if start < end and left <= end - start:
                    return start + left
                left -= max(end - start, timedelta())
            ordinal += 1

    def _working_time_before(self, local: datetime, left: timedelta) -> datetime:
        ordinal, at = local.toordinal(), local.astimezone(UTC)
        while True:
            if self.is_working(ordinal):
                start, end = self.at_hour(ordinal, self.calendar.opens), min(at, self.at_hour(ordinal, self.calendar.closes))
                if start < end and left <= end - start:
                    return end - left
                left -= max(end - start, timedelta())
            ordinal -= 1

    def _worked(self, first: datetime, last: datetime) -> timedelta:
        """Working time between two local instants."""
        total = timedelta()
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            if self.is_working(ordinal):
                start = max(first.astimezone(UTC), self.at_hour(ordinal, self.calendar.opens))
                end = min(last.astimezone(UTC), self.at_hour(ordinal, self.calendar.closes))
                total += max(end - start, timedelta())
        return total


@lru_cache(maxsize=256)
def clock_of(calendar: Calendar) -> Clock:
    """One clock per calendar and process; a site that changes its holidays has another calendar."""
    return Clock(calendar)
