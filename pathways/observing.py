"""What can be seen at a site, and how long a feed may be quiet: set by a named person, read by the sweep and the reports."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from pathways.kinds import FED
from pathways.models import Coverage, Expectation, Feed
from pathways.sql import load
from pathways.writing.wire import apart, execute
from patients.calendars import calendar_for_site
from patients.models import Site, User

KEPT_SECONDS = 60
"""How long a process may go on without an expectation that somebody has just added."""
LONGEST_LOOK = 60  # days
SATURDAY = 5


class Seen(msgspec.Struct, frozen=True):
    """How one kind of event is seen; `feed` only where it is fed."""

    how: Coverage.How
    feed: Feed | None = None


class Hours(msgspec.Struct, frozen=True):
    """When a feed is expected to speak: local hours (none: day and night), every day or on working days."""

    opens: time | None = None
    closes: time | None = None
    working_days: bool = False

    @property
    def always(self) -> bool:
        return self.opens is None and self.closes is None and not self.working_days


DAY_AND_NIGHT = Hours()


def cover(*, site: Site, seen: Mapping[str, Seen | None], by: User, now: datetime) -> int:
    """Says of kinds of events how they are seen at the site (None: nobody has said); how many changed. Open waits follow at once.

    Raises:
        ValueError: an unknown kind; fed by no feed, or by a feed of another site.
    """
    for kind, one in seen.items():
        _check(site, kind, one)
    changed = 0
    with transaction.atomic():
        present = {row.kind: row for row in Coverage.objects.select_for_update().filter(site=site)}
        for kind, one in seen.items():
            changed += _put(site, kind, one, present.get(kind), by, now)
        if changed:
            execute(load("pathways.sql", "repoint_stays"), {"site": site.pk})
    return changed


def expect(
    *, site: Site, feed: Feed, kind: str, longest_silence: timedelta, by: User, now: datetime, hours: Hours = DAY_AND_NIGHT
) -> Expectation:
    """The feed is expected to bring the kind (blank: anything) at least so often, within these hours. Judged anew at once.

    Raises:
        ValueError: an unknown kind, a feed of another site, no time at all, or hours that end before they begin.
    """
    if kind and kind not in FED:
        raise ValueError(f"kind: no feed can bring {kind!r}")
    if feed.site_id != site.pk:
        raise ValueError("feed: it speaks for another site")
    if longest_silence <= timedelta(0):
        raise ValueError("longest_silence: must be some time")
    if (hours.opens is None) != (hours.closes is None) or (hours.opens and hours.closes and hours.opens >= hours.closes):
        raise ValueError("hours: give both, the first before the last")
    stated = {"longest_silence": longest_silence, "changed_by": by, "changed_at": now, **msgspec.structs.asdict(hours)}
    with transaction.atomic():
        row, made = Expectation.objects.select_for_update().update_or_create(site=site, feed=feed, kind=kind, defaults=stated)
        row.heard_at = row.heard_at or (now if made else None)
        _judge(row)
        row.save(update_fields=["heard_at", "silent_from"])
    _changed(feed)
    return row


def forget(expectation: Expectation) -> None:
    """Nothing special is expected any more; the feed's own longest silence still holds."""
    feed = expectation.feed
    expectation.delete()
    _changed(feed)


def hear(feed_id: int, kinds: Collection[str], *, now: datetime) -> None:
    """The feed brought these kinds: their quiet begins anew."""
    if not cache.get_or_set(_key(feed_id), lambda: Expectation.objects.filter(feed=feed_id).exists(), KEPT_SECONDS):
        return
    with apart(), transaction.atomic():
        rows = list(Expectation.objects.select_for_update().filter(feed=feed_id, kind__in=[*kinds, ""]).order_by("pk"))
        for row in rows:
            row.heard_at = max(row.heard_at or now, now)
            _judge(row)
        Expectation.objects.bulk_update(rows, ["heard_at", "silent_from"])


def silence_ends(heard_at: datetime, longest: timedelta, hours: Hours, *, zone: str, holidays: Collection[date]) -> datetime:
    """When a feed heard at `heard_at` has been quiet for `longest` of its hours. Pure; the answer is in UTC."""
    if hours.always:
        return heard_at.astimezone(UTC) + longest
    place, left = ZoneInfo(zone), longest
    start = heard_at.astimezone(place)
    for n in range(LONGEST_LOOK):
        day = start.date() + timedelta(days=n)
        if hours.working_days and (day.weekday() >= SATURDAY or day in holidays):
            continue
        opens = datetime.combine(day, hours.opens or time(), tzinfo=place).astimezone(UTC)
        closes = (datetime.combine(day, hours.closes, tzinfo=place) if hours.closes else _midnight_after(day, place)).astimezone(UTC)
        begins = max(opens, heard_at.astimezone(UTC))
        if begins < closes:
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
    return heard_at.astimezone(UTC) + timedelta(days=LONGEST_LOOK)


def _midnight_after(day: date, place: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=place)


def _judge(row: Expectation) -> None:
    plain = calendar_for_site(row.site_id)
    hours = Hours(row.opens, row.closes, row.working_days)
    row.silent_from = (
        silence_ends(row.heard_at, row.longest_silence, hours, zone=plain.zone, holidays=plain.holidays) if row.heard_at else None
    )


def _changed(feed: Feed) -> None:
    """Waits that the feed's silence parked are judged afresh by the new word."""
    cache.delete(_key(feed.pk))
    execute("UPDATE pathways_stay SET gated = false WHERE feed_id = %s AND gated", [feed.pk])


def _key(feed_id: int) -> str:
    return f"pathways.expectations.{feed_id}"


def _check(site: Site, kind: str, one: Seen | None) -> None:
    if kind not in FED:
        raise ValueError(_("%(kind)s: no such kind of event") % {"kind": kind})
    if one is not None and one.how == Coverage.How.FED and (one.feed is None or one.feed.site_id != site.pk):
        raise ValueError(_("%(kind)s: fed needs a feed of the site") % {"kind": kind})


def _put(site: Site, kind: str, one: Seen | None, row: Coverage | None, by: User, now: datetime) -> bool:
    if one is None:
        if row is not None:
            row.delete()
        return row is not None
    feed = one.feed if one.how == Coverage.How.FED else None
    if row is not None and (row.how, row.feed_id) == (one.how, feed.pk if feed else None):
        return False
    stated = {"how": one.how, "feed": feed, "changed_by": by, "changed_at": now}
    Coverage.objects.update_or_create(site=site, kind=kind, defaults=stated)
    return True
