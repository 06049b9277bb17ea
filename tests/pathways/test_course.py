"""Who had the ball: every day of a journey belongs to exactly one party."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from pathways.course import NOBODY, days_by_party, whole
from pathways.timeline import BallSpan, Timeline

OPENED = datetime(2026, 1, 5, 15, tzinfo=UTC)
ZONE = "America/New_York"
PARTIES = ("clinic", "lab", "payer", "patient")


def told(spans: list[BallSpan], ended_at: datetime | None = None) -> Timeline:
    return Timeline(stays=(), milestones={}, phase="identified", status="active", balls=tuple(spans), ended_at=ended_at)


@given(st.lists(st.tuples(st.sampled_from(PARTIES), st.integers(0, 400), st.integers(1, 400)), max_size=8), st.integers(0, 3000))
@settings(max_examples=60)
def test_the_days_of_all_parties_add_up_to_the_days_of_the_journey(pieces: list[tuple[str, int, int]], hours: int) -> None:
    at, spans = OPENED - timedelta(hours=30), []
    for party, gap, length in pieces:
        at += timedelta(hours=gap)
        spans.append(BallSpan(party, at, at + timedelta(hours=length)))
        at += timedelta(hours=length)
    until = OPENED + timedelta(hours=hours)
    days = days_by_party(whole(told(spans), opened_at=OPENED, until=until), ZONE)
    place = ZoneInfo(ZONE)
    assert sum(one.days for one in days) == (until.astimezone(place).date() - OPENED.astimezone(place).date()).days
    assert all(one.days >= 0 for one in days)


def test_a_gap_is_nobodys_and_nothing_counts_after_the_end() -> None:
    spans = [BallSpan("lab", OPENED, OPENED + timedelta(days=2)), BallSpan("clinic", OPENED + timedelta(days=5), None)]
    timeline = told(spans, ended_at=OPENED + timedelta(days=6))
    days = days_by_party(whole(timeline, opened_at=OPENED, until=OPENED + timedelta(days=30)), ZONE)
    assert {one.party: one.days for one in days} == {"lab": 2, NOBODY: 3, "clinic": 1}
