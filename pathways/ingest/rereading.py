"""What nothing listened to is kept for a while: read again when a programme that listens comes into force, forgotten in the end.

A publication leaves its place on the version (`rereads_after`); the tick goes on from there, so that a killed process loses nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from pathways.definitions import registry
from pathways.models import Feed, Inbound, PathwayVersion

from . import screening, waiting
from .applying import Applier

BATCH = 200


def reread(*, now: datetime, batches: int = 5) -> int:
    """Goes on wherever publications left messages to read again, in the order received; how many were read. `batches` bounds one call."""
    read = 0
    for _ in range(batches):
        found = _some(now)
        read += found
        if found < BATCH:
            break
    return read


def forget(*, now: datetime) -> int:
    """Empties the bodies of messages without effect whose feed's retention is over; their rows stay and still know a resend."""
    return sum(
        Inbound.objects.filter(feed=feed, no_effect=True, received_at__lt=now - timedelta(days=feed.retention_days))
        .exclude(body=b"")
        .update(body=b"")
        for feed in Feed.objects.order_by("pk")
    )


def _some(now: datetime) -> int:
    """One batch with the place where it ended, in a transaction of its own; versions that stand at one place move on together."""
    with transaction.atomic():
        asking = PathwayVersion.objects.filter(rereads_after__isnull=False).order_by("rereads_after", "pk")
        row = asking.select_for_update(skip_locked=True).first()
        if row is None:
            return 0
        place = row.rereads_after or 0
        found = list(Inbound.objects.unheard().filter(pk__gt=place).select_related("feed__site").order_by("pk")[:BATCH])
        registry.refresh()
        _apply(found, now=now)
        PathwayVersion.objects.filter(rereads_after=place).update(rereads_after=found[-1].pk if len(found) == BATCH else None)
    return len(found)


def _apply(rows: Iterable[Inbound], *, now: datetime) -> None:
    """As a set per feed, then whoever waited for whom they brought in. What still means nothing is not touched."""
    by_feed, kinds = defaultdict(list), registry.listened_to()
    for row in rows:
        item = waiting.item_of(row)
        if item.parsed is not None and any(screening.relevant(subject, kinds) for subject in item.parsed.subjects):
            by_feed[row.feed].append(item)
    for feed, items in by_feed.items():
        applier = Applier(feed, now)
        applier.apply(items)
        waiting.let_in(applier.arrived, now=now)
