"""Where patients are lost: a cohort followed through the steps of a funnel. Open journeys are censored, never counted as lost.

One definition for screen, command and export. Every number can be opened: `pathways.reports.behind` gives the journeys behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from pathways.reports import matched, observable
from pathways.reports.at_once import Later, at_once, later
from pathways.reports.benchmarks import Benchmark, beside
from pathways.reports.cohort import EXIT_CLASSES as EXIT_CLASSES
from pathways.reports.cohort import Cohort, Question, Step, cohort
from pathways.reports.columns import ACTIVE, NOT_APPLICABLE, Ints
from pathways.reports.denominators import Denominator, denominators
from pathways.reports.estimators import UNSAID, Estimate, Incidence, incidence_at
from pathways.reports.matched import Matched, Standing
from pathways.reports.passages import ARRIVED as ARRIVED
from pathways.reports.passages import CELLS as CELLS
from pathways.reports.passages import HERE_COMPLETED, HERE_LEFT, LEFT, Passages, Timed, cells_of, followed, passages, sides, timed_step
from pathways.reports.passages import step_curve as step_curve

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
    observable: bool

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
class Read:
    """A cohort as one pass gave it, with what is found of its journeys and which steps nobody sees: all that any part of it needs."""

    found: Cohort
    known: Later[Standing]
    unseen: Sequence[bool]

    def report(self, strata: Mapping[str, Cohort] | None = None, *, by: str = "") -> DropOff:
        """Of the whole, with the strata beside it."""
        whole = self.of(self.found)
        question = replace(whole.question, by=by or whole.question.by)
        return replace(whole, question=question, strata={name: self.of(part) for name, part in (strata or {}).items()})

    def of(self, part: Cohort) -> DropOff:
        return _marked(of_cohort(part, self.known), self.unseen)


def read(question: Question) -> Read:
    """Raises cohort.UnknownReport."""
    found = cohort(question)
    known = later(partial(matched.standing, question, found.columns.id), found.n)
    return Read(found, known, observable.unseen(question, [step.milestone for step in found.steps]))


def drop_off(question: Question) -> DropOff:
    """Runs the report. Raises cohort.UnknownReport."""
    one = read(question)
    return one.report(one.found.strata() if question.by else None)


def _marked(report: DropOff, unseen: Sequence[bool]) -> DropOff:
    """Marks the steps that no site can see: their zero says nothing."""
    rows = (replace(row, observable=not blind) for row, blind in zip(report.steps, unseen, strict=True))
    return replace(report, steps=tuple(rows))


def of_cohort(found: Cohort, known: Later[Standing]) -> DropOff:
    ways = passages(found.columns)
    ends = tuple(_ends(found, ways))
    assert found.reasons is not None  # asked of the database by now, which what is done at once may not
    each = [partial(_step_row, i, step, ways, found) for i, step in enumerate(found.steps)]
    made: list[Any] = at_once([partial(_whole_path, ways, found), *each, lambda: matched.chosen(found, known())], found.n)
    (whole, curve), *steps, who = made
    return DropOff(
        question=found.question,
        n=found.n,
        versions=tuple(np.unique(found.columns.version).tolist()),
        steps=tuple(steps),
        ends=ends,
        open=int(np.count_nonzero(found.columns.status == ACTIVE)),
        whole=whole,
        curve=curve,
        matched=matched.counted(who),
        denominators=denominators(found, who),
        benchmark=beside(found.question.pathway, found.question.funnel, len(found.steps)),
        strata={},
    )


def _step_row(i: int, step: Step, ways: Passages, found: Cohort) -> StepRow:
    columns = found.columns
    here = ways.at >= i
    counts = np.bincount(cells_of(columns, ways, i)[here], minlength=len(CELLS))
    stopped = (ways.at == i) & (columns.status != ACTIVE)
    timed = timed_step(i, ways, found)
    figures = {name: len(rows) for name, rows in sides(i, ways, timed, found).items()}
    return StepRow(
        name=step.name,
        label=step.label,
        entered=int(np.count_nonzero(here)),
        cells={name: int(count) for name, count in zip(CELLS, counts, strict=True)},
        reasons=_reasons(found, columns.reason[stopped]),
        conversion=_within(timed.curve(upto=found.question.horizon_days), timed, found) if figures["measured"] else UNSAID,
        observable=True,
        **figures,
    )


def _within(curve: Incidence, timed: Timed, found: Cohort) -> Estimate:
    """The share that arrived within the horizon. Where all episodes are asked, those of one person are not independent."""
    day = found.question.horizon_days
    return incidence_at(curve, ARRIVED, day, timed.effect(curve, day))


def _reasons(found: Cohort, hashes: Ints) -> dict[str, int]:
    """The commonest first."""
    kinds, counts = np.unique(hashes, return_counts=True)
    named: dict[str, int] = {}
    for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
        named[found.reasons[kind]] = named.get(found.reasons[kind], 0) + count
    return dict(sorted(named.items(), key=lambda one: (-one[1], one[0])))


def _whole_path(ways: Passages, found: Cohort) -> tuple[Estimate, tuple[Point, ...]]:
    """Who arrived within the horizon, and the way there by the day."""
    timed = _whole(ways, found)
    if timed is None:
        return UNSAID, ()
    curve = timed.curve(upto=found.question.horizon_days)
    points = tuple(_points(curve, timed, found.question.horizon_days))
    return _within(curve, timed, found), points


def _whole(ways: Passages, found: Cohort) -> Timed | None:
    """From entry to the last step, over the whole path: never the product of the steps."""
    columns, last = found.columns, len(found.steps) - 1
    if last < 0:
        return None
    chosen = np.nonzero(columns.states[:, last] != NOT_APPLICABLE)[0]
    if not len(chosen):
        return None
    arrived = ways.at[chosen] > last
    return followed(found, chosen, columns.opened[chosen], arrived, columns.times[chosen, last])


def _points(curve: Incidence, timed: Timed, horizon: int) -> Iterator[Point]:
    """The curve by the day up to the horizon, with how many were still at risk."""
    effect = timed.effect(curve, horizon)
    if ARRIVED in curve.by_cause:
        curve.variance(ARRIVED)  # of all times together, since every day is asked
    days = np.unique(np.linspace(0, horizon, min(horizon, MOST_POINTS) + 1).round()).astype(np.int64)
    for day, at_risk in zip(days.tolist(), timed.at_risk(horizon)[days].tolist(), strict=True):
        at = int(np.searchsorted(curve.times, day, side="right")) - 1
        left = float(curve.by_cause[LEFT][at]) if at >= 0 and LEFT in curve.by_cause else 0.0
        under_way = float(curve.survival[at]) if at >= 0 else 1.0
        yield Point(float(day), incidence_at(curve, ARRIVED, float(day), effect), left, under_way, at_risk)


def _ends(found: Cohort, ways: Passages) -> Iterator[EndRow]:
    """All ends by class and reason; good ends first, and never one drop-off figure over all of them."""
    columns = found.columns
    for place in (HERE_COMPLETED, *range(HERE_LEFT, len(CELLS))):
        for reason, count in _reasons(found, columns.reason[(ways.cell == place) & (columns.status != ACTIVE)]).items():
            yield EndRow(CELLS[place], reason, count)
