"""A feed's own codes that nobody understood, and what a person says they mean: for this feed, from now on and for what waits.

Written here, but for how far `unreading` is. A meaning is applied when a message is read: what waits is read again when it is given, what was
read by it when it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from pathways.definitions import registry
from pathways.models import CodeMap, Event, Feed, Inbound
from patients.models import User

from . import feeds, quarantine, screening, split, unreading, vocabulary, waiting
from .applying import Applier
from .message import Unreadable
from .spoken import codes_of, piece_of
from .vocabulary import Meanings

LOOKED_AT = 2_000
"""Of the messages that wait, so many of the latest are looked through for codes."""
AT_ONCE = 500


class Refused(ValueError):
    """Why not, in words for the person who tried."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A code of the feed that has no meaning yet: how often it came in what waits, when last, and how like one of ours it sounds."""

    place: str
    code: str
    text: str
    times: int
    last: datetime
    likeness: int


def waiting_of(feed: Feed) -> list[Inbound]:
    """Messages of the feed that came to nothing: nobody listens, or they are in quarantine; the latest first."""
    rows = Inbound.objects.filter(feed=feed).exclude(body=b"")
    found = [*rows.unheard().order_by("-pk")[:LOOKED_AT], *rows.quarantined().order_by("-pk")[:LOOKED_AT]]
    return sorted(found, key=lambda row: row.pk, reverse=True)


def unknown(feed: Feed) -> list[Unknown]:
    """Codes without a meaning, those that sound most like ours first; a test before its lines, which nobody reads while it has no meaning."""
    known = set(CodeMap.objects.filter(feed=feed, ended_at=None).values_list("place", "code"))
    found: dict[tuple[str, str], Unknown] = {}
    for row in waiting_of(feed):
        for place, code, text in dict.fromkeys(codes_of(row)):
            if (place, code) in known:
                continue
            before = found.get((place, code))
            words = f"{code} {text}"
            found[place, code] = Unknown(
                place,
                code,
                before.text if before else text,
                (before.times if before else 0) + 1,
                before.last if before else row.received_at,
                vocabulary.likeness(place, words),
            )
    return sorted(found.values(), key=lambda one: (-one.likeness, vocabulary.PLACES.index(one.place), -one.times, one.code))


def preview(*, feed: Feed, place: str, code: str, target: str) -> tuple[int, int]:
    """How many waiting messages hold the code, and how many of these would come to something if it meant `target`."""
    holding = [row for row in waiting_of(feed) if any((place, code) == (where, what) for where, what, _ in codes_of(row))]
    kinds = registry.listened_to()
    meanings = {**feeds.meanings(feed), (place, code): target}
    return len(holding), sum(_is_heard(row, meanings, kinds) for row in holding)


def say(*, feed: Feed, place: str, code: str, text: str, target: str, why: str, by: User, now: datetime) -> CodeMap:
    """The code means `target` from now on, in this feed; what waits for it is read again.

    Raises:
        Refused: no such term, or no reason.
    """
    if place not in vocabulary.PLACES or (target != vocabulary.NOTHING and not vocabulary.label(place, target)):
        raise Refused("Choose one of the meanings.")
    if not why.strip() or not code:
        raise Refused("Say how you know.")
    with transaction.atomic():
        Feed.objects.select_for_update(no_key=True).get(pk=feed.pk)
        _end(CodeMap.objects.filter(feed=feed, place=place, code=code, ended_at=None), by=by, why="given another meaning", now=now)
        made = CodeMap.objects.create(
            feed=feed, place=place, code=code[:200], text=text[:200], target=target, why=why.strip()[:300], at=now, by=by
        )
    if target != vocabulary.NOTHING:
        made.let_in = _read_again(feed, place, code, by=by, now=now)
        made.save(update_fields=["let_in"])
    return made


def take_back(*, meaning: CodeMap | None, why: str, by: User, now: datetime) -> None:
    """The code means nothing any more, and nothing ever rested on it: what was read by it is read again without it, from the next tick on.

    Raises:
        Refused: somebody took it back already, or no reason is given.
    """
    if not why.strip():
        raise Refused("Say why.")
    if meaning is None or not _end(CodeMap.objects.filter(pk=meaning.pk, ended_at=None), by=by, why=why.strip()[:300], now=now):
        raise Refused("It was taken back already.")


def _end(rows: QuerySet[CodeMap], *, by: User, why: str, now: datetime) -> int:
    """What was read by them is to be read again; a code that was said to be none of our concern let nothing in."""
    rows.exclude(target=vocabulary.NOTHING).update(rereads_after=0)
    return rows.update(ended_at=now, ended_by=by, ended_why=why)


def _read_again(feed: Feed, place: str, code: str, *, by: User, now: datetime) -> int:
    """Tries what waits and holds the code once more, the oldest first; how many came to something."""
    holding = [row.pk for row in waiting_of(feed) if any((place, code) == (where, what) for where, what, _ in codes_of(row))]
    kinds, done = registry.listened_to(), 0
    for pk in sorted(holding)[:AT_ONCE]:
        with transaction.atomic():
            row = Inbound.objects.select_for_update(of=("self",)).select_related("feed__site").get(pk=pk)
            if row.outcome == Inbound.Outcome.QUARANTINED:
                done += quarantine.replay(inbound=row, by=by, now=now).outcome == Inbound.Outcome.APPLIED
                continue
            if Event.objects.filter(inbound=row).exists():  # it was read before, and what it said was retracted
                done += unreading.read_again(row, {}, feeds.meanings(feed), by_id=by.pk, now=now)
                continue
            item = waiting.item_of(row)
            if item.parsed is not None and any(screening.relevant(subject, kinds) for subject in item.parsed.subjects):
                applier = Applier(row.feed, now)
                applier.apply([item])
                waiting.let_in(applier.arrived, now=now)
                done += 1
    return done


def _is_heard(row: Inbound, meanings: dict[tuple[str, str], str], kinds: frozenset[str]) -> bool:
    """Whether the message would say something that a programme listens to, if its codes meant this."""
    profile = msgspec.structs.replace(feeds.profile(row.feed, row.received_at), meanings=Meanings(meanings))
    try:
        parsed = split.parse(piece_of(row), profile)
    except Unreadable:
        return False
    return any(screening.relevant(subject, kinds) for subject in parsed.subjects)


__all__ = ["Refused", "Unknown", "preview", "say", "take_back", "unknown", "waiting_of"]
