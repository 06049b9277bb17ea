"""A report over very many journeys is counted beside the request: whoever asked sees that it is being counted, and for how long, without a script.

Each process counts a question once, however many ask it. What it found is kept for as long as people need to read it, whatever is received
meanwhile; the page says as of when it speaks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock, Thread
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation

from pathways.reports import memory
from pathways.reports.cohort import Question
from pathways.reports.kept import JOURNEYS, Kept, Watch, keep, kept, look, newest, same
from patients.views.guard import StaffRequest

T = TypeVar("T")
PATIENCE_SECONDS = 2.0
LONG_FROM = 50_000
"""Journeys in the house from which a report may take longer than that."""
AGAIN_SECONDS = 2
READING = 5
"""What took long is shown for so many times as long as it took."""


@dataclass(slots=True)
class Counting:
    """A question that is being counted. `usual_seconds`: how long it took the last time, where that is known."""

    name: str
    usual_seconds: float | None
    since: float = field(default_factory=time.monotonic)
    thread: Thread | None = None
    fault: Exception | None = None

    @property
    def seconds(self) -> int:
        return round(time.monotonic() - self.since)


_counting: dict[str, Counting] = {}
_lock = Lock()


def counted(name: str, question: Question, exact: bool, make: Callable[[Question], T], watch: Watch = JOURNEYS) -> T | Counting:
    """The answer, or that it is still being counted. Raises what counting it raised."""
    found = look(name, question, exact, watch)
    if found is not None:
        answer: T = found.answer
        return answer
    if not is_long():
        return kept(name, question, exact, make, watch) if watch.tables else make(question)
    one = _begun(name, question, exact, make, watch)
    assert one.thread is not None
    one.thread.join(PATIENCE_SECONDS)
    if one.thread.is_alive():
        return one
    if one.fault is not None:
        _over(one)
        raise one.fault
    found = look(name, question, exact, watch)
    return one if found is None else found.answer


def still(request: StaffRequest, one: Counting, title: str, *, back: str = "") -> HttpResponse:
    """The page that asks for itself again until the answer is there. `back`: a file is awaited, and this is the report's own page."""
    response = render(request, "pathways/counting.html", {"counting": one, "title": title, "back": back}, status=202)
    response.headers["Refresh"] = str(AGAIN_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response


def is_long() -> bool:
    """By the size that the database keeps of the table: nothing is counted to know it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'pathways_journey'::regclass")
        return bool((cursor.fetchone() or (0,))[0] >= LONG_FROM)


def _place(name: str, question: Question, exact: bool) -> str:
    """The question without its moment: who looks again a second later asks the same."""
    return f"{name}|{exact}|{translation.get_language()}|{question.as_of.date()}|{same(question)}"


def _begun(name: str, question: Question, exact: bool, make: Callable[[Question], Any], watch: Watch) -> Counting:
    place = _place(name, question, exact)
    with _lock:
        if place not in _counting:
            one = _counting[place] = Counting(name, cache.get(f"took|{name}|{question.pathway}"))
            one.thread = Thread(target=_count, args=(one, question, exact, make, watch, translation.get_language()), daemon=True)
            one.thread.start()
        return _counting[place]


def _over(one: Counting) -> None:
    """Nobody counts it any more: who asks next begins anew."""
    with _lock:
        for place in [place for place, other in _counting.items() if other is one]:
            del _counting[place]


def _count(one: Counting, question: Question, exact: bool, make: Callable[[Question], Any], watch: Watch, language: str) -> None:
    """In a thread of its own, with its own connection and in the language of who asked."""
    try:
        with translation.override(language):
            before = newest(watch)
            answer = make(question)
            took = time.monotonic() - one.since
            holds = timedelta(seconds=took * (1 + READING) + PATIENCE_SECONDS + AGAIN_SECONDS)
            keep(one.name, question, exact, Kept(before, question.as_of, answer, holds))
            cache.set(f"took|{one.name}|{question.pathway}", took, None)
        _over(one)
    except Exception as fault:  # told to whoever asks next, in their own request
        one.fault = fault
    finally:
        connection.close()
        memory.give_back()
