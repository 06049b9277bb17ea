"""What was under way on an earlier day, by what had been received by then: journeys of which nothing was received since stand as they stood;
the others are replayed from the facts that were known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection

from pathways.models import Binding, JourneyRevision, StayRevision
from pathways.replay import replay
from pathways.reports.cohort import Question
from pathways.sql import load as statement
from pathways.timeline import StayLine, Timeline
from pathways.writing.house import House
from pathways.writing.load import load
from pathways.writing.state import JourneyState, PatientState
from pathways.writing.versions import first_definition, versions

AT_ONCE = 500
"""Patients whose records are read together."""
WAIT = ("journey", "stage", "track", "root", "entered", "due", "held")


@dataclass(frozen=True, slots=True)
class Then:
    """`changed` are the journeys that must not be taken as they stand now, `active` those of them that were under way, `waits` their open
    waits, by WAIT."""

    changed: Sequence[int]
    active: Sequence[int]
    waits: Sequence[tuple[Any, ...]]

    def parameters(self) -> dict[str, Any]:
        """As `report_waits` takes them."""
        columns = {f"then_{name}": [wait[n] for wait in self.waits] for n, name in enumerate(WAIT)}
        return {"changed": list(self.changed), **columns}


UNCHANGED = Then((), (), ())


def then(question: Question) -> Then:
    """What has changed since as_of, as it stood by then."""
    if not _is_past(question.as_of):
        return UNCHANGED
    sites = None if question.sites is None else list(question.sites)
    found = _asked("report_changed_since", pathway=question.pathway, as_of=question.as_of, sites=sites)
    house = House.load(question.as_of)
    active: list[int] = []
    waits: list[tuple[Any, ...]] = []
    there = {journey: patient for journey, patient, was_there in found if was_there}
    for some in _portions(there):
        for journey, timeline in _replayed(house, some, question.as_of):
            if timeline.status == "active":
                active.append(journey.id)
                waits += _waits(house, journey, timeline)
    return Then([journey for journey, _, _ in found], active, waits)


def _portions(journeys: Mapping[int, int]) -> Iterator[dict[int, int]]:
    rest = iter(journeys.items())
    while some := dict(islice(rest, AT_ONCE)):
        yield some


def _is_past(as_of: datetime) -> bool:
    """By the newest rows: ids grow with time."""
    asked = ((Binding, "at"), (JourneyRevision, "until_received"), (StayRevision, "until_received"))
    newest = [kind._default_manager.order_by("-pk").values_list(when, flat=True).first() for kind, when in asked]
    return any(at is not None and at > as_of for at in newest)


def _replayed(house: House, patient_of: Mapping[int, int], by: datetime) -> Iterator[tuple[JourneyState, Timeline]]:
    """Each journey from the facts received and bound by then, and nothing else. A migration that came later has not been."""
    bound = dict(_asked("report_bound_then", ids=list(patient_of), as_of=by))
    for patient in load(list(patient_of.values()), lock=False).values():
        for journey in patient.journeys:
            if journey.id in patient_of:
                yield journey, _replay(house, patient, journey, set(bound.get(journey.id, ())))


def _replay(house: House, patient: PatientState, journey: JourneyState, bound: set[int]) -> Timeline:
    context, _ = house.context(patient, journey)
    definition, _ = first_definition(house, journey, [fact for fact in patient.facts if fact.id in journey.attached])
    known = [fact for fact in patient.facts if fact.id in bound]
    return replay(definition, known, context, versions=versions(house, journey.pathway))


def _waits(house: House, journey: JourneyState, timeline: Timeline) -> Iterator[tuple[Any, ...]]:
    hold = next((hold for hold in timeline.holds if hold.until is None), None)
    held = hold is not None and hold.review_at is not None
    for line in timeline.stays:
        if line.left_at is None:
            stage = _stage(house, journey, line)
            yield journey.id, stage, line.track, line.root_lineage, line.entered_at, line.due_at, held


def _stage(house: House, journey: JourneyState, line: StayLine) -> int:
    published = house.numbered(journey.pathway, line.version) if line.version else house.version(journey.version_id)
    return published.stage_ids[(line.track, line.stage)]


def _asked(name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement("pathways.sql", name), parameters)
        return list(cursor.fetchall())
