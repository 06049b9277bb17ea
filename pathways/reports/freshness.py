"""What a report stands on: how far each feed has told us, and by which versions of the programme the journeys were replayed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pathways.models import Feed, PathwayVersion
from pathways.reports.sheet import Fresh


def freshness(sites: Sequence[int] | None, *, now: datetime) -> tuple[Fresh, ...]:
    """Per feed of the sites how far its data reach: what a batch states, else when it was last heard."""
    feeds = Feed.objects.filter(site__is_training=False).select_related("site").order_by("site__name", "name")
    if sites is not None:
        feeds = feeds.filter(site__in=list(sites))
    return tuple(Fresh(one.name, one.site.name, _until(one), _late(one, now)) for one in feeds)


def _until(feed: Feed) -> datetime | None:
    return feed.data_as_of if feed.mode == Feed.Mode.BATCH else feed.heard_at


def _late(feed: Feed, now: datetime) -> bool:
    heard = feed.heard_at
    return feed.longest_silence is not None and (heard is None or now - heard > feed.longest_silence)


def versions(ids: Iterable[int]) -> tuple[str, ...]:
    """Versions by name, in order: `nsclc-biomarker v2`."""
    rows = PathwayVersion.objects.filter(pk__in=set(ids)).order_by("code", "number").values_list("code", "number")
    return tuple(f"{code} v{number}" for code, number in rows)


def in_force(pathway: str) -> tuple[str, ...]:
    """The version that is published now; of all programmes where none is named."""
    rows = PathwayVersion.objects.filter(status=PathwayVersion.Status.PUBLISHED).order_by("code")
    if pathway:
        rows = rows.filter(code=pathway)
    return tuple(f"{code} v{number}" for code, number in rows.values_list("code", "number"))
