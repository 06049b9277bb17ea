"""Where patients are lost: a cohort followed through the steps of a funnel. Open journeys are censored, never counted as lost.

One definition for screen, command and export. Every number can be opened: `members` gives the journeys behind a cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pathways.models import Journey
from pathways.reports import matched, observable
from pathways.reports.benchmarks import Benchmark, beside
from pathways.reports.cohort import EXIT_CLASSES as EXIT_CLASSES
from pathways.reports.cohort import Cohort, Question, Step, cohort
from pathways.reports.columns import ACTIVE, COMPLETED, DAY, IMPLIED, NEVER, NOT_APPLICABLE, Codes, Columns, Ints, moment
from pathways.reports.denominators import Denominator, denominators
from pathways.reports.estimators import UNSAID, Estimate, Floats, Incidence, aalen_johansen, clustered, incidence_at
from pathways.reports.matched import Matched, Standing

CELLS = ("reached", "not_applicable", "completed", "open", "held", *EXIT_CLASSES)
HERE_REACHED, HERE_NOT_APPLICABLE, HERE_COMPLETED, HERE_OPEN, HERE_HELD, HERE_LEFT = range(6)
ARRIVED, LEFT = 1, 2
ADMINISTRATIVE = EXIT_CLASSES.index("administrative") + 1
MOST_POINTS = 120


@dataclass(frozen=True, slots=True)
class StepRow:
    """Who entered a step and what became of them: the cells are a partition of `entered`.

    `conversion` is the share that reached the step within the horizon of entering it, among those to whom it applies, exits
    competing. `measured` journeys are in it; `already` had reached the step before they entered it (archival tissue before the
    order) and are left out, as are those of unknown time and `unseen`, who passed it before they came under observation. `matured`
    of the measured could have been followed for the whole horizon; `not_due` of the open could not, so nothing is late about them.
    `unknown` of those who stopped here have a later step all the same: what happened here was not told.
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
    unseen: int
    matured: int
    not_due: int
    unknown: int
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
class Point:
    """The whole path on one day: who arrived, who left (exits compete), who is still on the way; they sum to one."""

    day: float
    arrived: Estimate
    left: float
    under_way: float
    at_risk: int


@dataclass(frozen=True, slots=True)
class DropOff:
    question: Question
    n: int
    versions: tuple[int, ...]
    steps: tuple[StepRow, ...]
    ends: tuple[EndRow, ...]
    open: int
    whole: Estimate
    curve: tuple[Point, ...]
    matched: Matched
    denominators: tuple[Denominator, ...]
    benchmark: Benchmark | None
    strata: Mapping[str, DropOff]


@dataclass(frozen=True, slots=True)
class Passages:
    """How far each journey came: `at` is the step it did not reach (the number of steps: all), `cell` what became of it there,
    `entered` when it entered each step (NEVER: it did not)."""

    at: Codes
    cell: Codes
    entered: Ints


def drop_off(question: Question) -> DropOff:
    """Runs the report. Raises cohort.UnknownReport."""
    found = cohort(question)
    hidden = observable.unseen(question, [step.milestone for step in found.steps])
    known = matched.standing(question)
    report = _marked(of_cohort(found, known), hidden)
    if not question.by:
        return report
    return replace(report, strata={name: _marked(of_cohort(part, known), hidden) for name, part in found.strata().items()})


def _marked(report: DropOff, unseen: Sequence[bool]) -> DropOff:
    """Marks the steps that no site can see: their zero says nothing."""
    rows = (replace(row, observable=not blind) for row, blind in zip(report.steps, unseen, strict=True))
    return replace(report, steps=tuple(rows))


def of_cohort(found: Cohort, known: Standing) -> DropOff:
    ways = passages(found.columns)
    whole, therapy = _whole(ways, found), matched.of_cohort(found, known)
    return DropOff(
        question=found.question,
        n=found.n,
        versions=tuple(np.unique(found.columns.version).tolist()),
        steps=tuple(_step_row(i, step, ways, found) for i, step in enumerate(found.steps)),
        ends=tuple(_ends(found)),
        open=int(np.count_nonzero(found.columns.status == ACTIVE)),
        whole=UNSAID if whole is None else incidence_at(whole, ARRIVED, found.question.horizon_days),
        curve=() if whole is None else tuple(_points(whole, found.question.horizon_days)),
        matched=therapy,
        denominators=denominators(found, therapy),
        benchmark=beside(found.question.pathway, found.question.funnel, len(found.steps)),
        strata={},
    )


def passages(columns: Columns) -> Passages:
    """Follows each journey through the steps: it stands before the first that applies and is not reached, whatever came after."""
    n, steps = columns.times.shape
    at = np.full(n, steps, dtype=np.int16)
    entered = np.full((n, steps), NEVER, dtype=np.int64)
    since, goes_on = columns.opened.copy(), np.ones(n, dtype=bool)
    for i in range(steps):
        entered[goes_on, i] = since[goes_on]
        applies = goes_on & (columns.states[:, i] != NOT_APPLICABLE)
        stops = applies & (columns.times[:, i] == NEVER)
        at[stops] = i
        goes_on &= ~stops
        passes = applies & ~stops
        since[passes] = np.maximum(since[passes], columns.times[passes, i])
    return Passages(at, _stood(columns), entered)


def _stood(columns: Columns) -> Codes:
    """What became of each journey, as a place in CELLS."""
    ended = np.where(columns.status == COMPLETED, HERE_COMPLETED, HERE_LEFT - 1 + columns.exit_class)
    return np.where(columns.status == ACTIVE, np.where(columns.held == 1, HERE_HELD, HERE_OPEN), ended).astype(np.int16)


def cells_of(columns: Columns, ways: Passages, i: int) -> Codes:
    """Which cell of step `i` each journey that entered it belongs to."""
    passed = np.where(columns.states[:, i] == NOT_APPLICABLE, HERE_NOT_APPLICABLE, HERE_REACHED)
    return np.where(ways.at == i, ways.cell, passed).astype(np.int16)


def _step_row(i: int, step: Step, ways: Passages, found: Cohort) -> StepRow:
    columns, horizon = found.columns, found.question.horizon_days
    here = ways.at >= i
    counts = np.bincount(cells_of(columns, ways, i)[here], minlength=len(CELLS))
    stopped = (ways.at == i) & (columns.status != ACTIVE)
    timed = timed_step(i, ways, found)
    curve = timed.curve()
    measured = int(np.count_nonzero(timed.seen))
    waits = (ways.at == i) & (columns.status == ACTIVE)
    potential = (moment(found.question.as_of) - ways.entered[:, i][waits]) / DAY
    return StepRow(
        name=step.name,
        label=step.label,
        entered=int(np.count_nonzero(here)),
        cells={name: int(count) for name, count in zip(CELLS, counts, strict=True)},
        implied=int(np.count_nonzero((ways.at > i) & (columns.states[:, i] == IMPLIED))),
        reasons=_reasons(found, columns.reason[stopped]),
        conversion=_within(curve, timed, found) if measured else UNSAID,
        measured=measured,
        already=timed.already,
        unseen=int(np.count_nonzero(~timed.seen)),
        matured=int(np.count_nonzero(timed.potential[timed.seen] >= horizon)),
        not_due=int(np.count_nonzero(potential < horizon)),
        unknown=int(np.count_nonzero((ways.at == i) & (columns.times[:, i + 1 :] != NEVER).any(axis=1))),
    )


def _within(curve: Incidence, timed: Timed, found: Cohort) -> Estimate:
    """The share that arrived within the horizon. Where all episodes are asked, those of one person are not independent."""
    day = found.question.horizon_days
    if not found.question.every_episode:
        return incidence_at(curve, ARRIVED, day)
    return clustered(curve, ARRIVED, day, (timed.days, timed.cause, timed.entry), timed.person)


def _reasons(found: Cohort, hashes: Ints) -> dict[str, int]:
    """The commonest first."""
    kinds, counts = np.unique(hashes, return_counts=True)
    named: dict[str, int] = {}
    for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
        named[found.reasons[kind]] = named.get(found.reasons[kind], 0) + count
    return dict(sorted(named.items(), key=lambda one: (-one[1], one[0])))


@dataclass(frozen=True, slots=True)
class Timed:
    """Days, cause, entry into the risk set and potential follow-up of those to whom a step applies and who have a time for it.

    `seen` were under observation before they arrived or left; `already` counts those who had reached the step before they entered it.
    """

    days: Floats
    cause: Codes
    entry: Floats | None
    potential: Floats
    seen: NDArray[Any]
    already: int
    person: Ints

    def curve(self) -> Incidence:
        return aalen_johansen(self.days, self.cause, self.entry)


def step_curve(found: Cohort, step: str) -> Incidence:
    """Arrival at a step from entering it, exits competing: what groups are compared by."""
    i = next(n for n, one in enumerate(found.steps) if one.name == step)
    return timed_step(i, passages(found.columns), found).curve()


def timed_step(i: int, ways: Passages, found: Cohort) -> Timed:
    columns = found.columns
    applies = (ways.at >= i) & (columns.states[:, i] != NOT_APPLICABLE)
    backwards = applies & (ways.at > i) & (columns.times[:, i] < ways.entered[:, i])
    chosen = np.nonzero(applies & ~backwards)[0]
    arrived = ways.at[chosen] > i
    return followed(found, chosen, ways.entered[chosen, i], arrived, columns.times[chosen, i], int(np.count_nonzero(backwards)))


def followed(found: Cohort, chosen: Ints, start: Ints, arrived: NDArray[Any], reached: Ints, already: int = 0) -> Timed:
    """How long each was followed from `start`, and what ended it. A transfer is censored at the hand-over, an open journey at as-of."""
    columns, as_of = found.columns, moment(found.question.as_of)
    status, ended = columns.status[chosen], columns.ended[chosen]
    until = np.where(arrived, reached, np.where(status == ACTIVE, as_of, ended))
    days = np.maximum(until - start, 0) / DAY
    transferred = (status != ACTIVE) & (status != COMPLETED) & (columns.exit_class[chosen] == ADMINISTRATIVE)
    cause = np.where(arrived, ARRIVED, np.where((status == ACTIVE) | transferred, 0, LEFT)).astype(np.int16)
    observed = columns.observed[chosen]
    late = observed > start
    entry = np.where(late, observed - np.where(late, start, 0), 0) / DAY if late.any() else None
    seen = np.ones(len(chosen), dtype=bool) if entry is None else entry <= days
    return Timed(days, cause, entry, (as_of - start) / DAY, seen, already, columns.person[chosen])


def _whole(ways: Passages, found: Cohort) -> Incidence | None:
    """From entry to the last step, over the whole path: never the product of the steps."""
    columns, last = found.columns, len(found.steps) - 1
    if last < 0:
        return None
    chosen = np.nonzero(columns.states[:, last] != NOT_APPLICABLE)[0]
    if not len(chosen):
        return None
    arrived = ways.at[chosen] > last
    timed = followed(found, chosen, columns.opened[chosen], arrived, columns.times[chosen, last])
    return timed.curve()


def _points(curve: Incidence, horizon: int) -> Iterator[Point]:
    """The curve by the day up to the horizon, with how many were still at risk."""
    for day in np.unique(np.linspace(0, horizon, min(horizon, MOST_POINTS) + 1).round()):
        at = int(np.searchsorted(curve.times, day, side="right")) - 1
        left = float(curve.by_cause[LEFT][at]) if at >= 0 and LEFT in curve.by_cause else 0.0
        under_way = float(curve.survival[at]) if at >= 0 else 1.0
        later = int(np.searchsorted(curve.times, day, side="left"))
        at_risk = int(curve.at_risk[later]) if later < len(curve.times) else 0
        yield Point(float(day), incidence_at(curve, ARRIVED, float(day)), left, under_way, at_risk)


def _ends(found: Cohort) -> Iterator[EndRow]:
    """All ends by class and reason; good ends first, and never one drop-off figure over all of them."""
    columns = found.columns
    stood = _stood(columns)
    for place in (HERE_COMPLETED, *range(HERE_LEFT, len(CELLS))):
        for reason, count in _reasons(found, columns.reason[(stood == place) & (columns.status != ACTIVE)]).items():
            yield EndRow(CELLS[place], reason, count)


def members(question: Question, *, step: str, cell: str = "") -> list[str]:
    """The journeys (uid) behind a number: those that entered `step`, or of them those in `cell`. They add up to the number."""
    found = cohort(question)
    i = next(n for n, one in enumerate(found.steps) if one.name == step)
    ways = passages(found.columns)
    chosen = ways.at >= i
    if cell:
        chosen &= cells_of(found.columns, ways, i) == CELLS.index(cell)
    return uids(found.columns.id[chosen])


def uids(ids: Ints) -> list[str]:
    """In the order in which the journeys began."""
    return [str(uid) for uid in Journey.objects.filter(pk__in=ids.tolist()).order_by("opened_at", "pk").values_list("uid", flat=True)]
