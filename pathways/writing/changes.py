"""What the writer decided, as rows ready to be stored. Nothing here touches the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pathways.facts import Fact
from pathways.ordering import Orderer
from pathways.writing.state import JourneyState, StayState


@dataclass(slots=True)
class NewEvent:
    """`id` is given when the rows are stored; the fact carries it from then on."""

    patient_id: int
    fact: Fact
    inbound_id: int | None
    by_id: int | None


@dataclass(slots=True)
class NewMatter:
    kind: str
    subject: str
    site_id: int
    patient_id: int | None
    journey_id: int | None
    mode: str
    detail: dict[str, Any]
    opened_at: datetime
    due_at: datetime
    rung_at: list[datetime]
    release: bool = False


@dataclass(slots=True)
class Changes:
    """Everything one transaction of the writer stores. `repinned`: journey to the version now in force; `restaged`: stay to its new stage."""

    events: list[NewEvent] = field(default_factory=list)
    bindings: list[tuple[int, int, bool, int | None, str]] = field(default_factory=list)
    new_journeys: list[JourneyState] = field(default_factory=list)
    journeys: dict[int, JourneyState] = field(default_factory=dict)
    new_stays: list[tuple[int, StayState]] = field(default_factory=list)
    stays: list[StayState] = field(default_factory=list)
    superseded: list[tuple[int, str]] = field(default_factory=list)
    repinned: dict[int, int] = field(default_factory=dict)
    restaged: dict[int, int] = field(default_factory=dict)
    stay_revisions: list[tuple[int, str, Any]] = field(default_factory=list)
    journey_revisions: list[tuple[int, str, Any]] = field(default_factory=list)
    withdrawn_stays: dict[str, list[int]] = field(default_factory=dict)
    matters: list[NewMatter] = field(default_factory=list)
    closed_matters: dict[str, list[int]] = field(default_factory=dict)
    turns: dict[int, datetime | None] = field(default_factory=dict)
    ordered: dict[int, Orderer | None] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The most rows that any one table gets."""
        return max(len(self.events), len(self.bindings), len(self.new_journeys), len(self.new_stays), len(self.matters))

    def withdraw(self, reason: str, stay_id: int) -> None:
        self.withdrawn_stays.setdefault(reason, []).append(stay_id)

    def close(self, reason: str, matter_id: int) -> None:
        self.closed_matters.setdefault(reason, []).append(matter_id)
