"""Whose numbers a stored message names: asked when two records are parted that were one when it came."""

from __future__ import annotations

from collections.abc import Collection

from pathways.models import Inbound
from patients import registry

from . import feeds, split
from .message import Unreadable


def names_others(row: Inbound, members: Collection[int]) -> bool:
    """Whether the message gives a number of somebody who is none of these records; one that cannot be read any more may."""
    piece = split.Piece(row.format, bytes(row.body))
    try:
        parsed = split.parse(piece, feeds.profile(row.feed, row.received_at))
    except Unreadable:
        return True
    numbers = {(number.authority, number.value) for subject in parsed.subjects if subject.person for number in subject.person.identifiers}
    return bool(registry.records_named(numbers) - set(members))
