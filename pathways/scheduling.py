"""What a schedule says by itself: which occurrence is due, which was kept, missed or skipped. Pure.

Occurrence k is due so long after the anchor as the schedule says, whatever became of k-1; nothing here reads when another occurrence was
kept. A draw inside the window of an occurrence keeps it on time; one between two windows keeps the earlier occurrence late, if nothing has
kept that yet; any other draw is extra and moves nothing. A window that ends while the journey is held is skipped, not missed.

What time decides becomes a fact of grade rule whose time comes from the schedule: a window opens, a window ends. The caller says up to
which instant (`until`) this may be said; the same facts and the same instant always give the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pathways.deadlines import Clock, Duration, add_months, clock_of
from pathways.facts import Fact, Grade, Moment, Rank, content_digest
from pathways.kinds import TURNS
from pathways.replaying.state import State
from pathways.timeline import Context, HoldSpan, Timeline

if TYPE_CHECKING:
    from pathways.definitions.compiled import Definition, Schedule

SOURCE = "schedule"
DUE, MET, MISSED, SKIPPED = TURNS


class Occurrence(msgspec.Struct, frozen=True):
    """One turn of a schedule: `due_on` is a local day (ISO), the window is `[opens, closes)` in UTC."""

    number: int
    due_on: str
    opens: datetime
    closes: datetime


class Turn(msgspec.Struct, frozen=True):
    """What became of an occurrence at an instant."""

    kind: str
    of: Occurrence
    occurred: Moment
    rests_on: tuple[Fact, ...] = ()
    body: dict[str, Any] = {}


def occurrences(schedule: Schedule, anchor: datetime, clock: Clock) -> list[Occurrence]:
    """All turns of the schedule. Months and days are added up and counted from the anchor's own day, so no turn drifts."""
    start = anchor.astimezone(clock.zone).date()
    found: list[Occurrence] = []
    months = days = 0
    for every, times in schedule.repeats:
        for _ in range(times):
            months += every.amount if every.unit == "months" else 0
            days += _days(every)
            due_on = add_months(start, months).toordinal() + days
            found.append(_occurrence(len(found) + 1, due_on, _days(schedule.window), clock))
    return found


def _days(length: Duration) -> int:
    return length.amount * {"days": 1, "weeks": 7}.get(length.unit, 0)


def _occurrence(number: int, due_on: int, window: int, clock: Clock) -> Occurrence:
    day = datetime.fromordinal(due_on).date().isoformat()
    return Occurrence(number, day, clock.at_hour(due_on - window, 0), clock.at_hour(due_on + window, 24))


def turns(definition: Definition, received: Sequence[Fact], timeline: Timeline, context: Context, *, until: datetime | None) -> list[Fact]:
    """The facts that the definition's schedules state by `until` (None: by the last received fact, which proves that time passed).

    Args:
        received: current received facts of the journey.
        timeline: replay of what is known without these facts: it gives anchors, holds and the journey's end.
    """
    upto = until or max((fact.occurred.lo for fact in received), default=None)
    if upto is None:
        return []
    stated: list[Fact] = []
    for track, schedule in definition.schedules.items():
        plan = _Plan.of(schedule, timeline, context)
        if plan is not None:
            draws = _draws(schedule, received)
            stated += [_fact(track, turn, plan, received, definition) for turn in plan.turns(draws) if turn.occurred.lo <= upto]
    return stated


def next_turn(definition: Definition, timeline: Timeline, context: Context, *, after: datetime) -> datetime | None:
    """When a schedule may next say something new; None when it never will."""
    if timeline.status != "active":
        return None
    plans = (_Plan.of(schedule, timeline, context) for schedule in definition.schedules.values())
    times = [at for plan in plans if plan is not None for at in plan.times() if at > after]
    return min(times, default=None)


class _Plan(msgspec.Struct, frozen=True):
    """A schedule in one journey: its turns from the journey's start until its end."""

    turns_to_come: tuple[Occurrence, ...]
    starts: datetime
    ends: datetime | None
    holds: tuple[HoldSpan, ...]
    anchor: str

    @classmethod
    def of(cls, schedule: Schedule, timeline: Timeline, context: Context) -> _Plan | None:
        anchor = next((line for name in schedule.anchor if (line := timeline.milestones[name]).at is not None), None)
        if anchor is None or anchor.at is None:
            return None
        starts = max(anchor.at, context.opened_at or anchor.at)
        stops = [at for name in schedule.ends_with if (at := timeline.milestones[name].at) is not None]
        ends = min([*stops, *([timeline.ended_at] if timeline.ended_at else [])], default=None)
        every = occurrences(schedule, anchor.at, clock_of(context.calendar))
        wanted = (one for one in every if one.closes > starts and (ends is None or one.opens < ends))
        return cls(tuple(wanted), starts, ends, timeline.holds, anchor.basis)

    def turns(self, draws: Sequence[Fact]) -> Iterator[Turn]:
        following = [*(one.opens for one in self.turns_to_come[1:]), None]
        for one, next_opens in zip(self.turns_to_come, following, strict=False):
            yield from self._of(one, draws, next_opens)

    def _of(self, one: Occurrence, draws: Sequence[Fact], next_opens: datetime | None) -> Iterator[Turn]:
        held = self._held_at(one.closes)
        on_time = _first(draws, one.opens, one.closes)
        late = None if on_time or held else _first(draws, one.closes, next_opens)
        opens = self._opens(one)
        if opens < one.closes and (on_time is None or opens <= on_time.occurred.lo):
            yield Turn(DUE, one, Moment(opens, opens), body={"due": one.due_on})
        if on_time is not None:
            yield Turn(MET, one, on_time.occurred, (on_time,), {"timing": "on"})
        elif self.ends is None or one.closes <= self.ends:
            yield Turn(SKIPPED if held else MISSED, one, Moment(one.closes, one.closes), body={"reason": held.reason} if held else {})
        if late is not None:
            yield Turn(MET, one, late.occurred, (late,), {"timing": "late"})

    def _opens(self, one: Occurrence) -> datetime:
        """The window opens with the journey, or when a hold ends, if that is later; never for a window that a hold covers."""
        opens = max(one.opens, self.starts)
        while (hold := self._held_at(opens)) is not None:
            if hold.until is None:
                return one.closes
            opens = hold.until
        return opens

    def _held_at(self, at: datetime) -> HoldSpan | None:
        return next((hold for hold in self.holds if hold.since <= at and (hold.until is None or at < hold.until)), None)

    def times(self) -> Iterable[datetime]:
        for one in self.turns_to_come:
            yield from (one.opens, one.closes)
        yield from (hold.until for hold in self.holds if hold.until is not None)


def _first(draws: Sequence[Fact], since: datetime, until: datetime | None) -> Fact | None:
    return next((draw for draw in draws if since <= draw.occurred.lo and (until is None or draw.occurred.lo < until)), None)


def _draws(schedule: Schedule, received: Sequence[Fact]) -> list[Fact]:
    """What keeps an occurrence, in order of time. A draw that was refused since kept nothing."""
    blank = State("")
    found = [
        fact
        for fact in received
        if any(fact.kind == kind and fact.grade >= grade and (when is None or when(fact, blank)) for kind, when, grade in schedule.met_by)
    ]
    found.sort(key=lambda fact: (fact.occurred.lo, fact.lineage))
    for refusal in received:
        if refusal.kind in schedule.undone_by:
            found = _without(found, refusal)
    return found


def _without(draws: Sequence[Fact], refusal: Fact) -> list[Fact]:
    """By the ids of the sample, for an order may stand for years; a refusal that names no sample means the last one before it."""
    ids = _sample_ids(refusal)
    if ids:
        return [draw for draw in draws if ids.isdisjoint(_sample_ids(draw))]
    before = [draw for draw in draws if draw.occurred.lo <= refusal.occurred.lo]
    return [draw for draw in draws if draw is not before[-1]] if before else list(draws)


def _sample_ids(fact: Fact) -> set[str]:
    return {key for key in fact.keys if key.startswith(("specimen:", "accession:"))}


def _fact(track: str, turn: Turn, plan: _Plan, received: Sequence[Fact], definition: Definition) -> Fact:
    body = {"track": track, "occurrence": turn.of.number, **turn.body}
    grounds = [*(fact for fact in received if fact.lineage == plan.anchor), *turn.rests_on]
    basis = {"lineages": {fact.lineage: fact.digest for fact in grounds}, "rule": f"schedule of {track}", "version": definition.digest[:12]}
    name = turn.kind if turn.kind != MET else f"{turn.kind}_{body['timing']}"
    return Fact(
        kind=turn.kind,
        lineage=f"{SOURCE}|{track}|{turn.of.number}:{name}",
        occurred=turn.occurred,
        digest=content_digest(turn.kind, turn.occurred, Rank.FINAL, False, (), body),
        issued_at=turn.occurred.lo,
        grade=Grade.RULE,
        body=body,
        basis=basis,
    )
