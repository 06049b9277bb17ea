"""How late something is, in the unit people count in: the working days of its site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pathways.deadlines import Clock, clock_of
from pathways.timeline import Calendar
from patients.calendars import calendar_for_site

MOST = 400  # days walked one by one; what is older is simply "over a year"


@dataclass(frozen=True, slots=True)
class Distance:
    """Working days past due (`over`), or still to go; neither on the day itself."""

    over: int = 0
    to_go: int = 0
    long_ago: bool = False
    passed: bool = False  # the day it was due is over, also where no working day has gone by since

    @property
    def counts(self) -> bool:
        """Whether there is a number to show, large, above its unit."""
        return bool(self.over) and not self.long_ago

    @property
    def unit(self) -> str:
        return ngettext("working day", "working days", self.over)

    def __str__(self) -> str:
        if self.long_ago:
            return _("over a year")
        if self.over:
            return ngettext("%(n)s working day", "%(n)s working days", self.over) % {"n": self.over}
        if self.passed:
            return _("past due")
        if self.to_go:
            return _("due in %(to_go)s wd") % {"to_go": self.to_go}
        return _("due today")


def distance(due: datetime, now: datetime, clock: Clock) -> Distance:
    due_day, today = (moment.astimezone(clock.zone).toordinal() for moment in (due, now))
    if today - due_day > MOST:
        return Distance(over=MOST, long_ago=True, passed=True)
    if due < now and due_day < today:
        return Distance(over=working_days(clock, due_day, today), passed=True)
    return Distance(to_go=working_days(clock, today, due_day))


def clock_of_site(site_id: int) -> Clock:
    """Of what the site works by; a page asks once for each of its sites."""
    return clock_of(calendar_of(site_id))


def calendar_of(site_id: int) -> Calendar:
    plain = calendar_for_site(site_id)
    return Calendar(zone=plain.zone, holidays=frozenset(plain.holidays))


def working_days(clock: Clock, after: int, until: int) -> int:
    """Working days later than the day `after`, `until` included (both ordinals); 0 when `until` is not later."""
    return sum(clock.is_working(day) for day in range(after + 1, min(until, after + MOST) + 1))
