"""What a draft would have made of the stored journeys of the last days, and what migrating to it now would set off. Changes nothing.

The past is replayed over the facts as they stand bound today: under the versions in force then, and under the draft as if it had always
been in force. Every rung is taken to have rung in its minute; a late feed, an outage or a hold of the programme at a site delays nothing
here. What would ring now is not computed so: there the writer itself runs in memory, and the sweep's own SELECT over what it leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from pathways import migrating
from pathways.definitions import registry
from pathways.definitions.compile import Definition, Stage, compile_body
from pathways.facts import Fact
from pathways.lineage import current
from pathways.migrating import Plan, Row
from pathways.models import Journey, PathwayVersion
from pathways.replay import replay
from pathways.replaying.migration import KIND
from pathways.rollouts import RINGING
from pathways.scheduling import SOURCE, turns
from pathways.supposing import Ladders, imaginary_desk, ladders, rings, suppose
from pathways.timeline import Timeline
from pathways.writing.acts import own
from pathways.writing.desk import Incoming
from pathways.writing.house import House
from pathways.writing.load import load
from pathways.writing.state import JourneyState, PatientState

BATCH = 200
NONE: Mapping[str, str] = {}
HOW = ("earlier", "later", "newly", "no_longer")


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


class Change(msgspec.Struct, frozen=True):
    """A stall that is found at another time: `before` is today's, `after` the draft's; None: not found."""

    journey_id: int
    problem: str
    before: datetime | None
    after: datetime | None


class Misfit(msgspec.Struct, frozen=True):
    journey_id: int
    reason: str


class Past(msgspec.Struct):
    """Both readings of the last days."""

    today: list[Wait] = []
    draft: list[Wait] = []
    misfits: list[Misfit] = []
    journeys: int = 0


class Next(msgspec.Struct, frozen=True):
    """Migrating now: what each journey would do, and the alerts that the next sweep would make."""

    rows: tuple[Row, ...]
    alerts: tuple[dict[str, Any], ...]
    stays: dict[int, int]


class DryRun(msgspec.Struct, frozen=True):
    """`changes`: earlier, later, newly, no_longer. `today` and `draft` are the alerts of the window as each would have had them."""

    code: str
    title: str
    in_force: int
    since: datetime
    now: datetime
    journeys: int
    changes: dict[str, tuple[Change, ...]]
    misfits: tuple[Misfit, ...]
    today: tuple[dict[str, Any], ...]
    draft: tuple[dict[str, Any], ...]
    stays: dict[int, int]
    ladders: Ladders
    next: Next


def dry_run(body: Mapping[str, Any], *, days: int, now: datetime, clock: str = "recompute", stages: Mapping[str, str] = NONE) -> DryRun:
    """Runs a checked draft over the journeys that were open within the last `days` days.

    Raises:
        KeyError: no version of this programme was ever published, so there is nothing to compare with.
        ValueError: clock or stages cannot be.
    """
    house = House.load(now)
    in_force = registry.published()[str(body["code"])]
    draft = compile_body(body, number=_free_number(in_force.definition.code))
    suppose(house, draft)
    plan = _plan(draft, clock, stages)
    since = now - timedelta(days=days)
    past = _past(house, draft, since)
    known = ladders(house, draft.code)
    alerts = {side: tuple(_alerts(waits, known, since, now)) for side, waits in (("today", past.today), ("draft", past.draft))}
    return DryRun(
        code=draft.code,
        title=draft.title,
        in_force=in_force.definition.number,
        since=since,
        now=now,
        journeys=past.journeys,
        changes=_changes(past, since, now),
        misfits=tuple(past.misfits),
        today=alerts["today"],
        draft=alerts["draft"],
        stays={wait.id: wait.journey_id for wait in (*past.today, *past.draft)},
        ladders=known,
        next=_next(house, draft.code, plan, known, now),
    )


def _free_number(code: str) -> int:
    """No stored version has it, be it published or in the making."""
    return 1 + max(PathwayVersion.objects.filter(code=code).values_list("number", flat=True), default=0)


def _plan(draft: Definition, clock: str, stages: Mapping[str, str]) -> Plan:
    migrating.check(draft, clock=clock, stages=stages)
    return Plan(draft.number, clock, dict(stages))  # type: ignore[arg-type]


# the last days


def _past(house: House, draft: Definition, since: datetime) -> Past:
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
        return f"began as {journey.entry}, which the draft does not know"
    if timeline.status != journey.columns["status"]:
        return f"is {journey.columns['status']} today and would be {timeline.status}"
    was, would = {rule for rule, *_ in journey.columns["anomalies"]}, {one.rule for one in timeline.anomalies}
    return f"something no longer fits: {', '.join(sorted(would - was))}" if would - was else ""


def _changes(past: Past, since: datetime, now: datetime) -> dict[str, tuple[Change, ...]]:
    """Stalls by journey, problem and the fact that began the wait; only those that either side finds within the window."""
    before, after = _stalls(past.today, now), _stalls(past.draft, now)
    found: dict[str, list[Change]] = {how: [] for how in HOW}
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old == new or all(at is None or at < since for at in (old, new)):
            continue
        how = "newly" if old is None else "no_longer" if new is None else "earlier" if new < old else "later"
        found[how].append(Change(key[0], key[1], old, new))
    return {how: tuple(some) for how, some in found.items()}


def _stalls(waits: Iterable[Wait], now: datetime) -> dict[tuple[int, str, str], datetime]:
    return {(wait.journey_id, wait.stage.problem, wait.root): at for wait in waits if (at := wait.stalled_at(now)) is not None}


def _alerts(waits: Iterable[Wait], known: Ladders, since: datetime, now: datetime) -> Iterator[dict[str, Any]]:
    """Every rung and repetition that falls into the window while the wait stands."""
    number = 0
    for wait in waits:
        if wait.mode not in RINGING:
            continue
        for rung, due_at in zip(wait.stage.ladder, wait.rung_at, strict=True):
            for at in _times(wait, due_at, rung.every, since, now):
                number -= 1
                yield {
                    "id": number,
                    "stay_id": wait.id,
                    "matter_id": None,
                    "rung_id": known.ids[(wait.stage_id, rung.n)],
                    "audience": rung.to,
                    "also_for": [],
                    "due_at": at,
                    "rang_at": at,
                    "mode": wait.mode,
                    "to_confirm": False,
                    "acts": True,
                }


def _times(wait: Wait, at: datetime | None, every: timedelta | None, since: datetime, now: datetime) -> Iterator[datetime]:
    """A rung whose time lies before the wait rings as it begins."""
    if at is None:
        return
    at = max(at, wait.entered_at)
    while at <= now and (wait.left_at is None or at < wait.left_at):
        if at >= since:
            yield at
        if every is None:
            return
        at += every


# now


def _next(house: House, code: str, plan: Plan, known: Ladders, now: datetime) -> Next:
    """Runs the writer in memory over every open journey and asks the sweep's SELECT what would ring of what it leaves."""
    rows: list[Row] = []
    due: list[dict[str, Any]] = []
    stays: dict[int, int] = {}
    for ids in migrating.batches(migrating.patients_of(code, plan)):
        desk, patients = imaginary_desk(house), load(ids, lock=False)
        for patient, journey in list(migrating.affected(house, patients, code, plan)):
            row = migrating.row(house, patient, journey, plan, now)
            rows.append(row)
            if not row.refused:
                act = migrating.hypothetical(house, journey, plan, now)
                desk.work(patient, [Incoming((act,), journey.home_site_id)])
            for stay in journey.stays:
                if (
                    stay.left_at is None
                    and not stay.gated
                    and not stay.release
                    and stay.attention_at is not None
                    and stay.attention_at <= now
                ):
                    stays[stay.id] = journey.id
                    due.append(_as_due(stay, journey))
    return Next(tuple(rows), tuple(rings(due, known, now=now)), stays)


def _as_due(stay: Any, journey: JourneyState) -> dict[str, Any]:
    named = ("id", "stage_id", "rung_at", "rang_through", "round", "attention_at", "feed_id")
    return {**{name: getattr(stay, name) for name in named}, "journey_id": journey.id}
