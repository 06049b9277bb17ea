"""The last days told twice: as they are stored, and as if a draft had always been in force. Reads only; the facts stay bound as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from django.utils.translation import gettext

from pathways.definitions.compile import Definition, Stage
from pathways.facts import Fact
from pathways.lineage import current
from pathways.models import Journey
from pathways.replay import replay
from pathways.replaying.migration import KIND
from pathways.scheduling import SOURCE, turns
from pathways.timeline import Timeline
from pathways.writing.acts import own
from pathways.writing.house import House
from pathways.writing.load import load
from pathways.writing.state import JourneyState, PatientState

BATCH = 200


class Wait(msgspec.Struct, frozen=True):
    """A stay as it was or as the draft would have it."""

    id: int
    journey_id: int
    stage: Stage
    stage_id: int
    root: str
    entered_at: datetime
    due_at: datetime | None
    left_at: datetime | None
    rung_at: tuple[datetime | None, ...]
    mode: str

    def stalled_at(self, now: datetime) -> datetime | None:
        """When it became a stall; None where it never did."""
        if self.due_at is None or self.stage.watch:
            return None
        return self.due_at if self.due_at < (self.left_at or now) else None


class Misfit(msgspec.Struct, frozen=True):
    journey_id: int
    reason: str


class Past(msgspec.Struct):
    """Both readings of the last days."""

    today: list[Wait] = []
    draft: list[Wait] = []
    misfits: list[Misfit] = []
    journeys: int = 0


def retell(house: House, draft: Definition, since: datetime) -> Past:
    """Every journey that was open since, both ways. The house must know the draft (`supposing.suppose`)."""
    past = Past([], [], [])
    imaginary = iter(range(-1, -1_000_000_000, -1))
    for patients in _patients(draft.code, since):
        for patient in patients.values():
            for journey in patient.journeys:
                ended = journey.columns["ended_at"]
                if journey.pathway == draft.code and journey.counts and (ended is None or ended >= since):
                    past.journeys += 1
                    past.today += _stored(house, journey, imaginary)
                    _read(past, house, patient, journey, draft, imaginary)
    return past


def _patients(code: str, since: datetime) -> Iterator[dict[int, PatientState]]:
    journeys = Journey.objects.filter(pathway=code).exclude(status="void")
    open_then = journeys.filter(ended_at=None) | journeys.filter(ended_at__gte=since)
    ids = list(open_then.order_by("patient_id").values_list("patient_id", flat=True).distinct())
    for start in range(0, len(ids), BATCH):
        yield load(ids[start : start + BATCH], lock=False)


def _stored(house: House, journey: JourneyState, ids: Iterator[int]) -> Iterator[Wait]:
    """Under ids of their own: that somebody was texted for one of them must not make the past look cheaper than the draft."""
    places = {stage_id: one for version in house.versions_of(journey.pathway) for stage_id, one in _stages(house, version)}
    mode = house.mode(journey.home_site_id, journey.pathway)
    for stay in journey.stays:
        stage = places[stay.stage_id]
        times = (stay.entered_at, stay.due_at, stay.left_at, tuple(stay.rung_at))
        yield Wait(next(ids), journey.id, stage, stay.stage_id, stay.root_lineage, *times, mode)


def _stages(house: House, version_id: int) -> Iterator[tuple[int, Stage]]:
    published = house.version(version_id)
    for (track, name), stage_id in published.stage_ids.items():
        yield stage_id, published.definition.stages[f"{track}.{name}"]


def _read(past: Past, house: House, patient: PatientState, journey: JourneyState, draft: Definition, ids: Iterator[int]) -> None:
    timeline, reason = _under(house, patient, journey, draft)
    if timeline is None or reason:
        past.misfits.append(Misfit(journey.id, reason))
    if timeline is not None:
        stage_ids, mode = house.version(-1).stage_ids, house.mode(journey.home_site_id, journey.pathway)
        for line in timeline.stays:
            place = (line.track, line.stage)
            stage = draft.stages[".".join(place)]
            times = (line.entered_at, line.due_at, line.left_at, line.rung_at)
            past.draft.append(Wait(next(ids), journey.id, stage, stage_ids[place], line.root_lineage, *times, mode))


def _under(house: House, patient: PatientState, journey: JourneyState, draft: Definition) -> tuple[Timeline | None, str]:
    """The journey as if the draft had always been in force, and why it would not fit; blank where it does."""
    facts = [fact for fact in patient.facts if fact.id in journey.attached and fact.kind != KIND and fact.source != SOURCE]
    context = house.context(patient, journey)[0]
    try:
        timeline = replay(draft, facts, context)
        if draft.schedules:
            stated = turns(draft, current(facts), timeline, context, until=house.now)
            timeline = replay(draft, [*facts, *(own(fact, journey) for fact in stated)], context)
    except (KeyError, ValueError, TypeError) as error:
        return None, f"cannot be replayed: {type(error).__name__}"
    return timeline, _misfit(journey, timeline, draft, facts)


def _misfit(journey: JourneyState, timeline: Timeline, draft: Definition, facts: Sequence[Fact]) -> str:
    if journey.entry and journey.entry not in draft.entries:
        return gettext("began as %(entry)s, which the draft does not know") % {"entry": journey.entry}
    if timeline.status != journey.columns["status"]:
        return gettext("is %(status)s today and would be %(status2)s") % {"status": journey.columns["status"], "status2": timeline.status}
    was, would = {rule for rule, *_ in journey.columns["anomalies"]}, {one.rule for one in timeline.anomalies}
    return gettext("something no longer fits: %(was)s") % {"was": ", ".join(sorted(would - was))} if would - was else ""
