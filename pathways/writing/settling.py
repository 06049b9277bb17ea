"""Replays one journey, lets the rules derive what they can, replays again, and turns the timeline into changed rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pathways import alerts, ordering
from pathways.facts import ORDERER, Fact, iso
from pathways.knowledge import Knowledge
from pathways.knowledge.derive import derive
from pathways.lineage import current
from pathways.reconcile import reconcile
from pathways.replay import replay, retell
from pathways.replaying.migration import Versions, unknown
from pathways.scheduling import next_turn
from pathways.timeline import Context, StayLine, Timeline
from pathways.writing import matters
from pathways.writing.acts import own
from pathways.writing.state import PHASE_TIMES, JourneyState, PatientState, StayState
from pathways.writing.versions import carry_over, first_definition, in_turn, retired, scheduled, stage_places, versions

if TYPE_CHECKING:
    from pathways.definitions.compile import Definition, Stage
    from pathways.writing.desk import Desk


def settle_journey(desk: Desk, patient: PatientState, journey: JourneyState, wanted: set[str]) -> None:
    """Brings stored columns, stays and matters of one journey in line with what its facts now say."""
    context, digest = desk.house.context(patient, journey)
    received = [fact for fact in patient.facts if fact.lineage in wanted and fact.basis is None]
    definition, migrated = first_definition(desk.house, journey, received)
    others = versions(desk.house, journey.pathway)
    timeline, derived = conclude(definition, received, journey, context, desk.house.knowledge, others, now=desk.house.now)
    if migrated:
        definition = _put_under(desk, journey, timeline.version)
        digest = desk.house.context(patient, journey)[1]
    _attach_derived(desk, patient, journey, derived)
    _store_columns(desk, journey, definition, timeline, digest)
    _store_stays(desk, journey, definition, timeline, migrated=migrated)
    if definition.schedules:
        desk.changes.turns[journey.id] = next_turn(definition, timeline, context, after=desk.house.now)
    if any(ORDERER in fact.body for fact in patient.facts):  # also one that was taken back, and so names nobody any more
        desk.changes.ordered[journey.id] = ordering.named(current(received)), journey.team
    matters.settle_for_journey(desk, patient, journey, timeline)


def conclude(
    definition: Definition,
    received: list[Fact],
    journey: JourneyState,
    context: Context,
    knowledge: Knowledge,
    others: Versions = unknown,
    *,
    now: datetime | None = None,
) -> tuple[Timeline, list[Fact]]:
    """What rules and schedules derive from the received facts alone, and the replay of all; so the order in which they came cannot show.

    `now` is how far schedules may speak (None: as far as the received facts prove that time has passed); nothing else depends on it.
    """
    now_true = current(received)
    derived = [own(fact, journey) for fact in derive(definition, now_true, knowledge, versions=received)]
    told = current(received + derived) if derived else now_true
    timeline = retell(definition, told, context, versions=others)
    chain = in_turn(definition, now_true, others)
    if any(one.schedules for _, one in chain):
        derived += [own(fact, journey) for fact in scheduled(chain, now_true, timeline, context, until=now)]
        timeline = replay(definition, received + derived, context, versions=others)
    return timeline, derived


def _put_under(desk: Desk, journey: JourneyState, number: int) -> Definition:
    """The version in force now is the one the last standing migration names."""
    published = desk.house.numbered(journey.pathway, number)
    if journey.version_id != published.version_id:
        journey.version_id = desk.changes.repinned[journey.id] = published.version_id
    return published.definition


def _names(facts: list[Fact]) -> set[tuple[str, str]]:
    return {(fact.lineage, fact.digest) for fact in facts}


def _attach_derived(desk: Desk, patient: PatientState, journey: JourneyState, derived: list[Fact]) -> None:
    """What the rules say now is attached, what they no longer say is detached; both stay on record."""
    names = _names(derived)
    key = journey.key
    known = {(fact.lineage, fact.digest): fact for fact in patient.facts if fact.basis is not None and key in fact.keys}
    for name, fact in known.items():
        if name not in names and fact.id in journey.attached:
            desk.detach(journey, fact, "no longer derived")
        elif name in names and fact.id not in journey.attached:
            desk.attach(journey, fact, "rule")
    for fact in derived:
        if (fact.lineage, fact.digest) not in known and (added := desk.append(patient, fact, record_id=journey.patient_id)) is not None:
            desk.attach(journey, added, "rule")


def _store_columns(desk: Desk, journey: JourneyState, definition: Definition, timeline: Timeline, digest: str) -> None:
    wanted = columns(definition, timeline, digest)
    before = journey.columns
    if wanted == before:
        return
    if not journey.is_new:
        if said := _said_before(before, wanted):
            desk.changes.journey_revisions.append((journey.id, "*", said))
        desk.changes.journeys[journey.id] = journey
    journey.columns = wanted


REPORTED = ("phase", "status", "outcome", "exit_reason", "exit_class", "ended_at", "held_until", "hold_reason", "balls", *PHASE_TIMES)


def _said_before(before: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """What reports read and what it said until now, of all that changed: a report as of an earlier day gives it back."""
    said = {name: before[name] for name in REPORTED if before[name] != wanted[name]}
    old, new = before["milestones"], wanted["milestones"]
    if old != new:
        said.update((f"milestones.{name}", old.get(name)) for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return said


def columns(definition: Definition, timeline: Timeline, digest: str) -> dict[str, Any]:
    """The columns of a journey that replay decides, as stored."""
    times = definition.phase_times(timeline)
    hold = next((hold for hold in timeline.holds if hold.until is None), None)
    return {
        "phase": timeline.phase,
        "status": timeline.status,
        "outcome": timeline.outcome,
        "exit_reason": timeline.exit_reason,
        "exit_class": timeline.exit_class,
        "ended_at": timeline.ended_at,
        **{name: times.get(name.removesuffix("_at")) for name in PHASE_TIMES},
        "milestones": {
            line.name: [line.state, _iso(line.at), line.basis] for line in timeline.milestones.values() if line.state != "unknown"
        },
        "ball": timeline.balls[-1].party if timeline.balls and timeline.balls[-1].until is None else "",
        "balls": [[span.party, _iso(span.since), _iso(span.until)] for span in timeline.balls],
        "held_until": hold.review_at if hold else None,
        "hold_reason": hold.reason if hold else "",
        "context_digest": digest,
        "anomalies": [[anomaly.rule, anomaly.lineage, anomaly.detail] for anomaly in timeline.anomalies],
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def _store_stays(desk: Desk, journey: JourneyState, definition: Definition, timeline: Timeline, *, migrated: bool) -> None:
    places = stage_places(desk.house, journey) if migrated else {}
    stored_stays = [stay.stored(places[stay.stage_id].version if migrated else 0) for stay in journey.stays]
    answer = reconcile(stored_stays, timeline.stays, definition.schedules)
    by_id = {stay.id: stay for stay in journey.stays}
    for stored in answer.superseded:
        desk.changes.superseded.append((stored.id, alerts.CORRECTED))
        desk.changes.withdraw(alerts.CORRECTED, stored.id)
        journey.stays.remove(by_id[stored.id])
    for stored, line in answer.kept:
        if migrated and stored.version != line.version:
            _restage(desk, journey, by_id[stored.id], line, places[by_id[stored.id].stage_id])
        else:
            _keep(desk, journey, by_id[stored.id], line)
    for line in answer.new:
        _begin(desk, journey, line)


def _begin(desk: Desk, journey: JourneyState, line: StayLine) -> None:
    published = desk.house.numbered(journey.pathway, line.version)
    stage = published.definition.stages[f"{line.track}.{line.stage}"]
    mode = desk.house.mode(journey.home_site_id, journey.pathway)
    stay = StayState(
        id=desk.stay_id(),
        stage_id=published.stage_ids[(line.track, line.stage)],
        track=line.track,
        stage=line.stage,
        occurrence=line.occurrence,
        root_lineage=line.root_lineage,
        entered_at=line.entered_at,
        due_at=line.due_at,
        left_at=line.left_at,
        left_by=line.left_by,
        rung_at=list(line.rung_at),
        attention_at=None if line.left_at else _first(line.rung_at),
        rang_through=None,
        round=1,
        feed_id=desk.house.feed_for(journey.home_site_id, stage.awaits),
        gated=False,
        release=mode not in ("shadow", "staff", "live") or (desk.house.lists(mode) and _is_due(line.rung_at, desk.house.now)),
    )
    journey.stays.append(stay)
    desk.changes.new_stays.append((journey.id, stay))


def _keep(desk: Desk, journey: JourneyState, stay: StayState, line: StayLine) -> None:
    """Carries a stay over: the same wait, with what the new facts changed of it."""
    if _same(stay, line):
        return
    _remember(desk, stay, line)
    _withdraw_left(desk, journey, stay, line)
    _set_attention(desk, stay, line)
    _take(desk, stay, line)


def _restage(desk: Desk, journey: JourneyState, stay: StayState, line: StayLine, before: Stage) -> None:
    """The same wait in a stage of another version."""
    published = desk.house.numbered(journey.pathway, line.version)
    stage = published.definition.stages[f"{line.track}.{line.stage}"]
    _remember(desk, stay, line)
    _withdraw_left(desk, journey, stay, line)
    carry_over(desk, stay, line, before.ladder, stage.ladder)
    stay.stage_id = desk.changes.restaged[stay.id] = published.stage_ids[(line.track, line.stage)]
    stay.stage, stay.feed_id = line.stage, desk.house.feed_for(journey.home_site_id, stage.awaits)
    _take(desk, stay, line)


def _withdraw_left(desk: Desk, journey: JourneyState, stay: StayState, line: StayLine) -> None:
    if stay.left_at is None and line.left_at is not None:
        ended = journey.columns["status"] != "active"
        desk.changes.withdraw(alerts.ENDED if ended else alerts.RETIRED if retired(line) else alerts.PROGRESS, stay.id)


def _take(desk: Desk, stay: StayState, line: StayLine) -> None:
    stay.occurrence, stay.root_lineage, stay.entered_at = line.occurrence, line.root_lineage, line.entered_at
    stay.due_at, stay.left_at, stay.left_by = line.due_at, line.left_at, line.left_by
    stay.rung_at = list(line.rung_at)
    desk.changes.stays.append(stay)


def _remember(desk: Desk, stay: StayState, line: StayLine) -> None:
    """Keeps what we believed until now; that a wait ended is no correction."""
    before = (
        ("entered_at", stay.entered_at, line.entered_at),
        ("due_at", stay.due_at, line.due_at),
        ("left_at", stay.left_at, line.left_at),
    )
    desk.changes.stay_revisions.extend((stay.id, name, old) for name, old, new in before if old is not None and old != new)


def _same(stay: StayState, line: StayLine) -> bool:
    return (
        stay.left_at == line.left_at
        and stay.due_at == line.due_at
        and stay.entered_at == line.entered_at
        and stay.left_by == line.left_by
        and stay.root_lineage == line.root_lineage
        and stay.occurrence == line.occurrence
        and stay.rung_at == list(line.rung_at)
    )


def _set_attention(desk: Desk, stay: StayState, line: StayLine) -> None:
    """Sets when the stay rings next.

    A new round begins only where a rung that rang is not due any more, or the wait stands again after its end: staff may then hear of it
    anew. Where everything that rang would still have rung, it stays rung, and only what never rang is yet to ring.
    """
    if line.left_at is not None:
        stay.attention_at = None
        return
    new = list(line.rung_at)
    if stay.left_at is None and new == stay.rung_at:
        return
    rang = [n for n, at in enumerate(stay.rung_at) if at is not None and stay.rang_through is not None and at <= stay.rang_through]
    stands = all((at := new[n] if n < len(new) else None) is not None and at <= desk.house.now for n in rang)
    stay.gated = False
    if stay.left_at is not None or not stands:
        if rang:
            stay.round += 1
            desk.changes.withdraw(alerts.MOVED, stay.id)
        stay.rang_through, stay.attention_at = None, _first(new)
    elif len(rang) < len(new):
        stay.rang_through = max((at for n in rang if (at := new[n]) is not None), default=None)
        stay.attention_at = _first([at for n, at in enumerate(new) if n not in rang])


def _is_due(rung_at: Sequence[datetime | None], now: datetime) -> bool:
    first = _first(rung_at)
    return first is not None and first <= now


def _first(rung_at: Sequence[datetime | None]) -> datetime | None:
    return min((at for at in rung_at if at is not None), default=None)
