"""Two groups by lot: published examples, what must always hold, and what is not said."""

from __future__ import annotations

import numpy as np
import pytest

from notifications.reports.rescued import Rows
from pathways.reports.arms import LEFT, MOVED, OPEN, Follow, arm, effect, needed, restricted_mean
from pathways.reports.estimators import UNSAID, Estimate, wilson


def group(moved: int, n: int, *, days: float = 3.0, horizon: float = 14.0) -> Follow:
    """`moved` of `n` moved on after `days`; the rest still wait long after the horizon."""
    first = np.arange(n) < moved
    return Follow(np.where(first, days, 2 * horizon), np.where(first, MOVED, OPEN), np.full(n, 2 * horizon))


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((0, 10), (0, 10), -0.2775, 0.2775),
    ],
)
def test_the_interval_is_newcombes(first: tuple[int, int], second: tuple[int, int], low: float, high: float) -> None:
    """Method 10 of Newcombe 1998, table II, where everybody was followed for the whole horizon."""
    found = effect(group(*first), group(*second), 14.0).difference
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_a_share_of_people_all_followed_is_wilsons() -> None:
    found = arm(group(17, 40), 14.0).share
    assert (found.value, found.low, found.high) == pytest.approx(tuple(vars_of(wilson(17, 40))))


def vars_of(estimate: Estimate) -> tuple[float | None, ...]:
    return estimate.value, estimate.low, estimate.high


def test_counts_add_up_and_what_comes_after_the_horizon_is_not_in_it() -> None:
    follow = Follow(np.array([2.0, 5.0, 20.0, 9.0, 30.0]), np.array([MOVED, LEFT, MOVED, OPEN, LEFT]), np.array([40.0, 40, 40, 9, 40]))
    found = arm(follow, 14.0)
    assert (found.n, found.moved, found.left, found.waiting) == (5, 1, 1, 3)


def test_nothing_is_said_before_anybody_could_be_followed_so_long() -> None:
    young = Follow(np.array([2.0, 5.0, 6.0]), np.array([MOVED, OPEN, OPEN]), np.array([6.0, 5.0, 6.0]))
    assert arm(young, 14.0).share == UNSAID
    assert effect(young, group(3, 10), 14.0).difference == UNSAID
    assert effect(young, group(3, 10), 14.0).needed == UNSAID
    nobody = Follow(np.zeros(0), np.zeros(0, dtype=int), np.zeros(0))
    assert arm(nobody, 14.0).n == 0
    assert effect(nobody, nobody, 14.0).saved == UNSAID


def test_an_interval_that_holds_zero_is_not_turned_over() -> None:
    """1 over (-0.1 to 0.3) is not (-10 to 3.3): a hole lies in its middle, and every number beyond both ends fits."""
    assert needed(Estimate(0.1, -0.1, 0.3)) == UNSAID
    assert needed(Estimate(0.2, 0.1, 0.4)) == Estimate(5.0, 2.5, 10.0)
    harm = needed(Estimate(-0.2, -0.4, -0.1))
    assert (harm.value, harm.low, harm.high) == (-5.0, -10.0, -2.5)


def test_swapping_the_groups_turns_every_sign() -> None:
    one, other = group(30, 60, days=2), group(18, 55, days=6)
    there, back = effect(one, other, 14.0), effect(other, one, 14.0)
    assert there.difference.value == pytest.approx(-(back.difference.value or 0))
    assert there.difference.low == pytest.approx(-(back.difference.high or 0))
    assert there.saved.low == pytest.approx(-(back.saved.high or 0))


def test_mean_days_waited_by_hand() -> None:
    """Two of four go after 2 and 6 days, two stay: (2 + 6 + 14 + 14) / 4; without censoring the area is the plain mean."""
    follow = Follow(np.array([2.0, 6.0, 28.0, 28.0]), np.array([MOVED, MOVED, OPEN, OPEN]), np.full(4, 28.0))
    mean, error = restricted_mean(follow, 14.0)
    waited = np.array([2.0, 6.0, 14.0, 14.0])
    assert mean == pytest.approx(waited.mean())
    assert error == pytest.approx(waited.std() / 2, rel=1e-9)


def test_a_handed_over_patient_is_followed_until_then() -> None:
    """Censored, not lost: the others' share does not fall because somebody went elsewhere early."""
    stays = group(20, 40)
    also = Follow(np.append(stays.days, 1.0), np.append(stays.cause, OPEN), np.append(stays.could, 28.0))
    assert arm(also, 14.0).share.value == pytest.approx(0.5)


def test_where_everybody_moved_on_the_interval_is_that_of_all_of_them() -> None:
    """208 of 208 at many different times: what is left of the variance is noise of the arithmetic and says nothing of its own."""
    days = np.linspace(0.3, 6.9, 208)
    share = arm(Follow(days, np.full(208, MOVED), np.full(208, 300.0)), 7).share
    assert share.value == 1.0
    assert share.low is not None
    assert share.low > 0.98


def test_who_moves_on_upon_the_last_day_of_the_horizon_is_within_it() -> None:
    """Counts, share and the rows behind them draw the line at the same instant: the horizon's own day is in, the next one is out."""
    follow = Follow(np.array([7.0, 14.0, 14.0, 15.0]), np.array([MOVED, MOVED, LEFT, MOVED]), np.full(4, 30.0))
    found = arm(follow, 14)
    assert (found.moved, found.left, found.waiting) == (2, 1, 1)
    assert found.share.value == 0.5
    rows = Rows(np.arange(4), follow)
    assert [rows.in_state(state, 14).journeys.tolist() for state in ("moved", "left", "waiting")] == [[0, 1], [2], [3]]
