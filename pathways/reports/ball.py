"""Whose turn it was and where days were lost: every day under way belongs to exactly one party, and so do the days past due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pathways.reports.cohort import PLACES, Cohort, known
from pathways.reports.columns import wide
from pathways.sql import load

NOBODY = "nobody"
LABORATORY = ("lab", "pathology")
"""Parties whose turn is the laboratory's."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A party that had the ball: on how many journeys, for how many days, on how many of them some wait was past due (days lost)."""

    party: str
    journeys: int
    days: float
    lost: float
    share: float


@dataclass(frozen=True, slots=True)
class Place:
    """Journeys of one laboratory, payer or site: days under way, days on which some wait was past due, and of these the laboratory's."""

    field: str
    name: str
    journeys: int
    days: float
    lost: float
    laboratory: float


def places(found: Cohort) -> tuple[Place, ...]:
    """By laboratory, by payer and by site, the most days lost first. What is unknown is a place of its own."""
    return tuple(Place(*row) for row in _asked(found, "report_days", **PLACES))


def turns(found: Cohort) -> tuple[Turn, ...]:
    """By the most days first. The shares sum to one."""
    rows = _asked(found, "report_ball", journeys="COUNT(DISTINCT days.id)")
    every = sum(days for _, _, days, _ in rows) or 1.0
    return tuple(Turn(party or NOBODY, journeys, days, lost, days / every) for party, journeys, days, lost in rows)


def journeys_of(found: Cohort, party: str) -> list[int]:
    """The journeys (ids) on which a party had the ball."""
    rows = _asked(found, "report_ball", journeys="array_agg(DISTINCT days.id)")
    return next((ids for who, ids, _, _ in rows if (who or NOBODY) == party), [])


def _asked(found: Cohort, statement: str, **parts: str) -> list[tuple[Any, ...]]:
    asked, question = load("pathways.sql", statement).format(**parts), found.question
    parameters = {"ids": found.columns.id.tolist(), "as_of": question.as_of, "pathway": question.pathway, "parties": list(LABORATORY)}
    with wide() as cursor:
        cursor.execute(f"WITH {known(question)}{asked}", parameters)
        return list(cursor.fetchall())
