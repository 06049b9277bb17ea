"""How long a batch takes before it starts: quiet hours, one text a number and day, and what carriers let through. Pure but for one query.

Carriers cap a registered sender by the minute and by the day, by class and score; the defaults are the lowest that AT&T (75 a minute)
and T-Mobile (2,000 a day) give, in segments (`SMS_PER_MINUTE`, `SMS_PER_DAY`). A plan is a forecast: consent, death and progress are asked
at the claim and only make it shorter.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection
from django.db.models import Count, Q

from notifications import hours
from notifications.models import Channel, Message, MessageState
from pathways.sql import load
from patients.calendars import calendar_for_site

OPENS, CLOSES = time(9), time(20)  # where a site says nothing
LONGEST = timedelta(days=60)
A_WEEK = 3  # texts to one number in seven days
SEGMENTS = 2  # of a text, as long as the compiler lets one be
MINUTE = timedelta(minutes=1)


class Crowd(msgspec.Struct, frozen=True):
    """Texts alike in what decides their hour: zones of number and address, the how-manieth of their number (from 0), and the hours and
    closed days of their site."""

    zone: str
    address: str
    country: str
    nth: int
    count: int
    opens: time = OPENS
    closes: time = CLOSES
    quiet: frozenset[date] = frozenset()


class Plan(msgspec.Struct, frozen=True):
    """`hours`: (hour, texts) in which something goes out. `left`: what would take longer than two months."""

    texts: int
    segments: int
    first_at: datetime | None
    last_at: datetime | None
    hours: tuple[tuple[datetime, int], ...]
    left: int = 0

    @property
    def takes(self) -> timedelta:
        return self.last_at - self.first_at if self.first_at and self.last_at else timedelta()

    @property
    def days(self) -> dict[date, int]:
        """Texts by day (UTC)."""
        found: dict[date, int] = defaultdict(int)
        for hour, count in self.hours:
            found[hour.date()] += count
        return dict(found)


def waiting(*, now: datetime, programme: str = "") -> list[Crowd]:
    """The reminders that wait now, of one programme or of all."""
    with connection.cursor() as cursor:
        cursor.execute(load("notifications.sql", "waiting_crowds"), {"now": now, "programme": programme})
        return [
            Crowd(zone, address, country, nth, count, opens, closes, _closed_days(site))
            for zone, address, country, nth, count, opens, closes, site in cursor.fetchall()
        ]


def _closed_days(site: int | None) -> frozenset[date]:
    """Of a site that wants no text on them."""
    return frozenset(calendar_for_site(site).holidays) if site else frozenset()


def beside(*, now: datetime, programme: str = "") -> dict[str, int]:
    """Reminders that wait in other channels, by channel: e-mails, which no carrier holds back, and letters, which a person prints and posts."""
    due = Message.objects.filter(state=MessageState.PENDING, shadow=False, purpose="reminder").exclude(channel=Channel.SMS)
    due = due.filter(Q(expires_at=None) | Q(expires_at__gt=now), **({"programme": programme} if programme else {}))
    return dict(due.values_list("channel").annotate(n=Count("pk")).order_by("channel"))


def room(*, now: datetime, per_minute: int) -> int:
    """How many texts carriers let through now, at so many segments a minute; more would wait at the provider, where no STOP, no death and no
    quiet hour is asked any more. Processes that ask at the same moment may go over it by a batch each, which the provider queues."""
    with connection.cursor() as cursor:
        cursor.execute(load("notifications.sql", "claimed_lately"), {"since": now - MINUTE})
        row = cursor.fetchone()
    assert row is not None
    return max(per_minute // SEGMENTS, 1) - int(row[0])


def pace(crowds: Iterable[Crowd], *, now: datetime, per_minute: int, per_day: int, segments: int = SEGMENTS) -> Plan:
    """Hour by hour: who is awake, whose turn it is, and how many the carriers take. Of a number's texts the next comes a day later, the fourth
    not within the week."""
    queue: Counter[Crowd] = Counter()
    for crowd in crowds:
        queue[crowd] += crowd.count
    total, sent = sum(queue.values()), []
    used: dict[date, int] = defaultdict(int)
    hour = now.replace(minute=0, second=0, microsecond=0)
    while queue and hour < now + LONGEST:
        begin = max(hour, now)
        end = hour + timedelta(hours=1)
        room = min(_through(end - begin, per_minute), per_day - used[hour.date()]) // segments
        gone, first = 0, end
        for crowd in sorted(queue, key=lambda one: one.nth):
            start, stop = _awake(crowd, max(begin, _earliest(now, crowd.nth)), end)
            taken = min(room, queue[crowd], _through(stop - start, per_minute) // segments)
            if taken > 0:
                room, gone, first = room - taken, gone + taken, min(first, start)
                queue[crowd] -= taken
                if not queue[crowd]:
                    del queue[crowd]
        if gone:
            used[hour.date()] += gone * segments
            sent.append((first, gone))
        hour += timedelta(hours=1)
    last = sent[-1][0] + timedelta(minutes=-(-sent[-1][1] * segments // per_minute)) if sent else None
    return Plan(total, total * segments, sent[0][0] if sent else None, last, tuple(sent), sum(queue.values()))


def _earliest(now: datetime, nth: int) -> datetime:
    """Day 0, 1, 2, then a week later again."""
    return now + timedelta(days=7 * (nth // A_WEEK) + nth % A_WEEK)


def _through(time: timedelta, per_minute: int) -> int:
    """Segments that carriers let through in that time."""
    return int(per_minute * (time / MINUTE))


def _awake(crowd: Crowd, begin: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The part of the hour in which every place where the readers may be lies within their site's hours; ends before it begins where there is none."""
    for zone in [ZoneInfo(name) for name in (crowd.zone, crowd.address) if name] or [
        ZoneInfo(name) for name in hours.span(crowd.country, begin)
    ]:
        day = begin.astimezone(zone).date()
        if day in crowd.quiet:
            return end, begin
        begin = max(begin, datetime.combine(day, crowd.opens, zone).astimezone(begin.tzinfo))
        end = min(end, datetime.combine(day, crowd.closes, zone).astimezone(begin.tzinfo))
    return begin, end
