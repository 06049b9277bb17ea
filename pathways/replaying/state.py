"""What replay knows while it reads the facts of one journey in order."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from pathways.timeline import Anomaly, HoldSpan

if TYPE_CHECKING:
    from pathways.definitions.compiled import Stage
    from pathways.facts import Fact


class Seen(NamedTuple):
    """A milestone that is reached or implied: first time (lower and upper bound) and the lineage that says so."""

    at: datetime
    hi: datetime
    basis: str
    implied: bool = False


class OpenStay:
    """A stay as replay makes it; `anchor` is the upper bound from which its deadline counts."""

    __slots__ = ("anchor", "entered_at", "left_at", "left_by", "occurrence", "root", "stage")

    def __init__(self, stage: Stage, occurrence: int, root: str, entered_at: datetime, anchor: datetime) -> None:
        self.stage = stage
        self.occurrence = occurrence
        self.root = root
        self.entered_at = entered_at
        self.anchor = anchor
        self.left_at: datetime | None = None
        self.left_by = ""


class State:
    """Mutable, lives for one replay. `places`: where a track stands, its stage or how it ended; absent where it never began."""

    __slots__ = (
        "anomalies",
        "before_void",
        "changed",
        "corrected",
        "denied",
        "ended_at",
        "entry",
        "exit_class",
        "exit_reason",
        "holds",
        "keys",
        "left_in",
        "matters",
        "open",
        "opened",
        "outcome",
        "places",
        "reaches",
        "seen",
        "status",
        "stays",
        "times",
        "turns",
    )

    def __init__(self, entry: str) -> None:
        self.entry = entry
        self.status = "active"
        self.outcome = ""
        self.exit_reason = ""
        self.exit_class = ""
        self.ended_at: datetime | None = None
        self.opened = False
        self.seen: dict[str, Seen] = {}
        self.reaches: dict[str, list[tuple[Seen, Fact]]] = {}
        self.open: dict[str, OpenStay] = {}
        self.places: dict[str, str] = {}
        self.left_in: list[Stage] = []
        self.stays: list[OpenStay] = []
        self.times: dict[str, int] = {}
        self.turns: dict[str, int] = {}
        self.keys: dict[str, set[str]] = {}
        self.holds: list[HoldSpan] = []
        self.matters: dict[tuple[str, str], None] = {}
        self.anomalies: list[Anomaly] = []
        self.before_void: tuple[str, str, str, str, datetime | None] | None = None
        self.changed: set[str] = set()
        self.corrected: list[Fact] = []
        self.denied: set[str] = set()
