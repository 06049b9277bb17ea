"""Where patients are lost: a cohort followed through the steps of a funnel. Open journeys are censored, never counted as lost.

One definition for screen, command and export. Every number can be opened: `members` gives the journeys behind a cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pathways.reports import matched, observable
from pathways.reports.cohort import Cohort, Member, Question, Step, cohort, days_between
from pathways.reports.estimators import Estimate, aalen_johansen, incidence_at
from pathways.reports.matched import Matched

REACHED, NOT_APPLICABLE, COMPLETED, OPEN, HELD = "reached", "not_applicable", "completed", "open", "held"
EXIT_CLASSES = ("preventable", "patient_choice", "appropriate", "competing", "administrative")
CELLS = (REACHED, NOT_APPLICABLE, COMPLETED, OPEN, HELD, *EXIT_CLASSES)
ARRIVED, LEFT = 1, 2


@dataclass(frozen=True, slots=True)
class StepRow:
    """Who entered a step and what became of them: the cells are a partition of `entered`.

    `conversion` is the share that reached the step within the horizon of entering it, among those to whom it applies, exits
    competing. `measured` journeys are in it; `already` had reached the step before they entered it (archival tissue before the
    order) and are left out, as are those of unknown time. `matured` of them could have been followed for the whole horizon.
    """

    name: str
    label: str
    entered: int
    cells: Mapping[str, int]
    implied: int
    reasons: Mapping[str, int]
    conversion: Estimate
    measured: int
    already: int
    matured: int
    observable: bool = True

    @property
    def lost(self) -> int:
        """Drop-off in the strict sense: exits of class preventable."""
        return self.cells["preventable"]


@dataclass(frozen=True, slots=True)
class EndRow:
    """One way of ending: `kind` is completed or the class of exit."""

    kind: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class DropOff:
    question: Question
    n: int
    versions: tuple[int, ...]
    steps: tuple[StepRow, ...]
    ends: tuple[EndRow, ...]
    open: int
    whole: Estimate
    matched: Matched
    strata: Mapping[str, DropOff]


@dataclass(frozen=True, slots=True)
class Passage:
    """How far one journey came: `at` is the step it did not reach (the number of steps: all), `cell` what became of it there."""

    at: int
    cell: str
    entered: tuple[datetime | None, ...]


def drop_off(question: Question) -> DropOff:
    """Runs the report. Raises cohort.UnknownReport."""
    found = cohort(question)
    hidden = observable.unseen(question, [step.milestone for step in found.steps])
    report = _marked(of_cohort(found), hidden)
    if not question.by:
        return report
    return replace(report, strata={name: _marked(of_cohort(part), hidden) for name, part in found.strata().items()})


def _marked(report: DropOff, unseen: Sequence[bool]) -> DropOff:
    """Marks the steps that no site can see: their zero says nothing."""
    rows = (replace(row, observable=not blind) for row, blind in zip(report.steps, unseen, strict=True))
    return replace(report, steps=tuple(rows))


def of_cohort(found: Cohort) -> DropOff:
    passages = [passage(member, found.steps) for member in found.members]
    pairs = list(zip(found.members, passages, strict=True))
    return DropOff(
        question=found.question,
        n=len(found.members),
        versions=tuple(sorted({member.version_id for member in found.members})),
        steps=tuple(_step_row(i, step, pairs, found.question) for i, step in enumerate(found.steps)),
        ends=tuple(_ends(found.members)),
        open=sum(member.is_open for member in found.members),
        whole=_whole(pairs, found),
        matched=matched.of_cohort(found),
        strata={},
    )


def passage(member: Member, steps: Sequence[Step]) -> Passage:
    """Follows one journey through the steps: it stands before the first that applies and is not reached, whatever came after."""
    entered: list[datetime | None] = []
    since: datetime | None = member.opened_at
    for i in range(len(steps)):
        entered.append(since)
        if member.states[i] == NOT_APPLICABLE:
            continue
        reached = member.times[i]
        if reached is None:
            return Passage(i, _cell(member), tuple(entered))
        since = max(since, reached) if since is not None else reached
    return Passage(len(steps), REACHED, tuple(entered))


def _cell(member: Member) -> str:
    if member.is_open:
        return HELD if member.held else OPEN
    if member.status == "completed":
        return COMPLETED
    return member.exit_class if member.exit_class in EXIT_CLASSES else "administrative"


Pairs = Sequence[tuple[Member, Passage]]


def _step_row(i: int, step: Step, pairs: Pairs, question: Question) -> StepRow:
    here = [(member, way) for member, way in pairs if way.at >= i]
    cells = Counter(cell_of(member, way, i) for member, way in here)
    stopped = [member for member, way in here if way.at == i and not member.is_open]
    timed = list(_timed(i, here, question))
    inside = [one for one in timed if one is not None]
    already = len(timed) - len(inside)
    curve = aalen_johansen([days for days, _, _ in inside], [cause for _, cause, _ in inside])
    return StepRow(
        name=step.name,
        label=step.label,
        entered=len(here),
        cells={name: cells.get(name, 0) for name in CELLS},
        implied=sum(member.states[i] == "implied" for member, way in here if way.at > i),
        reasons=dict(Counter(member.exit_reason or member.outcome or "not stated" for member in stopped).most_common()),
        conversion=incidence_at(curve, ARRIVED, question.horizon_days) if inside else Estimate(None, None, None),
        measured=len(inside),
        already=already,
        matured=sum(potential >= question.horizon_days for _, _, potential in inside),
    )


def cell_of(member: Member, way: Passage, i: int) -> str:
    """Which cell of step `i` a journey that entered it belongs to."""
    if way.at == i:
        return way.cell
    return NOT_APPLICABLE if member.states[i] == NOT_APPLICABLE else REACHED


def _timed(i: int, here: Pairs, question: Question) -> Iterator[tuple[float, int, float] | None]:
    """(days, cause, potential follow-up) of those to whom step `i` applies; None where it was reached before it was entered."""
    for member, way in here:
        if member.states[i] == NOT_APPLICABLE:
            continue
        start = way.entered[i]
        if start is None:
            continue
        potential = days_between(start, question.as_of)
        if way.at > i:
            reached = member.times[i]
            assert reached is not None
            yield None if reached < start else (days_between(start, reached), ARRIVED, potential)
        else:
            yield (*_waiting(member, start, question), potential)


def _waiting(member: Member, start: datetime, question: Question) -> tuple[float, int]:
    """How long somebody who did not arrive was followed, and whether an exit competed. A transfer is censored at the hand-over."""
    if member.is_open:
        return days_between(start, question.as_of), 0
    until = max(member.ended_at or start, start)
    transferred = member.exit_class == "administrative"
    return days_between(start, until), 0 if transferred else LEFT


def _whole(pairs: Pairs, found: Cohort) -> Estimate:
    """From entry to the last step within the horizon, over the whole path: never the product of the steps."""
    last = len(found.steps) - 1
    rows = []
    for member, way in pairs:
        if last < 0 or member.states[last] == NOT_APPLICABLE:
            continue
        reached = member.times[last] if way.at > last else None
        if reached is not None:
            rows.append((max(0.0, days_between(member.opened_at, reached)), ARRIVED))
        else:
            rows.append(_waiting(member, member.opened_at, found.question))
    if not rows:
        return Estimate(None, None, None)
    curve = aalen_johansen([days for days, _ in rows], [cause for _, cause in rows])
    return incidence_at(curve, ARRIVED, found.question.horizon_days)


def _ends(members: Sequence[Member]) -> Iterator[EndRow]:
    """All ends by class and reason; good ends first, and never one drop-off figure over all of them."""
    ended = Counter((_cell(member), member.exit_reason or member.outcome or "not stated") for member in members if not member.is_open)
    order = {name: i for i, name in enumerate((COMPLETED, *EXIT_CLASSES))}
    for (kind, reason), count in sorted(ended.items(), key=lambda item: (order.get(item[0][0], 99), -item[1], item[0][1])):
        yield EndRow(kind, reason, count)


def members(question: Question, *, step: str, cell: str = "") -> list[str]:
    """The journeys (uid) behind a number: those that entered `step`, or of them those in `cell`. They add up to the number."""
    found = cohort(question)
    i = next(n for n, one in enumerate(found.steps) if one.name == step)
    ways = ((member, passage(member, found.steps)) for member in found.members)
    return [member.uid for member, way in ways if way.at >= i and (not cell or cell_of(member, way, i) == cell)]
