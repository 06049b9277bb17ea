"""Decides what a patient's new facts change: which journeys open, which facts belong to which, what replay now says. Pure but for
the ids that it is given."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from pathways.binding import Bindings, Bound, JourneyView, bind
from pathways.facts import Fact
from pathways.lineage import current
from pathways.writing import matters
from pathways.writing.changes import Changes, NewEvent
from pathways.writing.enrolling import open_journeys
from pathways.writing.house import House
from pathways.writing.ids import Ids
from pathways.writing.merged import carries_over, merged_into
from pathways.writing.settling import settle_journey
from pathways.writing.state import JourneyState, PatientState, version_key
from pathways.writing.versions import heard

OWN = "journey:"
ROUNDS = 4


@dataclass(slots=True, frozen=True)
class Incoming:
    """What one message or act adds to one patient; `record_id` where it was said of a record that is seen through its survivor."""

    facts: tuple[Fact, ...]
    site_id: int
    inbound_id: int | None = None
    by_id: int | None = None
    record_id: int | None = None


class Desk:
    """Works on one patient at a time and collects the changes of the whole batch."""

    def __init__(self, house: House, changes: Changes, *, size: int = 16) -> None:
        self.house = house
        self.changes = changes
        self.event_id = Ids("pathways_event", size)
        self.journey_id = Ids("pathways_journey", size // 8)
        self.stay_id = Ids("pathways_stay", size)
        self.merged: dict[int, set[str]] = {}

    def take_changes(self) -> Changes:
        """What was decided since they were last taken."""
        changes, self.changes = self.changes, Changes(clinicians=self.changes.clinicians)
        return changes

    def work(
        self,
        patient: PatientState,
        incoming: Sequence[Incoming],
        *,
        force: bool = False,
        ask_all: bool = False,
        again: Collection[int] = (),
    ) -> None:
        """Takes in new facts and settles every journey that they touch, and those of `again`; `force` settles all of the patient's journeys,
        `ask_all` puts old facts to the enrol rules as if they were new."""
        added = [fact for part in incoming for fact in self._take(patient, part)]
        again = [journey.id for journey in patient.journeys] if force else again
        if not added and not force and not again:
            return
        site_id = incoming[0].site_id if incoming else None
        now_true = current(patient.facts)
        asked = now_true if ask_all else added
        if site_id is not None:
            open_journeys(self, patient, now_true, site_id, asked)
        self.merged = merged_into(now_true)
        bindings = self._settle(patient, now_true, {fact.lineage for fact in added}, again)
        if site_id is not None:
            matters.raise_for_facts(self, patient, site_id, asked, bindings)

    def _settle(self, patient: PatientState, now_true: Sequence[Fact], touched: set[str], again: Collection[int]) -> Bindings:
        """Binds and replays. Which facts a journey hears depends on when it ended, and its end on what it heard: told again until both agree."""
        for _ in range(ROUNDS):
            ends = _ends(patient)
            bindings = self.rebind(patient, now_true)
            for journey in patient.journeys:
                how = {bound.lineage: bound.how for bound in bindings.bound if bound.journey_id == journey.id}
                wanted = self._wanted(patient, journey, how)
                moved = self._attach(patient, journey, wanted, how)
                if moved or journey.is_new or journey.id in again or touched & wanted:
                    settle_journey(self, patient, journey, wanted)
            if _ends(patient) == ends:
                break
        return bindings

    def append(
        self, patient: PatientState, fact: Fact, *, inbound_id: int | None = None, by_id: int | None = None, record_id: int | None = None
    ) -> Fact | None:
        """Appends one version of a fact to the record of which it was said and gives it back with its id; None when it was known."""
        if version_key(fact) in patient.versions:
            return None
        fact = msgspec.structs.replace(fact, id=self.event_id(), received_at=fact.received_at or self.house.now)
        patient.take(fact)
        if record_id is not None and record_id != patient.id:
            patient.records[fact.lineage] = record_id
        self.changes.events.append(NewEvent(record_id or patient.id, fact, inbound_id, by_id))
        return fact

    def rebind(self, patient: PatientState, now_true: Sequence[Fact]) -> Bindings:
        """The automatic answer to *which fact belongs to which journey*, a person's rows respected."""
        free = [fact for fact in now_true if not _owned(fact.keys)]
        gone = set().union(*self.merged.values())  # voided by this very work, perhaps
        counting: list[JourneyState] = []
        void: list[JourneyState] = []
        for journey in patient.journeys:
            (counting if journey.counts and journey.key not in gone else void).append(journey)
        views = [self._view(patient, journey) for journey in counting]
        bindings = bind(free, views) if views else Bindings((), tuple(fact.lineage for fact in free), ())
        if not void:
            return bindings
        kept = [bound for journey in void for bound in self._of_its_record(patient, journey, free)]
        return msgspec.structs.replace(bindings, bound=(*bindings.bound, *kept))

    def _of_its_record(self, patient: PatientState, journey: JourneyState, free: Sequence[Fact]) -> Sequence[Bound]:
        """A void journey takes no fact from another, but keeps its own picture, so that its waits stand again when the void is taken back."""
        said = [fact for fact in free if patient.records.get(fact.lineage, patient.id) == journey.patient_id]
        return bind(said, [self._view(patient, journey)]).bound

    def _take(self, patient: PatientState, part: Incoming) -> list[Fact]:
        said = {"inbound_id": part.inbound_id, "by_id": part.by_id, "record_id": part.record_id}
        taken = (self.append(patient, fact, **said) for fact in part.facts)
        return [fact for fact in taken if fact is not None]

    def _view(self, patient: PatientState, journey: JourneyState) -> JourneyView:
        definition = heard(self.house, patient, journey)
        merged = self.merged.get(journey.id)
        twins = [one for one in patient.journeys if one.key in merged] if merged else []
        return JourneyView(
            id=journey.id,
            definition=definition,
            primary_group=journey.primary_group,
            opened_at=journey.opened_at,
            look_back_from=look_back_from(journey.opened_at, definition.look_back_days),
            ended_at=journey.columns["ended_at"],
            keys=frozenset(),
            attached=frozenset(journey.pinned.union(*(twin.pinned for twin in twins))),
            detached=frozenset(journey.banned.union(*(twin.banned for twin in twins))),
        )

    def _wanted(self, patient: PatientState, journey: JourneyState, bound: Collection[str]) -> set[str]:
        """Lineages that belong to the journey: bound ones, and acts that carry its own key or that of a journey merged into it."""
        key = journey.key
        wanted = {*bound, *[fact.lineage for fact in patient.facts if key in fact.keys and fact.basis is None]}
        if merged := self.merged.get(journey.id):
            wanted.update(fact.lineage for fact in patient.facts if carries_over(fact) and not merged.isdisjoint(fact.keys))
        return wanted

    def _attach(self, patient: PatientState, journey: JourneyState, wanted: set[str], how: Mapping[str, str]) -> bool:
        """Writes the difference between the rows that stand and the rows that are wanted; says whether there was one."""
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


def _ends(patient: PatientState) -> list[tuple[Any, Any]]:
    return [(journey.columns["status"], journey.columns["ended_at"]) for journey in patient.journeys]


def look_back_from(opened_at: datetime, days: int) -> datetime:
    return opened_at - timedelta(days=days)


@lru_cache(maxsize=16_384)
def _owned(keys: tuple[str, ...]) -> bool:
    return any(key.startswith(OWN) for key in keys)
