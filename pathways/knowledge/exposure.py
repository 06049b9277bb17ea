"""When a person was on a drug, as far as orders, refills and stops tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pathways.facts import Fact

from . import case as core
from .library import Knowledge
from .therapy import ingredients_of

LASTS = timedelta(days=180)
"""How long an order that nobody stopped or filled again is taken to be in use (local default)."""


@dataclass(frozen=True, slots=True)
class Span:
    """A course of one ingredient: the fact that began it, all facts of it, and when it ended (None: not known to have ended)."""

    ingredient: str
    begun_by: Fact
    facts: tuple[Fact, ...]
    until: datetime | None

    @property
    def since(self) -> datetime:
        return self.begun_by.occurred.lo

    def overlaps(self, since: datetime, until: datetime | None) -> bool:
        return (self.until is None or self.until > since) and (until is None or until > self.since)


def spans(drugs: Sequence[Fact], knowledge: Knowledge, *, lasts: timedelta | None = None) -> list[Span]:
    """Every course of every ingredient, in order of time. With `lasts` a course also ends when nothing was heard of it for so long."""
    found: list[Span] = []
    for ingredient in sorted({one for fact in drugs for one in ingredients_of(fact, knowledge)}):
        told = [fact for fact in drugs if fact.kind not in core.REVERSALS and ingredient in ingredients_of(fact, knowledge)]
        found += _of(ingredient, sorted(told, key=core.order), lasts)
    return sorted(found, key=lambda span: (span.since, span.ingredient))


def _of(ingredient: str, told: Iterable[Fact], lasts: timedelta | None) -> list[Span]:
    found: list[Span] = []
    course: list[Fact] = []
    for fact in told:
        if course and lasts is not None and fact.occurred.lo - course[-1].occurred.lo > lasts:
            found.append(Span(ingredient, course[0], tuple(course), course[-1].occurred.lo + lasts))
            course = []
        if fact.kind == "drug_order_stopped":
            if course:
                found.append(Span(ingredient, course[0], (*course, fact), fact.occurred.lo))
            course = []
        else:
            course.append(fact)
    if course:
        found.append(Span(ingredient, course[0], tuple(course), course[-1].occurred.lo + lasts if lasts is not None else None))
    return found
