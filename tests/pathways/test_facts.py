"""How times are written where replay compares what it says now with what is stored."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from pathways.facts import iso

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=ZONES))
def test_writes_a_moment_as_the_library_does(moment: datetime) -> None:
    assert iso(moment) == moment.isoformat()
