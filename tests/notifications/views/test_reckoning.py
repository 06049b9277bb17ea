"""Working days over, and the deadline told day by day: what is told is what the engine counted, with weekends, holidays and holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.views import reckoning
from notifications.views.workdays import Distance, distance
from pathways.deadlines import Duration, clock_of, due
from pathways.timeline import HoldSpan
from tests.pathways.test_deadlines import BOSTON, HOLIDAYS, boston

CLOCK = clock_of(HOLIDAYS)


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of closures are the site's; here there is no site."""
    monkeypatch.setattr(reckoning, "name_of_closure", lambda site, day: "Memorial Day" if day.month == 5 else "")


@pytest.mark.parametrize(
    ("fell_due", "now", "said"),
    [
        (boston(2026, 5, 22, 17), boston(2026, 5, 22, 18), Distance()),
        (boston(2026, 5, 22, 17), boston(2026, 5, 23, 9), Distance(passed=True)),  # Saturday: due yesterday, no working day gone
        (boston(2026, 5, 22, 17), boston(2026, 5, 25, 9), Distance(passed=True)),  # the Monday is a holiday
        (boston(2026, 5, 22, 17), boston(2026, 5, 26, 9), Distance(over=1, passed=True)),
        (boston(2026, 5, 22, 17), boston(2026, 6, 1, 9), Distance(over=5, passed=True)),
        (boston(2026, 5, 29, 17), boston(2026, 5, 22, 9), Distance(to_go=4)),
        (boston(2026, 5, 22, 23, 30), boston(2026, 5, 23, 0, 30), Distance(passed=True)),  # in UTC both are the same day
        (boston(2024, 5, 22, 17), boston(2026, 5, 22, 9), Distance(over=400, long_ago=True, passed=True)),
    ],
)
def test_working_days_over_leave_out_weekends_and_holidays(fell_due: datetime, now: datetime, said: Distance) -> None:
    assert distance(fell_due, now, CLOCK) == said
    assert str(Distance(passed=True)) == "past due"


def test_each_day_says_whether_it_counts_and_why_not() -> None:
    start, hold = boston(2026, 5, 20, 10), HoldSpan("surgery first", boston(2026, 5, 27, 9), boston(2026, 5, 28, 9), None)
    length = Duration(4, "working_days")
    end = due(start, length, HOLIDAYS, [hold])
    told = [(day.on.day, day.number or day.why) for day in reckoning.days(CLOCK, start, end, length, [hold], 0)]
    assert told == [
        (21, 1), (22, 2), (23, "weekend"), (24, "weekend"), (25, "Memorial Day"), (26, 3), (27, 4), (28, "on hold"),
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1), timezones=st.just(UTC)),
    st.integers(1, 25),
    st.sampled_from(["working_days", "days"]),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=3),
)
def test_what_is_told_day_by_day_is_what_the_deadline_counted(start: datetime, amount: int, unit: str, held: list[tuple[int, int]]) -> None:
    """However holds overlap, the days that count are as many as the target has, and the last one told is the day it is due."""
    length = Duration(amount, unit)
    holds = [HoldSpan("", start + timedelta(days=since), start + timedelta(days=since + long), None) for since, long in held]
    end = due(start, length, HOLIDAYS, holds)
    told = reckoning.days(CLOCK, start, end, length, holds, 0)
    if told:
        assert told[-1].on == end.astimezone(ZoneInfo("America/New_York")).date()
        assert max(day.number for day in told) == amount
    assert BOSTON.key == HOLIDAYS.zone
