"""Answers that are kept until something changes: a page asked again while nothing was received costs a look into the cache.

What changed is told by the newest rows of the tables that every change leaves one in. A page asked "now" takes an answer of the last
quarter of an hour; it says as of when it speaks. Where rows also change in place (messages, work) an answer holds for a minute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.core.cache import cache
from django.db import connection
from django.utils.translation import get_language

from pathways.reports.cohort import Question
from pathways.reports.columns import EPOCH

T = TypeVar("T")
KEPT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Watch:
    """The tables (`table.key`) whose newest row tells that something changed, and for how long an answer holds where none did."""

    tables: tuple[str, ...]
    holds: timedelta


JOURNEYS = Watch(
    (
        "pathways_journey.id",
        "pathways_journeyrevision.id",
        "pathways_binding.id",
        "pathways_pathwayversion.id",
        "pathways_coverage.id",
        "pathways_rolloutchange.id",
        "patients_patient.id",
        "patients_merge.id",
        "patients_patienthistory.pgh_id",
    ),
    timedelta(minutes=15),
)
"""Of a journey every change leaves a row in one of these."""
MOMENT = Watch((), timedelta())
"""What rests on rows that change in place everywhere: counted anew each time; only what took long holds for as long as it takes to read."""


def kept(name: str, question: Question, exact: bool, make: Callable[[Question], T], watch: Watch = JOURNEYS) -> T:
    """The answer to a question, made anew only if something was received since."""
    found: Kept[T] | None = look(name, question, exact, watch)
    if found is not None:
        return found.answer
    before = newest(watch)
    answer = make(question)
    keep(name, question, exact, Kept(before, question.as_of, answer))
    return answer


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """An answer with what was the newest when it was made. One that took long `holds` whatever comes in meanwhile: a house in which something
    is received every second would never be shown it otherwise."""

    newest: tuple[Any, ...]
    as_of: datetime
    answer: T
    holds: timedelta = timedelta()


def look(name: str, question: Question, exact: bool, watch: Watch) -> Kept[Any] | None:
    """What is kept of a question and still holds."""
    found: Kept[Any] | None = cache.get(_key(name, question, exact))
    if found is None:
        return None
    age = question.as_of - found.as_of
    if timedelta() <= age < found.holds:
        return found
    return found if timedelta() <= age <= watch.holds and found.newest == newest(watch) else None


def keep(name: str, question: Question, exact: bool, found: Kept[Any]) -> None:
    cache.set(_key(name, question, exact), found, KEPT_SECONDS)


def _key(name: str, question: Question, exact: bool) -> str:
    """The question without its moment, so that "now" is one question all day; an earlier day is told apart by how far `as_of` lies."""
    asked = same(question)
    said = f"{name}|{exact}|{get_language()}|{question.as_of.date()}|{asked}"
    return f"reports.{hashlib.sha256(said.encode()).hexdigest()}"


def same(question: Question) -> str:
    """A question without its moment, as one text."""
    return repr(replace(question, as_of=EPOCH, sites=None if question.sites is None else tuple(sorted(question.sites))))


def newest(watch: Watch) -> tuple[Any, ...]:
    """To be asked before an answer is made: what is received while it is made is not in it."""
    asked = ", ".join(f"(SELECT max({key}) FROM {table})" for table, _, key in (one.partition(".") for one in watch.tables))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}")
        return tuple(cursor.fetchone() or ())
