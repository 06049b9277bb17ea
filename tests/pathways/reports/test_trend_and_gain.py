"""Control charts against worked examples, immature months never judged; what-if against the published funnel."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from pathways.models import PathwayVersion
from pathways.reports.control import DRIFT, NEAR, OUTSIDE, SHIFT, p_chart, xmr
from pathways.reports.equity import difference_limits, equity
from pathways.reports.estimators import wilson
from pathways.reports.trend import changed, trend
from pathways.reports.what_if import gains, what_if

from .conftest import DAY_0, Ward

REMAIN = (1000, 934, 798, 784, 647, 528, 503, 356)
"""Sadik 2022, JCO Precis Oncol 6:e2200246: of 1,000 how many remain after each of seven gaps; the fifth and sixth are approximate."""


def test_limits_of_shares_follow_the_size_of_each_period() -> None:
    points = p_chart([50, 5], [100, 10])
    assert [round(point.mean, 3) for point in points] == [0.5, 0.5]
    assert [round(point.high, 3) for point in points] == [0.65, 0.974]


def test_limits_of_single_values_follow_how_much_one_differs_from_the_next() -> None:
    """Wheeler: mean 10, mean moving range 2, limits 10 +/- 5.32."""
    point = xmr([9, 11, 9, 11])[0]
    assert (point.mean, round(point.low, 2), round(point.high, 2)) == (10, 4.68, 15.32)


def test_one_jump_does_not_widen_the_limits_it_is_judged_by() -> None:
    points = xmr([10, 11, 10, 11, 10, 11, 10, 11, 10, 11, 10, 11, 40])
    assert points[-1].signal == OUTSIDE


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ([10, 10.5, 9.5, 10, 10.4, 9.6, 11, 11.2, 11, 11.3, 11.1, 11.2, 11.1], SHIFT),
        ([10, 9, 10, 9, 10, 9, 7, 7.5, 8, 8.5, 9, 9.5, 10, 10.5], DRIFT),
    ],
)
def test_runs_and_drifts_are_told(values: list[float], rule: str) -> None:
    assert rule in {point.signal for point in xmr(values)}


def test_two_of_three_near_a_limit_are_told() -> None:
    values = [10.0, 11, 10, 9, 10, 11, 10, 9, 10, 11, 10, 9, 12.5, 12.6, 10, 10]
    assert NEAR in {point.signal for point in xmr(values)}


def test_too_few_points_give_no_signal() -> None:
    assert {point.signal for point in xmr([10, 10, 10, 10, 90])} == {""}


def test_young_months_are_not_judged(ward: Ward) -> None:
    for month in range(12):
        for i in range(12):
            start = month * 30.4
            ward.journey(start, start + 2, start + 3, start + 4, start + 5, start + 6 if month < 6 or i < 2 else None, opened=start)
    rows = trend(ward.ask(day=12 * 30.4, horizon_days=90), exact=True).tables[0].rows
    young = [row for row in rows if row[0].note]
    assert len(young) in (3, 4)
    assert all(row[2].value is None and row[3].value is None for row in young)
    assert rows[0][2].value == 1.0


def test_an_older_version_taken_in_after_a_later_one_changed_nothing(ward: Ward) -> None:
    """A house that began with the second version takes in the first with the catalogue: it was never in force."""
    later = PathwayVersion.objects.create(code="lung", number=ward.version.number + 1, body={}, digest="later", published_at=DAY_0)
    PathwayVersion.objects.filter(pk=ward.version.pk).update(published_at=DAY_0 + timedelta(days=90))
    assert changed(ward.ask()) == {"2026-01": f"v{later.number}"}


def test_halving_one_gap_of_the_published_funnel() -> None:
    """Half of a loss is not the gain: most who are saved early are lost later."""
    steps = [
        {
            "name": str(i),
            "label": str(i),
            "reached": after,
            "completed": 0,
            "left": {"preventable": before - after},
            "conversion": {"value": after / before},
        }
        for i, (before, after) in enumerate(itertools.pairwise(REMAIN), start=1)
    ]
    found = [round(gain.per_thousand or 0, 1) for gain in gains(steps, 1000)]
    assert found == [12.6, 30.3, 3.2, 37.7, 40.1, 8.8, 73.5]


def test_what_is_hidden_of_a_step_hides_the_gains_before_it(ward: Ward) -> None:
    for i in range(60):
        ward.journey(*([0, 1, 2, 3, 4, 5] if i < 40 else [0, 1]), ended=None if i < 40 else 9)
    shown = what_if(ward.ask(), exact=False).tables[0].rows
    assert all(cell.value is None or cell.value == 0 or float(str(cell.value)) > 1 for row in shown for cell in row[2:3])


def test_limits_of_a_difference_are_newcombes() -> None:
    """Newcombe 1998, example (a): 56/70 against 48/80: 0.20, from 0.0524 to 0.3339."""
    one, other = ({"value": e.value, "low": e.low, "high": e.high} for e in (wilson(56, 70), wilson(48, 80)))
    low, high = difference_limits(one, other)
    assert low is not None
    assert high is not None
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_equity_says_where_the_gap_opens_and_unknown_is_a_group(ward: Ward) -> None:
    for i in range(60):
        ward.journey(0, 1, 2, 3, 4, 5, patient=ward.patient(race="White"))
        far = [0, 1, 2, 3, 4, 5] if i % 2 else [0, 1]
        ward.journey(*far, ended=None if i % 2 else 9, patient=ward.patient(race="Black"))
    ward.journey(0, 1, patient=ward.patient())
    sheet = equity(ward.ask(by="race"), exact=True)
    rows = {str(row[0].value): row for row in sheet.table("gaps").rows}
    assert set(rows) == {"White", "Black", "unknown"}
    assert rows["Black"][3].value == pytest.approx(-0.5)
    assert rows["Black"][4].value == "sampled"
    assert "Black" in sheet.says[0]
