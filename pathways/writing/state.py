"""What the writer knows of a patient while it works: plain structs, no model instance per event or stay."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from pathways.facts import Fact
from pathways.reconcile import StoredStay

PHASE_TIMES = ("identified_at", "ordered_at", "sampled_at", "resulted_at", "decided_at", "started_at")


class StayState(msgspec.Struct, eq=False):
    """A row of `pathways_stay` as it is stored now."""

    id: int
    stage_id: int
    track: str
    stage: str
    occurrence: int
    root_lineage: str
    entered_at: datetime
    due_at: datetime | None
    left_at: datetime | None
    left_by: str
    rung_at: list[datetime | None]
    attention_at: datetime | None
    rang_through: datetime | None
    round: int
    feed_id: int | None
    gated: bool
    release: bool

    def stored(self, version: int = 0) -> StoredStay:
        return StoredStay(
            self.id,
            self.track,
            self.stage,
            self.occurrence,
            self.root_lineage,
            self.entered_at,
            self.due_at,
            self.left_at,
            self.left_by,
            tuple(self.rung_at),
            version,
        )


class Held(msgspec.Struct, frozen=True, array_like=True):
    """A row of a journey's care team that says who ordered, or who is responsible; `open`: nobody has ended it."""

    role: str
    id: int
    practitioner_id: int | None
    confirmed: bool
    since: datetime
    open: bool


class JourneyState(msgspec.Struct, eq=False):
    """A row of `pathways_journey`, its current stays and which events are attached to it.

    `columns` holds what replay decides (phase, status, outcome ..., milestones), keyed by column name, as stored.
    `attached` are event ids of the latest binding rows; `pinned`/`banned` are lineages that a person attached or detached.
    """

    id: int
    patient_id: int
    pathway: str
    version_id: int
    primary_group: str
    episode_no: int
    entry: str
    home_site_id: int
    opened_at: datetime
    columns: dict[str, Any]
    stays: list[StayState] = []
    team: list[Held] = []
    attached: set[int] = set()
    pinned: set[str] = set()
    banned: set[str] = set()
    is_new: bool = False
    found_by: str = ""
    laterality: str = ""
    prevalent: bool = False
    observed_from: datetime | None = None
    accountable_id: int | None = None

    @property
    def counts(self) -> bool:
        """False for a journey entered in error: no fact is bound to it, no rule sees it."""
        return bool(self.columns["status"] != "void")

    @property
    def key(self) -> str:
        """The key by which acts and derived facts belong to this journey alone."""
        return f"journey:{self.id}"


class MatterState(msgspec.Struct, eq=False, array_like=True):
    id: int
    kind: str
    subject: str
    journey_id: int | None
    open: bool


class PatientState(msgspec.Struct, eq=False):
    """One person's whole record; `members` are the survivor and every record merged into it.

    `records` names the merged record of which a lineage was said, where it was not said of the survivor.
    """

    id: int
    birth: date | None
    members: tuple[int, ...] = ()
    facts: list[Fact] = []
    versions: set[tuple[str, int, str, datetime | None]] = set()
    journeys: list[JourneyState] = []
    matters: dict[tuple[str, str], MatterState] = {}
    records: dict[str, int] = {}

    def take(self, fact: Fact) -> bool:
        """Adds a version of a fact unless the very same was known; says whether it was new."""
        version = version_key(fact)
        if version in self.versions:
            return False
        self.versions.add(version)
        self.facts.append(fact)
        return True


def version_key(fact: Fact) -> tuple[str, int, str, datetime | None]:
    """What makes one version of a fact the same as another: a resend under a new message id adds nothing."""
    return (fact.lineage, int(fact.rank), fact.digest, fact.issued_at or fact.message_at)
