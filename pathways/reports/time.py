"""How long the steps take: medians by Kaplan-Meier, so that those who still wait count for as long as they have waited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pathways.reports.cohort import Cohort, Member, Question, cohort, days_between, definition_of
from pathways.reports.estimators import Estimate, kaplan_meier, median


@dataclass(frozen=True, slots=True)
class Interval:
    """Days from one step to another. `n` were followed, `happened` arrived; `backwards` have the later step before the earlier one and
    are left out. The median is of those who have not left: how long it takes when it happens, not how often it does."""

    start: str
    end: str
    n: int
    happened: int
    backwards: int
    median_days: Estimate
    target: str
    source: str


@dataclass(frozen=True, slots=True)
class Times:
    question: Question
    n: int
    intervals: tuple[Interval, ...]
    strata: Mapping[str, Times]


def times(question: Question) -> Times:
    """Runs the report. Raises cohort.UnknownReport."""
    found = cohort(question)
    report = of_cohort(found)
    if not question.by:
        return report
    return replace(report, strata={name: of_cohort(part) for name, part in found.strata().items()})


def of_cohort(found: Cohort) -> Times:
    pairs = [(i, i + 1) for i in range(len(found.steps) - 1)]
    if len(found.steps) > 2:
        pairs.append((0, len(found.steps) - 1))
    targets = _targets(found)
    return Times(found.question, len(found.members), tuple(_interval(found, *pair, targets) for pair in pairs), {})


def _targets(found: Cohort) -> dict[tuple[str, str], tuple[str, str]]:
    """Published or local targets of the definition, with their source, by the milestones that they lie between."""
    definition = definition_of(found.question.pathway)
    phase_of = {one.name: one.phase for one in definition.spine}
    names = {one.name: one.name if found.question.funnel else phase_of.get(one.name, "") for one in definition.milestones.values()}
    return {(names.get(one.from_, ""), names.get(one.to, "")): (one.within, one.source.text) for one in definition.targets}


def _interval(found: Cohort, start: int, end: int, targets: Mapping[tuple[str, str], tuple[str, str]]) -> Interval:
    rows = list(_followed(found.members, start, end, found.question))
    timed = [row for row in rows if row is not None]
    happened = [arrived for _, arrived in timed]
    curve = kaplan_meier([days for days, _ in timed], happened)
    within, source = targets.get((found.steps[start].name, found.steps[end].name), ("", ""))
    return Interval(
        start=found.steps[start].name,
        end=found.steps[end].name,
        n=len(timed),
        happened=sum(happened),
        backwards=len(rows) - len(timed),
        median_days=median(curve) if timed else Estimate(None, None, None),
        target=within,
        source=source,
    )


def _followed(members: Sequence[Member], start: int, end: int, question: Question) -> Iterator[tuple[float, bool] | None]:
    for member in members:
        began, reached = member.times[start], member.times[end]
        if began is None or member.states[end] == "not_applicable":
            continue
        if reached is not None:
            yield None if reached < began else (days_between(began, reached), True)
            continue
        until = question.as_of if member.is_open else member.ended_at or began
        yield (max(0.0, days_between(began, until)), False)
