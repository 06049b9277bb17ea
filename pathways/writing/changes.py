"""What the writer decided, as rows ready to be stored. Nothing here touches the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from pathways.facts import Fact
from pathways.ordering import Orderer
from pathways.writing.state import Held, JourneyState, StayState


class NewEvent(msgspec.Struct, eq=False):
    """`id` is given when the rows are stored; the fact carries it from then on."""

    patient_id: int
    fact: Fact
    inbound_id: int | None
    by_id: int | None


class NewMatter(msgspec.Struct, eq=False):
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


class Changes(msgspec.Struct, eq=False):
    """Everything one transaction of the writer stores. `clinicians`: whom of those who ordered the directory knows, by NPI. `repinned`: journey to the version now in force; `restaged`: stay to its new stage."""

    events: list[NewEvent] = []
    bindings: list[tuple[int, int, bool, int | None, str]] = []
    new_journeys: list[JourneyState] = []
    journeys: dict[int, JourneyState] = {}
    new_stays: list[tuple[int, StayState]] = []
    stays: list[StayState] = []
    superseded: list[tuple[int, str]] = []
    repinned: dict[int, int] = {}
    restaged: dict[int, int] = {}
    stay_revisions: list[tuple[int, str, Any]] = []
    journey_revisions: list[tuple[int, str, Any]] = []
    withdrawn_stays: dict[str, list[int]] = {}
    matters: list[NewMatter] = []
    closed_matters: dict[str, list[int]] = {}
    turns: dict[int, datetime | None] = {}
    clinicians: dict[str, int] = {}
    ordered: dict[int, tuple[Orderer | None, Sequence[Held]]] = {}

    @property
    def size(self) -> int:
        """The most rows that any one table gets."""
        return max(len(self.events), len(self.bindings), len(self.new_journeys), len(self.new_stays), len(self.matters))

    def withdraw(self, reason: str, stay_id: int) -> None:
        self.withdrawn_stays.setdefault(reason, []).append(stay_id)

    def close(self, reason: str, matter_id: int) -> None:
        self.closed_matters.setdefault(reason, []).append(matter_id)
