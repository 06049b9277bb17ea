"""What stands behind a number: rows of one kind, in the order they are to be listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Behind(StrEnum):
    JOURNEYS = "journeys"
    ITEMS = "items"
    MESSAGES = "messages"
    MATTERS = "matters"
    INBOUND = "inbound"
    REPLIES = "replies"


class UnknownNumber(Exception):
    """The report has no number of this name."""


@dataclass(frozen=True, slots=True)
class Rows:
    """`uids` of what was counted; as many as the number says."""

    kind: Behind
    uids: Sequence[str]
