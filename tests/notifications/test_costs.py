"""What texts cost: segments times the price in force on the day, by programme, site and month; what cannot be priced is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from notifications.forecast import prices
from notifications.models import Message
from notifications.reports.tallies import MESSAGES
from pathways.models import Journey
from pathways.reports.cohort import Question
from pathways.reports.sheet import Cell, Sheet

from .world import DAY, World

SHORT, LONG = "Please call us.", "Please call us. " * 12


@pytest.fixture
def asked() -> Iterator[Question]:
    """As of six weeks after the first price."""
    first = prices()[0].since
    yield Question("", datetime(first.year, first.month, first.day, 12, tzinfo=UTC) + 42 * DAY)


def sent(journey: Journey, at: datetime, body: str = SHORT, **more: object) -> Message:
    values = {"purpose": "reminder", "wording": "visit.reminder", "state": "delivered", "attempt": 1, "programme": "lung", **more}
    return Message.objects.create(journey=journey, patient=journey.patient, created_at=at, not_before=at, sent_at=at, body=body, **values)


def lines(sheet: Sheet) -> list[dict[str, Cell]]:
    table = sheet.table("costs")
    return [dict(zip((column.name for column in table.columns), row, strict=True)) for row in table.rows]


def test_segments_times_the_price_of_the_day(world: World, asked: Question) -> None:
    journey, price = world.journey(world.patient()), prices()[0].each
    day = asked.as_of - timedelta(days=2)
    sent(journey, day)
    sent(journey, day, LONG)
    sent(journey, day, state="failed")  # refused by the carrier: charged all the same
    sent(journey, day, state="withdrawn", attempt=0)  # never handed over
    sent(journey, day, channel="letter")
    sent(journey, day, shadow=True)
    (line,) = lines(MESSAGES.sheet(asked, exact=True))
    assert (line["programme"].value, line["site"].value, line["month"].value) == ("lung", str(world.site), f"{day:%Y-%m}")
    assert (line["texts"].value, line["segments"].value) == (3, 1 + 2 + 1)
    assert line["cost"].value == pytest.approx(4 * price)
    assert len(MESSAGES.rows(asked, line["texts"].opens).uids) == 3


def test_what_has_no_price_is_counted_and_said(world: World, asked: Question) -> None:
    """Before the first price that is known, and where the words are no longer kept: never as if it had cost nothing."""
    journey = world.journey(world.patient())
    sent(journey, asked.as_of - 60 * DAY)
    sent(journey, asked.as_of - DAY, body="")
    sheet = MESSAGES.sheet(asked, exact=True)
    assert [(line["unpriced"].value, line["cost"].value) for line in lines(sheet)] == [(1, None), (1, None)]
    assert any("no price" in note for note in sheet.notes)
    assert [len(MESSAGES.rows(asked, line["unpriced"].opens).uids) for line in lines(sheet)] == [1, 1]


def test_small_numbers_of_texts_hide_what_they_cost(world: World, asked: Question) -> None:
    journey, day = world.journey(world.patient()), asked.as_of - DAY
    for _ in range(3):
        sent(journey, day)
    for _ in range(30):
        sent(journey, day, programme="other")
    shown = lines(MESSAGES.sheet(asked, exact=False))
    assert [(line["texts"].hidden, line["cost"].hidden, line["segments"].hidden) for line in shown] == [(True, True, True)] * 2
