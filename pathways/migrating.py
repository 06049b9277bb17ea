"""Puts open journeys under another version of their programme: previewed, staged by site, and taken back as easily.

A migration is an act on each journey (`migrated`), so that replay goes on under the new version from that time and an undo is nothing but
its retraction. `pathways.replaying.migration` says what it does to a journey, `pathways.writing.versions` what it does to its rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, get_args

import msgspec
from django.db import transaction
from django.utils.translation import gettext

from pathways.definitions import registry
from pathways.definitions.compile import Definition
from pathways.facts import Fact, Grade, Rank, content_digest
from pathways.lineage import current
from pathways.models import Journey, PathwayVersion
from pathways.replay import replay
from pathways.replaying.migration import KIND, Clock, counterpart
from pathways.timeline import StayLine, Timeline
from pathways.writing.acts import act
from pathways.writing.changes import Changes
from pathways.writing.desk import Desk, Incoming
from pathways.writing.house import House
from pathways.writing.load import load
from pathways.writing.state import JourneyState, PatientState
from pathways.writing.store import store
from pathways.writing.versions import first_definition, versions
from patients.models import Site, User
from patients.templatetags.finalmile import translated

BATCH = 200


class Plan(msgspec.Struct, frozen=True):
    """What is to be done: to which version, under which clock, and where waits go on whose stage has another name or none.

    `stages`: "track.stage" of the old version to one of the new; blank closes the wait as *definition retired*.
    """

    to: int
    clock: Clock = "keep"
    stages: Mapping[str, str] = {}


class Move(msgspec.Struct, frozen=True):
    """One open wait; `to_stage` is blank where it is closed."""

    from_stage: str
    to_stage: str
    due_before: datetime | None
    due_after: datetime | None
    newly_overdue: bool


class Row(msgspec.Struct, frozen=True):
    """What would happen to one journey; `refused` says why nothing would."""

    journey_id: int
    site_id: int
    from_version: int
    moves: tuple[Move, ...] = ()
    refused: str = ""

    @property
    def newly_overdue(self) -> bool:
        return any(move.newly_overdue for move in self.moves)


class Migrated(msgspec.Struct, frozen=True):
    """`batch` names the acts of one call, for its undo."""

    batch: str
    moved: int
    refused: tuple[Row, ...]


def target(version: PathwayVersion, *, clock: str, stages: Mapping[str, str]) -> Plan:
    """Checks what a person asked for. Raises ValueError that says what is wrong."""
    if version.status != PathwayVersion.Status.PUBLISHED:
        raise ValueError(gettext("%(version)s is not in force: journeys move to the published version only") % {"version": version})
    check(registry.load(version.pk).definition, clock=clock, stages=stages)
    return Plan(version.number, clock, dict(stages))  # type: ignore[arg-type]


def check(new: Definition, *, clock: str, stages: Mapping[str, str]) -> None:
    """Raises ValueError where the clock or the map of stages cannot be."""
    if clock not in get_args(Clock):
        raise ValueError(f"clock: {clock!r} is none of {', '.join(get_args(Clock))}")
    for before, after in stages.items():
        if after and after not in new.stages:
            raise ValueError(gettext("%(after)s: the new version has no such stage") % {"after": after})
        if after and after.partition(".")[0] != before.partition(".")[0]:
            raise ValueError(gettext("%(before)s -> %(after)s: a wait cannot change its track") % {"before": before, "after": after})


def preview(*, pathway: str, plan: Plan, now: datetime, site: Site | None = None) -> list[Row]:
    """What `migrate` would do now, journey by journey; changes and locks nothing."""
    house = House.load(now)
    rows: dict[int, Row] = {}
    for ids in batches(patients_of(pathway, plan, site)):
        patients = load(ids, lock=False)
        rows |= {journey.id: row(house, patient, journey, plan, now) for patient, journey in affected(house, patients, pathway, plan, site)}
    return [rows[journey_id] for journey_id in sorted(rows)]


def migrate(*, pathway: str, plan: Plan, site: Site, by: User | None, now: datetime) -> Migrated:
    """Moves the open journeys of one site, a transaction per batch; those that are refused stay where they are."""
    batch, moved, refused = uuid.uuid4().hex, 0, []
    for ids in batches(patients_of(pathway, plan, site)):
        with transaction.atomic():
            desk = Desk(House.load(now), Changes())
            patients = load(ids)
            for patient, journey in list(affected(desk.house, patients, pathway, plan, site)):
                wanted = row(desk.house, patient, journey, plan, now)
                if wanted.refused:
                    refused.append(wanted)
                    continue
                moved += 1
                fact = _act(desk.house, journey, plan, batch, now)
                desk.work(patient, [Incoming((fact,), journey.home_site_id, by_id=by.pk if by else None)])
            store(desk.changes, now=now)
    return Migrated(batch, moved, tuple(refused))


def undo(*, pathway: str, version: PathwayVersion, site: Site, by: User | None, now: datetime, batch: str = "") -> int:
    """Takes back the last migration of every journey of the site that stands under `version`; how many there were.

    Waits stand again as they would have without it; what had been withdrawn because a deadline moved rings anew.
    """
    undone = 0
    journeys = Journey.objects.filter(pathway=pathway, version=version, home_site=site).order_by("patient_id")
    for ids in batches(list(journeys.values_list("patient_id", flat=True).distinct())):
        with transaction.atomic():
            desk = Desk(House.load(now), Changes())
            for patient in load(ids).values():
                for journey in [one for one in patient.journeys if one.version_id == version.pk and one.home_site_id == site.pk]:
                    last = _last(patient, journey)
                    if last is not None and batch in ("", last.body.get("batch")):
                        retraction = _retraction(last, now)
                        desk.work(patient, [Incoming((retraction,), site.pk, by_id=by.pk if by else None)])
                        undone += 1
            store(desk.changes, now=now)
    return undone


def hypothetical(house: House, journey: JourneyState, plan: Plan, now: datetime) -> Fact:
    """The act as it would be written, for replays that show what would follow."""
    return _act(house, journey, plan, "preview", now)


def timelines(house: House, patient: PatientState, journey: JourneyState, extra: Sequence[Fact]) -> Timeline:
    """Replay of the facts that are attached to the journey, with some more."""
    attached = [fact for fact in patient.facts if fact.id in journey.attached]
    definition, _ = first_definition(house, journey, [*attached, *extra])
    return replay(definition, [*attached, *extra], house.context(patient, journey)[0], versions=versions(house, journey.pathway))


def row(house: House, patient: PatientState, journey: JourneyState, plan: Plan, now: datetime) -> Row:
    """What the plan would do to one journey."""
    old, new = house.definition(journey), house.numbered(journey.pathway, plan.to).definition
    before = timelines(house, patient, journey, [])
    found = Row(journey.id, journey.home_site_id, old.number)
    for line in _open(before):
        if reason := _refusal(f"{line.track}.{line.stage}", old, new, plan):
            return msgspec.structs.replace(found, refused=reason)
    after = timelines(house, patient, journey, [hypothetical(house, journey, plan, now)])
    if after.status != "active":
        return msgspec.structs.replace(found, refused=f"would end as {after.outcome or after.exit_reason}: a migration ends no journey")
    return msgspec.structs.replace(found, moves=tuple(_moves(before, after, now)))


def _refusal(key: str, old: Definition, new: Definition, plan: Plan) -> str:
    if counterpart(key, new, plan.stages) is not None:
        return ""
    if plan.stages.get(key) == "" and not key.startswith("main."):
        return ""
    label = translated(old.stages[key].label)
    if key.startswith("main.") and plan.stages.get(key) == "":
        return gettext("%(key)s (%(label)s) cannot be closed: the main track always waits somewhere") % {"key": key, "label": label}
    return gettext("%(key)s (%(label)s) has no counterpart") % {"key": key, "label": label}


def _moves(before: Timeline, after: Timeline, now: datetime) -> Iterator[Move]:
    """Open waits before and what they are after: the same wait is known by its track, opening fact and time."""
    found = {(line.track, line.root_lineage, line.entered_at): line for line in after.stays if line.left_at is None}
    for line in _open(before):
        new = found.get((line.track, line.root_lineage, line.entered_at))
        due_after = new.due_at if new else None
        overdue = due_after is not None and due_after <= now and not (line.due_at is not None and line.due_at <= now)
        place = (
            f"{new.track}.{new.stage}" if new else next((f"{one.track}.{one.stage}" for one in _open(after) if one.track == line.track), "")
        )
        yield Move(f"{line.track}.{line.stage}", place, line.due_at, due_after, overdue)


def _open(timeline: Timeline) -> list[StayLine]:
    return [line for line in timeline.stays if line.left_at is None]


def patients_of(pathway: str, plan: Plan, site: Site | None = None) -> list[int]:
    """Patients with an open journey under another version."""
    journeys = Journey.objects.open().filter(pathway=pathway).exclude(version__number=plan.to)
    if site is not None:
        journeys = journeys.filter(home_site=site)
    return list(journeys.order_by("patient_id").values_list("patient_id", flat=True).distinct())


def affected(
    house: House, patients: Mapping[int, PatientState], pathway: str, plan: Plan, site: Site | None = None
) -> Iterator[tuple[PatientState, JourneyState]]:
    """The journeys that the plan is about."""
    for patient in patients.values():
        for journey in patient.journeys:
            here = site is None or journey.home_site_id == site.pk
            if (
                here
                and journey.pathway == pathway
                and journey.columns["status"] == "active"
                and house.definition(journey).number != plan.to
            ):
                yield patient, journey


def batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _act(house: House, journey: JourneyState, plan: Plan, batch: str, now: datetime) -> Fact:
    body: dict[str, Any] = {
        "from": house.definition(journey).number,
        "to": plan.to,
        "stages": dict(plan.stages),
        "clock": plan.clock,
        "batch": batch,
    }
    return act(kind=KIND, journey=journey, business_id=f"{batch}-{journey.id}", occurred=now, body=body, grade=Grade.STAFF_ATTESTED)


def _last(patient: PatientState, journey: JourneyState) -> Fact | None:
    """The migration that put the journey under its present version, if it still stands."""
    own = [fact for fact in patient.facts if fact.kind == KIND and journey.key in fact.keys]
    standing = current(own)
    return standing[-1] if standing else None


def _retraction(fact: Fact, now: datetime) -> Fact:
    digest = content_digest(fact.kind, fact.occurred, Rank.CORRECTED, True, fact.keys, fact.body)
    return msgspec.structs.replace(fact, rank=int(Rank.CORRECTED), issued_at=now, retracted=True, digest=digest, id=None, received_at=None)
