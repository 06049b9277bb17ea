"""Where one person may have several episodes, the limits rest on persons: by weights, by copies, and by how often they hold the truth."""

from __future__ import annotations

from datetime import timedelta
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.reports.drop_off import drop_off
from pathways.reports.estimators import aalen_johansen, design_effect, incidence_at, kaplan_meier, median
from pathways.reports.time import times

from .conftest import DAY_0, Ward

ROWS = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2), st.integers(0, 4)), min_size=4, max_size=40)
DAY = 30.0


@given(ROWS, st.booleans())
def test_a_person_each_is_the_plain_variance_and_the_same_rows_three_times_are_no_more_people(
    rows: list[tuple[int, int, int]], late: bool
) -> None:
    until, why = np.array([row[0] for row in rows], float), np.array([row[1] for row in rows])
    since = np.array([float(row[2]) for row in rows]) if late else None
    curve = aalen_johansen(until, why, since)
    n = len(rows) if since is None else int((np.where(since <= 0, -1, since) <= until).sum())
    alone = design_effect(curve, 1, 8.0, (until, why, since), np.arange(len(rows)))
    assert since is not None or alone == pytest.approx(n / (n - 1)) or alone == 1.0
    whose, thrice = np.repeat(np.arange(len(rows)), 3), None if since is None else np.repeat(since, 3)
    copied = np.repeat(until, 3), np.repeat(why, 3), thrice
    threefold = design_effect(aalen_johansen(*copied[:2], thrice), 1, 8.0, copied, whose)
    assert threefold == pytest.approx(3 * alone) or alone == threefold == 1.0


def test_the_whole_path_and_the_times_of_all_episodes_are_no_surer_than_of_the_people(ward: Ward) -> None:
    for n in range(12):
        patient = ward.patient()
        for episode in range(3):
            days = [episode, *(episode + n + 2 * i for i in range(1, 6))] if n % 3 else [episode]
            ward.journey(*days, patient=patient, episode_no=episode + 1, status="exited", ended_at=DAY_0 + timedelta(days=80))
    first, every = drop_off(ward.ask()), drop_off(ward.ask(every_episode=True))
    assert (first.n, every.n) == (12, 36)
    assert (every.whole.low, every.whole.high) == pytest.approx((first.whole.low, first.whole.high), abs=0.02)
    assert every.curve[-1].arrived.low == pytest.approx(every.whole.low)
    one, all_of_them = (times(ward.ask(every_episode=wanted)).intervals[0].median_days for wanted in (False, True))
    assert (all_of_them.value, all_of_them.low) == (one.value, one.low)


def _episodes(dice: np.random.Generator, people: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Some three episodes each: a person who is slow once is slow again. Death competes, and each is followed for a while only."""
    person = np.repeat(np.arange(people), dice.integers(1, 6, people))
    slow = dice.gamma(2.0, 0.5, people)[person]
    arrives, dies, seen = dice.exponential(25 / slow), dice.exponential(80, len(person)), dice.uniform(10, 120, len(person))
    until = np.ceil(np.minimum(np.minimum(arrives, dies), seen))
    return until, np.where(seen < np.minimum(arrives, dies), 0, np.where(arrives < dies, 1, 2)), person


@pytest.mark.nightly
def test_limits_hold_the_truth_although_the_episodes_of_a_person_are_alike() -> None:
    """2,000 cohorts of 150 people. As if episodes were independent the limits miss too often."""
    dice = np.random.default_rng(20_261_123)
    until, why, _ = _episodes(np.random.default_rng(1), 400_000)
    large = aalen_johansen(until, why)
    truth, half = incidence_at(large, 1, DAY).value or 0.0, median(kaplan_meier(until, why == 1)).value
    held = {"clustered": 0, "plain": 0, "median": 0}
    for _ in range(2_000):
        until, why, person = _episodes(dice, 150)
        curve = aalen_johansen(until, why)
        effect = design_effect(curve, 1, DAY, (until, why, None), person)
        for name, one in (
            ("clustered", incidence_at(curve, 1, DAY, effect)),
            ("plain", incidence_at(curve, 1, DAY)),
            ("median", median(kaplan_meier(until, why == 1, persons=person))),
        ):
            wanted = half if name == "median" else truth
            held[name] += one.low is not None and wanted is not None and one.low <= wanted and (one.high is None or wanted <= one.high)
    assert held["clustered"] / 2_000 >= 0.94, held
    assert held["median"] / 2_000 >= 0.94, held
    assert held["plain"] / 2_000 < 0.93, held
    assert 0 < truth < 1 - exp(-DAY)
