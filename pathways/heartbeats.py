"""What stands still at the doors: a feed silent for longer than it ever should be, and messages that nobody let in for a day.

Silence is not a stall: the waits that a silent feed would end are parked (`ring_due_rungs.sql`), and one incident to the lab liaison
stands for all of them. It ends by itself when the feed speaks, and what was parked is judged afresh.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Count, F, Min, Q

from pathways.models import Feed, Inbound, Matter, MatterKind
from pathways.writing.changes import Changes, NewMatter
from pathways.writing.house import House
from pathways.writing.matters import SILENT, ladder_times
from pathways.writing.store import store

UNREAD_AFTER = timedelta(hours=24)
"""How long a message may stand in quarantine before somebody is asked (local default)."""

KINDS = {MatterKind.FEED_SILENT: "heard again", MatterKind.QUARANTINE: "none left"}


class Incident(msgspec.Struct, frozen=True):
    kind: MatterKind
    feed: int
    site: int
    detail: dict[str, Any]


class Watched(msgspec.Struct, frozen=True):
    """Incidents opened, and those that ended by themselves."""

    opened: int = 0
    closed: int = 0


def watch(*, now: datetime) -> Watched:
    """Opens an incident for each feed that is silent or has messages waiting, and closes those that are over. Safe to repeat."""
    wanted = {(one.kind.value, str(one.feed)): one for one in (*_silent(now), *_unread(now))}
    with transaction.atomic():
        open_now = {(matter.kind, matter.subject): matter for matter in Matter.objects.filter(kind__in=KINDS, closed_at=None)}
        changes, house = Changes(), House.load(now)
        for name in sorted(wanted.keys() - open_now.keys()):
            _open(changes, house, wanted[name], now)
        over = sorted(open_now.keys() - wanted.keys())
        for name in over:
            changes.close(KINDS[MatterKind(name[0])], open_now[name].pk)
        store(changes, now=now)
    return Watched(len(changes.matters), len(over))


def _silent(now: datetime) -> Iterator[Incident]:
    """Feeds quiet beyond their own longest silence, or beyond what is expected of a kind; one incident a feed."""
    quiet = Q(mode=Feed.Mode.LIVE, longest_silence__isnull=False, heard_at__lt=now - F("longest_silence"))
    late = Feed.objects.filter(quiet | Q(expectations__silent_from__lt=now)).distinct()
    for feed in late.prefetch_related("expectations"):
        owed = sorted(one.kind for one in feed.expectations.all() if one.kind and one.silent_from and one.silent_from < now)
        detail = {"feed": feed.name, "heard_at": feed.heard_at.isoformat() if feed.heard_at else "", "owes": owed}
        yield Incident(MatterKind.FEED_SILENT, feed.pk, feed.site_id, detail)


def _unread(now: datetime) -> Iterator[Incident]:
    waiting = Inbound.objects.quarantined().filter(received_at__lte=now - UNREAD_AFTER)
    rows = waiting.values_list("feed", "feed__name", "feed__site").annotate(Count("pk"), Min("received_at")).order_by("feed")
    for feed, name, site, count, oldest in rows:
        yield Incident(MatterKind.QUARANTINE, feed, site, {"feed": name, "messages": count, "oldest": oldest.isoformat()})


def _open(changes: Changes, house: House, one: Incident, now: datetime) -> None:
    mode = house.site_mode(one.site)
    if mode not in SILENT:
        due_at, rung_at = ladder_times(one.kind.value, now, house.calendar(one.site)[0])
        changes.matters.append(NewMatter(one.kind.value, str(one.feed), one.site, None, None, mode, one.detail, now, due_at, rung_at))
