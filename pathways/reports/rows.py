"""What stands behind a number: rows of one kind, in the order they are to be listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Behind(StrEnum):
    JOURNEYS = "journeys"
    WAITS = "waits"
    ITEMS = "items"
    MESSAGES = "messages"
    MATTERS = "matters"
    INBOUND = "inbound"
    REPLIES = "replies"


class UnknownNumber(Exception):
    """The report has no number of this name."""


@dataclass(frozen=True, slots=True)
class Rows:
    """`uids` of what was counted (ids of waits, which have none); as many as the number says. `kinds`: of each, where they differ."""

    kind: Behind
    uids: Sequence[str]
    kinds: Sequence[Behind] = ()

    @property
    def each(self) -> list[tuple[Behind, str]]:
        """What each row is, in order."""
        return list(zip(self.kinds or [self.kind] * len(self.uids), self.uids, strict=True))

    @property
    def what(self) -> str:
        """What they are called together."""
        return "rows" if len(set(self.kinds)) > 1 else str(self.kind)
