"""A report over very many journeys: its reader sees that it is being counted, and then the report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from pathways.reports import kept
from pathways.reports.cohort import Question
from pathways.views import counting
from pathways.views.counting import Counting, counted

AS_OF = datetime(2026, 3, 9, 12, tzinfo=UTC)
ASKED = Question("lung", AS_OF)
LATER = Question("lung", AS_OF + timedelta(milliseconds=1))


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A house of a million journeys and no patience, in which something is received whenever one looks."""
    received: list[int] = []

    def moved(_watch: object) -> tuple[int]:
        received.append(1)
        return (len(received),)

    monkeypatch.setattr(counting, "is_long", lambda: True)
    monkeypatch.setattr(counting, "PATIENCE_SECONDS", 0)
    for module in (kept, counting):
        monkeypatch.setattr(module, "newest", moved)
    yield received
    counting._counting.clear()


def test_who_asks_for_what_takes_long_is_told_so_and_then_given_it_once_counted(many: list[int]) -> None:
    go, made = Event(), []

    def make(question: Question) -> str:
        assert go.wait(60)
        made.append(question)
        return "the report"

    first = counted("x", ASKED, True, make)
    second = counted("x", LATER, True, make)
    assert isinstance(first, Counting)
    assert second is first, "counted once, however many ask"
    go.set()
    assert first.thread is not None
    first.thread.join()
    assert counted("x", LATER, True, make) == "the report", "although much was received meanwhile"
    assert made == [ASKED]


def test_what_counting_raised_reaches_who_looks_again_and_the_next_may_try_anew(many: list[int]) -> None:
    def fail(_question: Question) -> str:
        raise ZeroDivisionError

    one = counting._begun("x", ASKED, True, fail, kept.JOURNEYS)
    assert one.thread is not None
    one.thread.join()
    with pytest.raises(ZeroDivisionError):
        counted("x", ASKED, True, fail)
    again = counting._begun("x", ASKED, True, lambda _question: "well", kept.JOURNEYS)
    assert again.thread is not None
    again.thread.join()
    assert counted("x", ASKED, True, fail) == "well"
