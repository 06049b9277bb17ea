"""Deadlines: working days and holidays, clock changes, partial dates, hours, holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.deadlines import Duration, add_months, as_timedelta, due, offset, parse
from pathways.facts import Moment
from pathways.timeline import Calendar, HoldSpan

BOSTON = ZoneInfo("America/New_York")
PLAIN = Calendar()
HOLIDAYS = Calendar(holidays=frozenset({date(2026, 5, 25), date(2026, 7, 3)}))
instants = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))
durations = st.builds(Duration, st.integers(0, 40), st.sampled_from(["hours", "working_hours", "days", "working_days", "weeks", "months"]))
spans = st.tuples(st.integers(0, 400), st.integers(1, 300))


def boston(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BOSTON).astimezone(UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 working days", Duration(10, "working_days")),
        ("-2 days", Duration(-2, "days")),
        ("+1 working day", Duration(1, "working_days")),
        ("72 hours", Duration(72, "hours")),
        ("4 working hours", Duration(4, "working_hours")),
        ("6 months", Duration(6, "months")),
        (0, Duration(0, "hours")),
    ],
)
def test_durations_are_written_as_people_say_them(text: str, expected: Duration) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "10", "3 working weeks", "2 fortnights", "1.5 days", "99999999 days"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse(text)


def test_working_days_skip_weekends_and_the_sites_holidays() -> None:
    friday = boston(2026, 5, 22, 16)
    assert due(friday, parse("2 working days"), PLAIN) == boston(2026, 5, 26, 17)
    assert due(friday, parse("2 working days"), HOLIDAYS) == boston(2026, 5, 27, 17)


def test_an_event_on_a_saturday_has_monday_as_its_first_working_day() -> None:
    assert due(boston(2026, 3, 7, 11), parse("1 working day"), PLAIN) == boston(2026, 3, 9, 17)


def test_seven_days_end_at_the_same_wall_time_when_clocks_change() -> None:
    before_the_change = boston(2026, 3, 4, 10)
    assert due(before_the_change, parse("7 days"), PLAIN) == boston(2026, 3, 11, 17)
    assert offset(boston(2026, 3, 10, 17), parse("-7 days"), PLAIN) == boston(2026, 3, 3, 17)


def test_hours_are_elapsed_hours_even_then() -> None:
    start = boston(2026, 3, 7, 22)
    assert due(start, parse("24 hours"), PLAIN) - start == timedelta(hours=24)


def test_working_hours_wait_for_the_morning() -> None:
    assert due(boston(2026, 3, 6, 16), parse("4 working hours"), PLAIN) == boston(2026, 3, 9, 12)


def test_a_partial_date_counts_from_its_end() -> None:
    march = Moment(boston(2026, 3, 1), boston(2026, 3, 31, 23, 59))
    assert due(march, parse("7 days"), PLAIN) == boston(2026, 4, 7, 17)


def test_a_day_that_the_month_lacks_is_the_first_of_the_next() -> None:
    assert add_months(date(2028, 2, 29), 12) == date(2029, 3, 1)
    assert add_months(date(2026, 1, 31), 1) == date(2026, 3, 1)
    assert add_months(date(2026, 12, 31), 2) == date(2027, 3, 1)


def test_a_hold_pushes_the_deadline_by_what_it_covered() -> None:
    hold = HoldSpan("radiation first", boston(2026, 3, 4, 9), boston(2026, 3, 11, 9), None)
    assert due(boston(2026, 3, 2, 10), parse("5 working days"), PLAIN, [hold]) == boston(2026, 3, 16, 17)


def test_a_hold_after_the_deadline_or_before_the_start_changes_nothing() -> None:
    start, length = boston(2026, 3, 2, 10), parse("5 days")
    later = HoldSpan("", boston(2026, 3, 20, 9), boston(2026, 3, 25, 9), None)
    earlier = HoldSpan("", boston(2026, 2, 1, 9), boston(2026, 2, 9, 9), None)
    assert due(start, length, PLAIN, [later, earlier]) == due(start, length, PLAIN)


@given(instants, durations)
def test_nothing_is_due_before_it_was_promised(start: datetime, duration: Duration) -> None:
    assert due(start, duration, HOLIDAYS) >= start - timedelta(hours=24 - HOLIDAYS.closes)


@given(instants, durations, durations)
def test_longer_is_never_earlier(start: datetime, one: Duration, other: Duration) -> None:
    if one.unit == other.unit and one.amount <= other.amount:
        assert due(start, one, HOLIDAYS) <= due(start, other, HOLIDAYS)


@given(instants, st.integers(1, 30))
def test_working_day_deadlines_fall_at_closing_time_on_working_days(start: datetime, amount: int) -> None:
    local = due(start, Duration(amount, "working_days"), HOLIDAYS).astimezone(BOSTON)
    assert local.hour == 17
    assert local.weekday() < 5
    assert local.date() not in HOLIDAYS.holidays


@given(instants, durations, st.lists(spans, max_size=3))
def test_holds_only_ever_extend_and_overlaps_count_once(start: datetime, duration: Duration, held: list[tuple[int, int]]) -> None:
    holds = [HoldSpan("", start + timedelta(hours=since), start + timedelta(hours=since + long), None) for since, long in held]
    extended = due(start, duration, HOLIDAYS, holds)
    assert extended >= due(start, duration, HOLIDAYS)
    assert extended == due(start, duration, HOLIDAYS, [*holds, *holds])


@given(instants, st.integers(-20, 20), st.sampled_from(["hours", "days", "weeks"]))
def test_offsets_keep_the_wall_time(at: datetime, amount: int, unit: str) -> None:
    moved = offset(at, Duration(amount, unit), PLAIN)
    if unit == "hours":
        assert moved - at == timedelta(hours=amount)
    else:
        gap = abs(timedelta(days=amount * (7 if unit == "weeks" else 1)) - (moved - at))
        assert gap <= timedelta(hours=1)


def test_intervals_for_rows_count_five_working_days_as_a_week() -> None:
    assert as_timedelta(parse("10 working days")) == timedelta(days=14)
    assert as_timedelta(parse("-6 working days")) == -timedelta(days=8)
