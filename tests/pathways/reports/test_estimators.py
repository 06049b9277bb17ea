"""The estimators against sums done by hand, against each other, and against another library."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.reports.estimators import (
    aalen_johansen,
    difference,
    incidence_at,
    kaplan_meier,
    limits,
    median,
    quantile,
    share_by,
    wilson,
)

ROWS = st.lists(st.tuples(st.integers(0, 12).map(float), st.integers(0, 3)), min_size=1, max_size=40)


def test_kaplan_meier_by_hand() -> None:
    """Freireich's leukaemia trial, treated arm (Cox 1972): S(6)=18/21, S(10)=0.7529, S(23)=0.4482; median 23."""
    times = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    relapsed = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    curve = kaplan_meier(times, [bool(one) for one in relapsed])
    at = dict(zip(curve.times.tolist(), curve.survival.tolist(), strict=True))
    assert at[6] == pytest.approx(18 / 21)
    assert at[10] == pytest.approx(0.7529, abs=1e-4)
    assert at[23] == pytest.approx(0.4482, abs=1e-4)
    assert median(curve).value == 23
    assert curve.at_risk[0] == 21


def test_greenwood_by_hand() -> None:
    """Two of four at day 1, then nothing: S = 1/2, Var = S^2 * 2/(4*2) = 1/16; log-log limits from it."""
    curve = kaplan_meier([1, 1, 2, 2], [True, True, False, False])
    assert curve.survival.tolist() == [0.5]
    assert curve.low[0] == pytest.approx(0.0578, abs=1e-3)
    assert curve.high[0] == pytest.approx(0.8449, abs=1e-3)


def test_a_median_that_is_not_reached_is_none() -> None:
    assert median(kaplan_meier([1, 5, 5, 5], [True, False, False, False])).value is None


def test_aalen_johansen_by_hand_with_ties() -> None:
    """Five people: day 1 one arrives and one dies (tied), day 2 one censored, day 3 one arrives, one is still open."""
    curve = aalen_johansen([1, 1, 2, 3, 4], [1, 2, 0, 1, 0])
    assert curve.by_cause[1].tolist() == pytest.approx([1 / 5, 1 / 5 + 3 / 5 * 1 / 2])
    assert curve.by_cause[2].tolist() == pytest.approx([1 / 5, 1 / 5])
    assert curve.survival.tolist() == pytest.approx([3 / 5, 3 / 10])
    assert incidence_at(curve, 1, 2).value == pytest.approx(1 / 5)
    assert incidence_at(curve, 1, 3).value == pytest.approx(1 / 2)
    assert incidence_at(curve, 1, 0.5).value == 0


@given(ROWS)
def test_incidences_and_survival_sum_to_one(rows: list[tuple[float, int]]) -> None:
    curve = aalen_johansen([days for days, _ in rows], [cause for _, cause in rows])
    for i in range(len(curve.times)):
        assert sum(one[i] for one in curve.by_cause.values()) + curve.survival[i] == pytest.approx(1)
        assert all(0 <= one[i] <= 1 for one in curve.by_cause.values())


@given(ROWS)
def test_before_the_first_competing_event_it_is_one_minus_kaplan_meier(rows: list[tuple[float, int]]) -> None:
    first = min((days for days, cause in rows if cause > 1), default=99.0)
    curve = aalen_johansen([days for days, _ in rows], [cause for _, cause in rows])
    plain = kaplan_meier([days for days, _ in rows], [cause == 1 for _, cause in rows])
    for at, survival in zip(plain.times, plain.survival, strict=True):
        if at < first:
            assert incidence_at(curve, 1, float(at)).value == pytest.approx(1 - survival)


@given(ROWS)
def test_with_competing_exits_incidence_never_exceeds_one_minus_kaplan_meier(rows: list[tuple[float, int]]) -> None:
    curve = aalen_johansen([days for days, _ in rows], [cause for _, cause in rows])
    plain = kaplan_meier([days for days, _ in rows], [cause == 1 for _, cause in rows])
    for at, survival in zip(plain.times, plain.survival, strict=True):
        value = incidence_at(curve, 1, float(at)).value
        assert value is not None
        assert value <= 1 - survival + 1e-9


@given(ROWS)
def test_with_one_cause_the_variance_is_greenwoods(rows: list[tuple[float, int]]) -> None:
    alone = [(days, min(cause, 1)) for days, cause in rows]
    curve = aalen_johansen([days for days, _ in alone], [cause for _, cause in alone])
    plain = kaplan_meier([days for days, _ in alone], [cause == 1 for _, cause in alone])
    greenwood, risk = 0.0, 0.0
    for i, (at, survival) in enumerate(zip(plain.times, plain.survival, strict=True)):
        died = sum(days == at and cause == 1 for days, cause in alone)
        risk = float(plain.at_risk[i])
        if died < risk:
            greenwood += died / (risk * (risk - died))
            assert float(curve.variance(1)[i]) == pytest.approx(survival**2 * greenwood, abs=1e-9)


@given(ROWS, st.randoms())
def test_the_order_of_rows_does_not_matter(rows: list[tuple[float, int]], dice: object) -> None:
    mixed = list(rows)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    one = aalen_johansen([days for days, _ in rows], [cause for _, cause in rows])
    two = aalen_johansen([days for days, _ in mixed], [cause for _, cause in mixed])
    assert one.survival.tolist() == two.survival.tolist()


def test_delayed_entry_counts_only_those_under_observation() -> None:
    """The second came under observation on day 5: at day 3 only two were at risk."""
    curve = kaplan_meier([3, 8, 9], [True, True, False], entries=[0, 5, 0])
    assert curve.at_risk.tolist() == [2, 2]


def test_nobody_gives_nothing() -> None:
    assert median(kaplan_meier([], [])).value is None
    assert aalen_johansen([], []).by_cause == {}


def test_a_share_that_rounding_keeps_from_one_has_limits_and_no_overflow() -> None:
    """Forty-five thirds of a forty-fifth and the like: the sum of what arrived is one but for the last digit."""
    for value in (1.0 - 1e-16, 1.0 - 2e-16, 1e-300, 0.999999, 0.5):
        low, high = limits(value, 0.3)
        assert 0.0 <= low <= value <= high <= 1.0


def test_wilson_by_hand() -> None:
    """15 of 20: 0.5313 to 0.8881 (Newcombe 1998 method 3)."""
    share = wilson(15, 20)
    assert share.value == 0.75
    assert share.low == pytest.approx(0.5313, abs=1e-4)
    assert share.high == pytest.approx(0.8881, abs=1e-4)
    assert wilson(0, 0).value is None
    assert wilson(0, 10).low == 0


def test_quantiles_and_the_share_by_a_day_read_the_same_curve() -> None:
    """Four people, one event a day: a quarter by day 1, three quarters by day 3, all by day 4."""
    curve = kaplan_meier([1, 2, 3, 4], [True] * 4)
    assert [quantile(curve, share).value for share in (0.25, 0.5, 0.75, 1.0)] == [1, 2, 3, 4]
    assert (share_by(curve, 0.5).value, share_by(curve, 3).value) == (0.0, 0.75)
    low, high = share_by(curve, 2).low, share_by(curve, 2).high
    assert low is not None
    assert high is not None
    assert low < 0.5 < high


def test_incidence_with_delayed_entry_by_hand() -> None:
    """Three people: one arrives on day 2, one dies on day 4, one comes under observation on day 3 and arrives on day 5.

    At risk on day 2: two (F1 = 1/2, S = 1/2). On day 4: the second and the third (F2 = 1/4, S = 1/4). On day 5 the third alone
    (F1 = 1/2 + 1/4). Counting the third from the start would say 1/3 on day 2.
    """
    curve = aalen_johansen([2, 4, 5], [1, 2, 1], entries=[0, 0, 3])
    assert curve.at_risk.tolist() == [2, 2, 1]
    assert curve.by_cause[1].tolist() == pytest.approx([1 / 2, 1 / 2, 3 / 4])
    assert curve.by_cause[2].tolist() == pytest.approx([0, 1 / 4, 1 / 4])


def test_who_was_gone_before_coming_under_observation_was_never_at_risk() -> None:
    curve = kaplan_meier([3, 2, 9], [True, True, False], entries=[0, 5, 0])
    assert (curve.times.tolist(), curve.at_risk.tolist()) == ([3], [2])


@given(ROWS)
def test_entry_from_the_start_changes_nothing(rows: list[tuple[float, int]]) -> None:
    days, causes = [one for one, _ in rows], [cause for _, cause in rows]
    plain, delayed = aalen_johansen(days, causes), aalen_johansen(days, causes, entries=[0.0] * len(rows))
    assert plain.survival.tolist() == delayed.survival.tolist()
    assert plain.at_risk.tolist() == delayed.at_risk.tolist()


def test_a_difference_of_two_groups_has_the_sum_of_their_variances() -> None:
    gap = difference((0.5, 0.03), (0.3, 0.04))
    assert (gap.value, gap.low, gap.high) == pytest.approx((0.2, 0.2 - 0.0979982, 0.2 + 0.0979982))
