"""A feed's own codes that nobody understood, and what a person says they mean: for this feed, from now on and for what waits.

The only writer of `CodeMap`. A meaning is applied when a message is read, so what waits is read again, and what comes is understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db import transaction

from pathways.definitions import registry
from pathways.models import CodeMap, Feed, Inbound
from patients.models import User

from . import feeds, quarantine, screening, split, vocabulary, waiting
from .applying import Applier
from .fhir import local as fhir_local
from .hl7 import local as hl7_local
from .message import Unreadable
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
        for place, code, text in dict.fromkeys(_codes(row)):
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
    holding = [row for row in waiting_of(feed) if any((place, code) == (where, what) for where, what, _ in _codes(row))]
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
    """The code means nothing any more from now on. What was understood by it stays in the record, and is corrected there by a person.

    Raises:
        Refused: somebody took it back already, or no reason is given.
    """
    if not why.strip():
        raise Refused("Say why.")
    if meaning is None or not _end(CodeMap.objects.filter(pk=meaning.pk, ended_at=None), by=by, why=why.strip()[:300], now=now):
        raise Refused("It was taken back already.")


def _end(rows: object, *, by: User, why: str, now: datetime) -> int:
    return int(rows.update(ended_at=now, ended_by=by, ended_why=why))  # type: ignore[attr-defined]


def _read_again(feed: Feed, place: str, code: str, *, by: User, now: datetime) -> int:
    """Tries what waits and holds the code once more, the oldest first; how many came to something."""
    holding = [row.pk for row in waiting_of(feed) if any((place, code) == (where, what) for where, what, _ in _codes(row))]
    kinds, done = registry.listened_to(), 0
    for pk in sorted(holding)[:AT_ONCE]:
        with transaction.atomic():
            row = Inbound.objects.select_for_update(of=("self",)).select_related("feed__site").get(pk=pk)
            if row.outcome == Inbound.Outcome.QUARANTINED:
                done += quarantine.replay(inbound=row, by=by, now=now).outcome == Inbound.Outcome.APPLIED
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
        parsed = split.parse(_piece(row), profile)
    except Unreadable:
        return False
    return any(screening.relevant(subject, kinds) for subject in parsed.subjects)


def _piece(row: Inbound) -> split.Piece:
    body = bytes(row.body)
    return split.Piece(row.format, body) if row.format in split.READERS else next(split.split(body))


def _codes(row: Inbound) -> Iterator[tuple[str, str, str]]:
    """(place, code, text) of the codes of a message's own; nothing of what cannot be read."""
    yield from _codes_of(row.format, bytes(row.body))


def _codes_of(form: str, body: bytes) -> Iterable[tuple[str, str, str]]:
    try:
        match form:
            case "hl7v2":
                return list(hl7_local.codes_of(body))
            case "fhir":
                return list(fhir_local.codes_of(body))
    except (Unreadable, ValueError):
        pass
    return ()


__all__ = ["Refused", "Unknown", "preview", "say", "take_back", "unknown", "waiting_of"]
