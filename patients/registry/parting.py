"""What each of two records knows of its person once they are parted: names, numbers and addresses that were said of the one while it was
seen through the other go back to it, and leave the other as its own messages last said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from patients.demographics import Demographics
from patients.models import ContactPoint

from . import writing
from .known import SAID_AS_IS, Known, Saying, fold

OF_A_PERSON = ("family", "given", "birth_lo", "birth_hi", "time_zone", *SAID_AS_IS)


class Told(msgspec.Struct, frozen=True):
    """What one message said of a person. `record` is the one whose number it gave; None where it gave both, or none."""

    record: int | None
    said: Demographics
    how: Saying


def give_back(*, loser: int, survivor: int, told: Sequence[Told], since: datetime, now: datetime) -> bool:
    """Puts both records right; whether anything was wrong. The caller has the transaction.

    Args:
        told: what is kept of both, the oldest first, from before they were joined too.
        since: when they were joined.
    """
    strange = [one for one in told if one.record == loser and one.how.now >= since]
    if not strange:
        return False
    own = [one for one in told if one.record != loser]
    writing.lock(sorted({loser, survivor}))
    before = writing.read([loser, survivor], site=None)
    after = dict(before)
    for one in strange:
        after[loser] = fold(after[loser], one.said, one.how)
    after[survivor] = _without(before[survivor], strange, own, since)
    news = [after[pk] for pk in (loser, survivor) if after[pk] != before[pk]]
    if news:
        writing.change(news, before, site=None, now=now, replace=True)
    return bool(news)


def _without(known: Known, strange: Sequence[Told], own: Sequence[Told], since: datetime) -> Known:
    """The survivor without what was said of the other alone. A field of which its own messages never spoke stays: nobody knows better."""
    changes: dict[str, Any] = {}
    for name in OF_A_PERSON:
        value, stated = getattr(known, name), _values(own, name)
        if value and value in _values(strange, name) and value not in stated and stated:
            changes[name] = stated[-1]
    for name, held in (("phones", "phone__e164"), ("emails", "mailbox__address")):
        right = _list(name, known, strange, own, _held(known.person, held, since))
        if right != getattr(known, name):
            changes[name] = right
    return msgspec.structs.replace(known, **changes) if changes else known


def _values(told: Sequence[Told], name: str) -> list[Any]:
    return [value for one in told if (value := getattr(one.said, name))]


def _list(name: str, known: Known, strange: Sequence[Told], own: Sequence[Told], held: Sequence[str]) -> tuple[str, ...]:
    """The list that registration last stated of the record itself, else what it had when they were joined; then what came otherwise."""
    lists = [getattr(one.said, name) for one in own if one.how.registers and getattr(one.said, name)]
    base = tuple(lists[-1] if lists else held)
    others = {each for one in strange for each in getattr(one.said, name)} - {each for one in own for each in getattr(one.said, name)}
    kept = [each for each in getattr(known, name) if each not in base and each not in others]
    return (*base, *kept)


def _held(person: int, what: str, since: datetime) -> list[str]:
    """What the person used when the two were joined, best first."""
    points = ContactPoint.objects.filter(person=person, since__lte=since, **{f"{what}__isnull": False}).exclude(until__lt=since)
    return list(points.order_by("rank", "pk").values_list(what, flat=True))
