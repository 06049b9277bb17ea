"""Minutes: how many are staffed today, how many the open work needs, what falls below the line and who answers for it, and what is coming.

The figures are for planning a day, not for judging anybody: a person's own minutes are what they or their lead entered, else a local default.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from notifications.hands import Here
from notifications.models import StaffedTime
from pathways.sql import load
from patients.calendars import calendar_for_site
from patients.models import Site, User
from patients.sites import MINUTES_A_DAY, minutes_a_day

FORECAST_DAYS = 14
MINUTES_AN_ITEM: dict[str, float] = {
    "problem": 20, "matter": 15, "reply": 8, "mail_answer": 8, "bad_number": 10, "unknown_send": 10, "no_text": 15, "letter": 5, "interpreter": 25, "hand_over": 5, "result_changed": 20, "note": 5, "call": 10,
}  # fmt: skip
"""How long an item takes by kind of cause, until enough were measured. Local default."""
MEASURED_FROM = 20
MEASURED_SINCE = timedelta(days=60)
LONGEST_SITTING = timedelta(hours=2)
"""What took longer from claim to outcome was not worked on all the while."""


@dataclass(frozen=True, slots=True)
class Line:
    """Today's work of one role at one site. `below`: items for which no minute is left; `owners` answer for that risk."""

    site: str
    role: str
    items: int
    minutes: int
    staffed: int
    below: int
    critical_below: int
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coming:
    """Items that a day brings, by role, if nothing else happens."""

    day: date
    by_role: dict[str, int]

    @property
    def items(self) -> int:
        return sum(self.by_role.values())


def lines(sites: Sequence[Site], *, now: datetime) -> list[Line]:
    """Work against minutes, by site and role."""
    if not sites:
        return []
    here, minutes = Here(now), minutes_an_item(sites, now=now)
    staffed = staffed_minutes(sites, here)
    params: dict[str, Any] = {
        "sites": [site.pk for site in sites], "causes": list(minutes), "minutes": list(minutes.values()),
        "held_at": [site for site, _ in here.roles], "holders": [user for _, user in here.roles],
        "holder_roles": [str(gives_minutes_to(roles)) for roles in here.roles.values()],
        "staffed_sites": [site for site, _ in staffed], "staffed_roles": [role for _, role in staffed], "staffed": list(staffed.values()),
    }  # fmt: skip
    names = {site.pk: site.name for site in sites}
    with connection.cursor() as cursor:
        cursor.execute(load("notifications.sql", "capacity_line"), params)
        found = cursor.fetchall()
    return [
        Line(names[site], role, items, needed, minutes_staffed, below, critical, _answer_for(site, here))
        for site, role, items, needed, minutes_staffed, below, critical in found
    ]


def _answer_for(site_id: int, here: Here) -> tuple[str, ...]:
    """The leads who are here; a risk without an owner is said to have none."""
    return tuple(lead.get_full_name() or lead.username for lead in here.leads(site_id))


def gives_minutes_to(roles: AbstractSet[str]) -> str:
    """Of several roles the one that a person's minutes, and what they hold, are counted for."""
    return str(next(role for role in MINUTES_A_DAY if role in roles))


def staffed_minutes(sites: Sequence[Site], here: Here) -> dict[tuple[int, str], int]:
    """Minutes of today by site and role of those who are here; none on a holiday, at a weekend only what somebody entered for it."""
    entered = {(row.site_id, row.user_id): row.minutes for row in StaffedTime.objects.filter(site__in=sites)}
    staffed: dict[tuple[int, str], int] = {}
    for site in sites:
        today = here.now.astimezone(ZoneInfo(site.time_zone)).date()
        holiday = today in calendar_for_site(site.pk).holidays
        for (at, user_id), roles in here.roles.items():
            if at != site.pk:
                continue
            role = gives_minutes_to(roles)
            own = entered.get((at, user_id))
            minutes = 0 if holiday else own[today.weekday()] if own else 0 if today.weekday() > 4 else minutes_a_day(site, role)
            staffed[at, str(role)] = staffed.get((at, str(role)), 0) + minutes
    return staffed


def minutes_an_item(sites: Sequence[Site], *, now: datetime) -> dict[str, float]:
    """The median from claim to outcome by kind of cause at these sites, where at least twenty were measured; else the local default."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cause_kind, percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM closed_at - claimed_at) / 60) "
            "FROM notifications_workitem WHERE state = 'done' AND site_id = ANY (%s) AND closed_at >= %s AND NOT shadow "
            "AND closed_at - claimed_at BETWEEN interval '30 seconds' AND make_interval(secs => %s) GROUP BY cause_kind HAVING count(*) >= %s",
            [[site.pk for site in sites], now - MEASURED_SINCE, LONGEST_SITTING.total_seconds(), MEASURED_FROM],
        )
        measured = {kind: float(median) for kind, median in cursor.fetchall()}
    return MINUTES_AN_ITEM | measured


def arriving(sites: Sequence[Site], *, now: datetime) -> list[Coming]:
    """Two weeks, every day of them, also those that bring nothing."""
    with connection.cursor() as cursor:
        params: dict[str, Any] = {"sites": [site.pk for site in sites], "now": now, "until": now + timedelta(days=FORECAST_DAYS)}
        cursor.execute(load("notifications.sql", "arriving_work"), params)
        found = cursor.fetchall()
    first = now.astimezone(ZoneInfo(sites[0].time_zone)).date() if sites else now.date()
    days = [first + timedelta(days=n) for n in range(FORECAST_DAYS + 1)]
    by_day: dict[date, dict[str, int]] = {day: {} for day in days}
    for _, role, day, items in found:
        by_role = by_day.setdefault(day, {})
        by_role[role] = by_role.get(role, 0) + items
    return [Coming(day, by_day[day]) for day in sorted(by_day)]


def enter_minutes(*, user: User, site: Site, minutes: Sequence[int]) -> None:
    """What somebody has for the queue on each day of the week, Monday first."""
    StaffedTime.objects.update_or_create(user=user, site=site, defaults={"minutes": list(minutes)})
