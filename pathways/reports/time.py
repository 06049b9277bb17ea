"""How long the steps take: quantiles by Kaplan-Meier, so that those who still wait count for as long as they have waited; how many are in
time against each target; and whose turn it was meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from pathways.reports import ball, targets
from pathways.reports.ball import Place, Turn
from pathways.reports.behind import uids, within
from pathways.reports.cohort import Cohort, Question, cohort, definition_of
from pathways.reports.columns import Ints
from pathways.reports.estimators import UNSAID, Estimate, kaplan_meier, median, quantile
from pathways.reports.passages import ARRIVED, Timed, between
from pathways.reports.rows import Behind, Rows, UnknownNumber
from pathways.reports.targets import TargetRow

QUANTILES = (0.25, 0.75, 0.9)


@dataclass(frozen=True, slots=True)
class Interval:
    """Days from one step to another. `n` were followed, `happened` arrived; `backwards` have the later step before the earlier one and
    are left out. The quantiles are of those who have not left: how long it takes when it happens, not how often it does."""

    start: str
    end: str
    n: int
    happened: int
    backwards: int
    median_days: Estimate
    quantiles: Mapping[float, Estimate]
    target: str
    source: str


@dataclass(frozen=True, slots=True)
class Times:
    question: Question
    n: int
    intervals: tuple[Interval, ...]
    targets: tuple[TargetRow, ...]
    turns: tuple[Turn, ...]
    places: tuple[Place, ...]
    strata: Mapping[str, Times]


def times(question: Question) -> Times:
    """Runs the report. Raises cohort.UnknownReport."""
    found, asked = cohort(question), targets.measured(question)
    report = replace(of_cohort(found, asked), places=ball.places(found))
    if not question.by:
        return report
    parts = asked.strata()
    return replace(report, strata={name: of_cohort(part, parts[name]) for name, part in found.strata().items()})


def of_cohort(found: Cohort, asked: Cohort) -> Times:
    """`asked` is the same cohort with the milestones of the targets."""
    pairs = [(i, i + 1) for i in range(len(found.steps) - 1)]
    if len(found.steps) > 2:
        pairs.append((0, len(found.steps) - 1))
    aims = _targets(found)
    intervals = tuple(_interval(found, *pair, aims) for pair in pairs)
    return Times(found.question, found.n, intervals, targets.targets(asked), ball.turns(found), (), {})


def whole_way(found: Cohort) -> Interval | None:
    """From the first step to the last."""
    return _interval(found, 0, len(found.steps) - 1, {}) if len(found.steps) > 1 else None


def _targets(found: Cohort) -> dict[tuple[str, str], tuple[str, str]]:
    """Published or local targets of the definition, with their source, by the milestones that they lie between."""
    definition = definition_of(found.question.pathway)
    phase_of = {one.name: one.phase for one in definition.spine}
    names = {one.name: one.name if found.question.funnel else phase_of.get(one.name, "") for one in definition.milestones.values()}
    return {(names.get(one.from_, ""), names.get(one.to, "")): (one.within, one.source.text) for one in definition.targets}


def _interval(found: Cohort, start: int, end: int, aims: Mapping[tuple[str, str], tuple[str, str]]) -> Interval:
    timed = between(found, start, end)
    curve = kaplan_meier(timed.days, timed.cause == ARRIVED, timed.entry, timed.person)
    within, source = aims.get((found.steps[start].name, found.steps[end].name), ("", ""))
    figures = {name: len(rows) for name, rows in sides(timed).items()}
    return Interval(
        start=found.steps[start].name,
        end=found.steps[end].name,
        **figures,
        median_days=median(curve) if figures["n"] else UNSAID,
        quantiles={share: quantile(curve, share) if figures["n"] else UNSAID for share in QUANTILES},
        target=within,
        source=source,
    )


def sides(timed: Timed) -> dict[str, Ints]:
    """Whom each figure of an interval counts, as places in the cohort."""
    return {
        "n": timed.rows[timed.seen],
        "happened": timed.rows[timed.seen & (timed.cause == ARRIVED)],
        "backwards": timed.early,
    }


def rows(question: Question, number: str) -> Rows:
    """`interval/FROM/TO/figure`, `target/N/figure`, `turn/PARTY` or `place/FIELD/NAME`, with `STRATUM|` before it within one stratum. Raises UnknownNumber."""
    stratum, _, name = number.rpartition("|")
    kind, _, rest = name.partition("/")
    found = targets.measured(question) if kind == "target" else cohort(question)
    found = found if not stratum else within(found, stratum)
    try:
        ids = MEMBERS[kind](found, rest)
    except (KeyError, ValueError, IndexError):
        raise UnknownNumber(number) from None
    return Rows(Behind.JOURNEYS, uids(np.asarray(ids, dtype=np.int64)))


def _interval_members(found: Cohort, name: str) -> Ints:
    start, end, figure = name.split("/")
    names = [step.name for step in found.steps]
    return found.columns.id[sides(between(found, names.index(start), names.index(end)))[figure]]


def _target_members(found: Cohort, name: str) -> Ints:
    number, figure = name.split("/")
    return found.columns.id[targets.members(found, int(number), figure)]


def _place_members(found: Cohort, name: str) -> Ints:
    field, _, place = name.partition("/")
    return found.apart([field])[field][place].columns.id


MEMBERS: Mapping[str, Callable[[Cohort, str], Ints | list[int]]] = {
    "interval": _interval_members,
    "target": _target_members,
    "turn": ball.journeys_of,
    "place": _place_members,
}
