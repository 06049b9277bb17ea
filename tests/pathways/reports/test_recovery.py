"""A hidden truth is recovered: it lies in the 95 % intervals as often as they promise, and the naive funnel misses it on the same data."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from pathways.reports.arms import LEFT, MOVED, OPEN, Effect, Follow, effect
from pathways.reports.columns import ACTIVE, DAY, NEVER, moment
from pathways.reports.drop_off import ARRIVED, of_cohort, step_curve
from pathways.reports.estimators import (
    Estimate,
    aalen_johansen,
    difference,
    incidence_with_error,
    kaplan_meier,
    limits,
    median,
    share_by,
    wilson,
)

from . import hidden
from .hidden import AS_OF, GAP_AT, HELPLESS, HELPS, HORIZON, STEPS, A, B, Drawn

WITHIN = 14.0


def holds(estimate: Estimate, truth: float) -> bool:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low <= truth <= estimate.high


def gap(drawn: Drawn, step: str) -> Estimate:
    groups = (drawn.cohort.part(drawn.cohort.columns.stratum == group) for group in (B, A))
    first, second = (incidence_with_error(step_curve(part, step), ARRIVED, HORIZON) for part in groups)
    return difference(first, second)


def brought(drawn: Drawn, step: str) -> Effect:
    """Reminded against not reminded, as the rescue report has it: from the day on which the lots were drawn, among those who were
    waiting and seen then."""
    columns, i = drawn.cohort.columns, STEPS.index(step)
    start = columns.opened + (drawn.asked[step].clip(max=1e6) * DAY).astype(np.int64)
    reached, over = columns.times[:, i], np.where(columns.status == ACTIVE, moment(AS_OF), columns.ended)
    until = np.where(reached != NEVER, reached, over)
    waited = (columns.times[:, i - 1] != NEVER) & (until > start) & (columns.observed <= start)
    left = (columns.status != ACTIVE) & (columns.exit_class != 5)
    cause = np.where(reached != NEVER, MOVED, np.where(left, LEFT, OPEN))
    everybody = Follow((until - start) / DAY, cause, (moment(AS_OF) - start) / DAY)
    lot = drawn.reminded[step]
    return effect(everybody.where(waited & lot), everybody.where(waited & ~lot), WITHIN)


def naive(drawn: Drawn) -> Estimate:
    """Reached the end over all who entered: what a pivot table says."""
    reached = int(np.count_nonzero(drawn.cohort.columns.times[:, -1] != NEVER))
    return wilson(reached, drawn.cohort.n)


def recovered(seeds: int, n: int) -> tuple[Counter[str], int]:
    hits: Counter[str] = Counter()
    naive_wrong = 0
    whole = hidden.true_whole()
    for seed in range(seeds):
        drawn = hidden.draw(seed, n)
        report = of_cohort(drawn.cohort, hidden.standing)
        for row in report.steps[1:]:
            hits[row.name] += holds(row.conversion, hidden.true_step(row.name))
        hits["whole"] += holds(report.whole, whole)
        for step in STEPS[1:]:
            truth = hidden.true_step(step, B) - hidden.true_step(step, A) if step == GAP_AT else 0.0
            hits[f"gap at {step}"] += holds(gap(drawn, step), truth)
        helps, helps_not = brought(drawn, HELPS), brought(drawn, HELPLESS)
        hits["helps"] += holds(helps.difference, hidden.true_help(WITHIN))
        hits["days it saves"] += holds(helps.saved, hidden.true_days_saved(WITHIN))
        hits["helps not"] += holds(helps_not.difference, 0.0)
        hits["saves no days"] += holds(helps_not.saved, 0.0)
        naive_wrong += not holds(naive(drawn), whole)
    return hits, naive_wrong


def test_a_few_cohorts_are_recovered() -> None:
    hits, naive_wrong = recovered(8, 1500)
    assert sum(hits.values()) >= 0.88 * 8 * len(hits)
    assert naive_wrong == 8


@pytest.mark.nightly
def test_the_truth_lies_in_the_intervals_of_2000_cohorts() -> None:
    """Each of fifteen quantities. (In 300 cohorts chance alone takes one of fifteen below 93 %.)"""
    hits, naive_wrong = recovered(2000, 1500)
    assert {name: share for name, count in hits.items() if (share := count / 2000) < 0.93} == {}
    assert naive_wrong > 1900


@pytest.mark.nightly
def test_the_truth_lies_in_the_intervals_of_300_cohorts() -> None:
    hits, naive_wrong = recovered(300, 1500)
    assert sum(hits.values()) >= 0.93 * 300 * len(hits)
    assert naive_wrong > 285


def test_the_gap_opens_at_one_step_and_one_reminder_helps() -> None:
    """On one large cohort the report shows where: an interval without zero at that step and for that reminder, and at no other by much."""
    drawn = hidden.draw(7, 20_000)
    assert [step for step in STEPS[1:] if abs(gap(drawn, step).value or 0) > 0.05] == [GAP_AT]
    helps, helps_not = brought(drawn, HELPS), brought(drawn, HELPLESS)
    assert (helps.difference.low or 0) > 0.1
    assert abs(helps_not.difference.value or 0) < 0.05
    assert holds(helps.needed, 1 / hidden.true_help(WITHIN))
    assert helps_not.needed.value is None, "nobody says how many to contact for nothing"


@pytest.mark.nightly
def test_intervals_cover_in_2000_cohorts() -> None:
    """Whole days (ties), censoring, competing deaths, delayed entry: at least 94 % of the 95 % intervals hold the truth."""
    hits: Counter[str] = Counter()
    pace, death = 0.06, 0.02
    daily = [(np.exp(-(pace + death) * day), np.exp(-(pace + death) * (day + 1))) for day in range(20)]
    truth = sum(before - after for before, after in daily) * pace / (pace + death)
    for seed in range(2000):
        dice = np.random.default_rng(seed)
        arrival, dies, censored = dice.exponential(1 / pace, 300), dice.exponential(1 / death, 300), dice.uniform(5, 60, 300)
        entry = np.where(dice.random(300) < 0.2, np.floor(dice.uniform(0, 10, 300)), 0)
        first = np.minimum(arrival, dies)
        cause = np.where(first > np.floor(censored), 0, np.where(arrival < dies, 1, 2))
        days = np.where(cause == 0, np.floor(censored), np.ceil(first))
        kept = days > entry
        curve = aalen_johansen(days[kept], cause[kept], entry[kept])
        value, error = incidence_with_error(curve, 1, 20)
        hits["incidence"] += holds(Estimate(value, *limits(value, error)), truth)
        alone = kaplan_meier(days[kept], cause[kept] == 1, entry[kept])
        hits["survival"] += holds(share_by(alone, 20), 1 - np.exp(-pace * 20))
        middle = median(alone)
        hits["median"] += holds(Estimate(middle.value, middle.low or 0, middle.high or np.inf), np.ceil(np.log(2) / pace))
    assert {name: share for name, count in hits.items() if (share := count / 2000) < 0.94} == {}
