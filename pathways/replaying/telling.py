"""Writes the answer of a replay down: deadlines and rungs, milestones and phase, who had the ball, what a person must settle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from pathways.deadlines import Clock, clock_of, due
from pathways.facts import Fact, Moment
from pathways.replaying.state import OpenStay, State
from pathways.timeline import Anomaly, BallSpan, Context, HoldSpan, MilestoneLine, StayLine, Timeline

if TYPE_CHECKING:
    from pathways.definitions.compiled import Definition, Stage

_NEVER = datetime.max.replace(tzinfo=UTC)
NOBODY = Fact("", "", Moment(_NEVER, _NEVER), "")
Rungs = tuple[datetime | None, ...]


def tell(definition: Definition, state: State, context: Context) -> Timeline:
    holds = _trimmed(state)
    milestones = _milestones(definition, state)
    return Timeline(
        stays=tuple(_stay_lines(state, holds, clock_of(context.calendar))),
        milestones=milestones,
        phase=_phase(definition, milestones),
        status=state.status,
        outcome=state.outcome,
        exit_reason=state.exit_reason,
        exit_class=state.exit_class,
        ended_at=state.ended_at,
        balls=tuple(_balls(state.stays, holds)),
        holds=tuple(holds),
        anomalies=(*state.anomalies, *_negative_intervals(definition, state)),
        matters=tuple(sorted([*state.matters, *_changed_results(definition, state)])),
        version=definition.number,
    )


# stays


def _stay_lines(state: State, holds: Sequence[HoldSpan], clock: Clock) -> Iterable[StayLine]:
    resting = [stay for stay in state.stays if stay.stage.blocks]
    for stay in state.stays:
        stage = stay.stage
        due_at, rung_at = _deadline(stay, holds, clock) if holds else _plain_deadline(clock, stage, stay.anchor)
        if stage.guarded and stay.left_at is None:
            rung_at = _without(rung_at, [n for n, unless in stage.guarded if unless(NOBODY, state)])
        if resting and stage.texts and stage.track == "main":
            rung_at = _without(rung_at, [n for n in stage.texts if _rests(rung_at[n], resting)])
        yield StayLine(
            stage.track, stage.name, stay.occurrence, stay.root, stay.entered_at, due_at, stay.left_at, stay.left_by, rung_at, stage.version
        )


@lru_cache(maxsize=65_536)
def _plain_deadline(clock: Clock, stage: Stage, anchor: datetime) -> tuple[datetime | None, Rungs]:
    """Without holds. The same waits are told again whenever their journey has news, so most answers are remembered."""
    length = stage.within or stage.review_after
    if length is None:
        return None, ()
    due_at = clock.after(anchor, length)
    return (due_at if stage.within else None), _ladder(clock, stage, due_at)


@lru_cache(maxsize=65_536)
def _ladder(clock: Clock, stage: Stage, due_at: datetime) -> Rungs:
    """When each rung rings. Deadlines in days fall on few instants, so most ladders are remembered."""
    return tuple(clock.shifted(due_at, rung.at) for rung in stage.ladder)


def _deadline(stay: OpenStay, holds: Sequence[HoldSpan], clock: Clock) -> tuple[datetime | None, Rungs]:
    """With holds: each pushes what is still to come by its length; one without end leaves nothing due after it began."""
    stage = stay.stage
    length = stage.within or stage.review_after
    if length is None:
        return None, ()
    over = [hold for hold in holds if hold.until is not None and (stay.left_at is None or hold.since < stay.left_at)]
    standing = next((hold.since for hold in holds if hold.until is None), None)
    if stage.is_scheduled:
        due_at, rung_at = _plain_deadline(clock, stage, stay.anchor)
        return due_at, tuple(None if at is not None and _is_held(at, holds) else at for at in rung_at)
    due_at = due(stay.anchor, length, clock.calendar, over)
    rung_at = _ladder(clock, stage, due_at)
    if standing is not None and (stay.left_at is None or standing < stay.left_at):
        rung_at = tuple(at if at is not None and at < standing else None for at in rung_at)
        return (due_at if stage.within and due_at < standing else None), rung_at
    return (due_at if stage.within else None), rung_at


def _is_held(at: datetime, holds: Sequence[HoldSpan]) -> bool:
    return any(hold.since <= at and (hold.until is None or at < hold.until) for hold in holds)


def _without(rung_at: Rungs, taken: Sequence[int]) -> Rungs:
    return tuple(None if n in taken else at for n, at in enumerate(rung_at)) if taken else rung_at


def _rests(at: datetime | None, resting: Sequence[OpenStay]) -> bool:
    """While a side track blocks, the ball is not the patient's and main's texts rest."""
    return at is not None and any(stay.entered_at <= at and (stay.left_at is None or at < stay.left_at) for stay in resting)


# milestones and phase


def _milestones(definition: Definition, state: State) -> dict[str, MilestoneLine]:
    lines = dict(definition.unknown)
    for name, seen in state.seen.items():
        lines[name] = MilestoneLine(name, "implied" if seen.implied else "reached", seen.at, seen.basis)
    for name, test in definition.not_applicable:
        if name not in state.seen and test(NOBODY, state):
            lines[name] = MilestoneLine(name, "not_applicable", None, "")
    return lines


def _phase(definition: Definition, milestones: dict[str, MilestoneLine]) -> str:
    """The last phase that is reached before the first required milestone still missing."""
    phase = "identified"
    for milestone in definition.spine:
        match milestones[milestone.name].state:
            case "unknown":
                break
            case "not_applicable":
                continue
            case _:
                phase = milestone.phase
    return phase


# the ball


def _trimmed(state: State) -> list[HoldSpan]:
    """Holds in time order, none reaching past the end of the journey."""
    if not state.holds:
        return []
    end = state.ended_at
    spans = sorted(state.holds, key=lambda hold: (hold.since, hold.reason))
    if end is None:
        return spans
    return [
        HoldSpan(hold.reason, hold.since, end if hold.until is None or hold.until > end else hold.until, hold.review_at, hold.party)
        for hold in spans
        if hold.since < end
    ]


def _balls(stays: Sequence[OpenStay], holds: Sequence[HoldSpan]) -> list[BallSpan]:
    """Every day of the journey with exactly one party: the hold's, else that of the earliest blocking stay, else main's."""
    blocking = [stay for stay in stays if stay.stage.blocks and stay.stage.track != "main"]
    spans: list[BallSpan] = []
    for stay in stays:
        if stay.stage.track == "main" and stay.left_at != stay.entered_at:
            for since, until in _pieces(stay, blocking, holds):
                _extend(spans, _party(stay, since, blocking, holds), since, until)
    return spans


def _pieces(stay: OpenStay, blocking: Sequence[OpenStay], holds: Sequence[HoldSpan]) -> list[tuple[datetime, datetime | None]]:
    since, end = stay.entered_at, stay.left_at
    during = [other for other in blocking if (end is None or other.entered_at < end) and (other.left_at is None or other.left_at > since)]
    if not during and not holds:
        return [(since, end)]
    edges = {edge for other in during for edge in (other.entered_at, other.left_at)}
    edges |= {edge for hold in holds for edge in (hold.since, hold.until)}
    inside = sorted(edge for edge in edges if edge is not None and since < edge and (end is None or edge < end))
    return list(zip([since, *inside], [*inside, end], strict=True))


def _party(stay: OpenStay, at: datetime, blocking: Sequence[OpenStay], holds: Sequence[HoldSpan]) -> str:
    if not blocking and not holds:
        return stay.stage.ball
    for hold in holds:
        if hold.party and hold.since <= at and (hold.until is None or at < hold.until):
            return hold.party
    for other in sorted(blocking, key=lambda other: other.entered_at):
        if other.entered_at <= at and (other.left_at is None or at < other.left_at):
            return other.stage.ball
    return stay.stage.ball


def _extend(spans: list[BallSpan], party: str, since: datetime, until: datetime | None) -> None:
    last = spans[-1] if spans else None
    if last is not None and last.party == party and last.until == since:
        spans[-1] = BallSpan(party, last.since, until)
    else:
        spans.append(BallSpan(party, since, until))


# what a person may want to see


def _negative_intervals(definition: Definition, state: State) -> Iterable[Anomaly]:
    """Never clamped: reports leave such an interval out and show how many there are."""
    for later, earlier in definition.must_follow:
        after, before = state.seen.get(later), state.seen.get(earlier)
        if after is not None and before is not None and not after.implied and not before.implied and after.hi < before.at:
            yield Anomaly("negative_interval", after.basis, f"{later} before {earlier}")


def _changed_results(definition: Definition, state: State) -> Iterable[tuple[str, str]]:
    """A result corrected after someone acted on it; each correction asks anew."""
    for fact in state.corrected:
        issued = fact.issued_at or fact.message_at or fact.recorded_at
        acted = (state.seen.get(name) for name in definition.acted_after)
        if issued is not None and any(seen is not None and seen.at < issued for seen in acted):
            yield "result_changed", f"{fact.lineage}:{fact.digest[:12]}"
