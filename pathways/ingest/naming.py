"""Whose numbers a stored message names, and what it says of them: asked when two records are parted that were one when it came."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from pathways.models import Inbound
from patients import registry
from patients.demographics import Demographics

from . import feeds, split
from .message import ParsedMessage, Unreadable

LATEST = 300
"""So many of the last messages about two records are read again for what they say of who it is."""


def names_others(row: Inbound, members: Collection[int]) -> bool:
    """Whether the message gives a number of somebody who is none of these records; one that cannot be read any more may."""
    parsed = _read(row)
    if parsed is None:
        return True
    return bool({record for subject in parsed.subjects if subject.person for record in _records(subject.person)} - set(members))


def told_of(loser: int, survivor: int) -> list[registry.Told]:
    """What the last messages about either record said of who it is, the oldest first."""
    kept = Inbound.objects.filter(patient__in=[loser, survivor], outcome=Inbound.Outcome.APPLIED).exclude(body=b"")
    rows = list(kept.select_related("feed").order_by("-pk")[:LATEST])
    return [one for row in reversed(rows) for one in _told(row, {loser, survivor})]


def _told(row: Inbound, both: set[int]) -> Iterator[registry.Told]:
    parsed = _read(row)
    for subject in parsed.subjects if parsed else ():
        if subject.person is None or not (named := _records(subject.person) & both):
            continue
        how = registry.Saying(row.feed.name, row.applied_at or row.received_at, row.feed.may_register)
        person = msgspec.structs.replace(subject.person, said_at=row.message_at) if row.message_at else subject.person
        yield registry.Told(named.pop() if len(named) == 1 else None, person, how)


def _read(row: Inbound) -> ParsedMessage | None:
    try:
        return split.parse(split.Piece(row.format, bytes(row.body)), feeds.profile(row.feed, row.received_at))
    except Unreadable:
        return None


def _records(person: Demographics) -> set[int]:
    return registry.records_named({(number.authority, number.value) for number in person.identifiers})
