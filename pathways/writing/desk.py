"""Decides what a patient's new facts change: which journeys open, which facts belong to which, what replay now says. Pure but for
the ids that it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from pathways.binding import Bindings, JourneyView, bind
from pathways.facts import Fact
from pathways.lineage import current
from pathways.writing import matters
from pathways.writing.changes import Changes, NewEvent
from pathways.writing.enrolling import open_journeys
from pathways.writing.house import House
from pathways.writing.ids import Ids
from pathways.writing.settling import settle_journey
from pathways.writing.state import JourneyState, PatientState, version_key
from pathways.writing.versions import heard

OWN = "journey:"


@dataclass(slots=True, frozen=True)
class Incoming:
    """What one message or act adds to one patient."""

    facts: tuple[Fact, ...]
    site_id: int
    inbound_id: int | None = None
    by_id: int | None = None


class Desk:
    """Works on one patient at a time and collects the changes of the whole batch."""

    def __init__(self, house: House, changes: Changes, *, size: int = 16) -> None:
        self.house = house
        self.changes = changes
        self.event_id = Ids("pathways_event", size)
        self.journey_id = Ids("pathways_journey", size // 8)
        self.stay_id = Ids("pathways_stay", size)

    def work(self, patient: PatientState, incoming: Sequence[Incoming], *, force: bool = False, ask_all: bool = False) -> None:
        """Takes in new facts and settles every journey that they touch; `force` settles all of the patient's journeys, `ask_all` puts
        old facts to the enrol rules as if they were new."""
        added = [fact for part in incoming for fact in self._take(patient, part)]
        if not added and not force:
            return
        site_id = incoming[0].site_id if incoming else None
        now_true = current(patient.facts)
        asked = now_true if ask_all else added
        if site_id is not None:
            open_journeys(self, patient, now_true, site_id, asked)
        bindings = self.rebind(patient, now_true)
        touched = {fact.lineage for fact in added}
        for journey in patient.journeys:
            wanted = self._wanted(patient, journey, bindings)
            moved = self._attach(patient, journey, wanted, bindings)
            if force or moved or journey.is_new or touched & wanted:
                settle_journey(self, patient, journey, wanted)
        if site_id is not None:
            matters.raise_for_facts(self, patient, site_id, asked, bindings)

    def append(self, patient: PatientState, fact: Fact, *, inbound_id: int | None = None, by_id: int | None = None) -> Fact | None:
        """Appends one version of a fact to the record and gives it back with its id; None when it was known."""
        if version_key(fact) in patient.versions:
            return None
        fact = msgspec.structs.replace(fact, id=self.event_id(), received_at=fact.received_at or self.house.now)
        patient.take(fact)
        self.changes.events.append(NewEvent(patient.id, fact, inbound_id, by_id))
        return fact

    def rebind(self, patient: PatientState, now_true: Sequence[Fact]) -> Bindings:
        """The automatic answer to *which fact belongs to which journey*, a person's rows respected."""
        free = [fact for fact in now_true if not _owned(fact)]
        views = [self._view(patient, journey) for journey in patient.journeys if journey.counts]
        if not views:
            return Bindings((), tuple(fact.lineage for fact in free), ())
        return bind(free, views)

    def _take(self, patient: PatientState, part: Incoming) -> list[Fact]:
        taken = (self.append(patient, fact, inbound_id=part.inbound_id, by_id=part.by_id) for fact in part.facts)
        return [fact for fact in taken if fact is not None]

    def _view(self, patient: PatientState, journey: JourneyState) -> JourneyView:
        definition = heard(self.house, patient, journey)
        return JourneyView(
            id=journey.id,
            definition=definition,
            primary_group=journey.primary_group,
            opened_at=journey.opened_at,
            look_back_from=look_back_from(journey.opened_at, definition.look_back_days),
            ended_at=journey.columns["ended_at"],
            keys=frozenset(),
            attached=frozenset(journey.pinned),
            detached=frozenset(journey.banned),
        )

    def _wanted(self, patient: PatientState, journey: JourneyState, bindings: Bindings) -> set[str]:
        """Lineages that belong to the journey: bound ones, and acts that carry its own key."""
        wanted = {bound.lineage for bound in bindings.bound if bound.journey_id == journey.id}
        wanted.update(fact.lineage for fact in patient.facts if journey.key in fact.keys and fact.basis is None)
        return wanted

    def _attach(self, patient: PatientState, journey: JourneyState, wanted: set[str], bindings: Bindings) -> bool:
        """Writes the difference between the rows that stand and the rows that are wanted; says whether there was one."""
        how = {bound.lineage: bound.how for bound in bindings.bound if bound.journey_id == journey.id}
        moved = False
        for event in patient.facts:
            if event.basis is not None:
                continue  # what rules derive is attached when the journey is settled
            if event.lineage in wanted and event.id not in journey.attached:
                self.attach(journey, event, how.get(event.lineage, "own"))
                moved = True
            elif event.lineage not in wanted and event.id in journey.attached:
                self.detach(journey, event, "rebound")
                moved = True
        return moved

    def attach(self, journey: JourneyState, event: Fact, how: str) -> None:
        assert event.id is not None
        self.changes.bindings.append((event.id, journey.id, True, None, how))
        journey.attached.add(event.id)

    def detach(self, journey: JourneyState, event: Fact, how: str) -> None:
        assert event.id is not None
        self.changes.bindings.append((event.id, journey.id, False, None, how))
        journey.attached.discard(event.id)


def look_back_from(opened_at: datetime, days: int) -> datetime:
    return opened_at - timedelta(days=days)


def _owned(fact: Fact) -> bool:
    return any(key.startswith(OWN) for key in fact.keys)
