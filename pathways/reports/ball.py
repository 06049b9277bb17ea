"""Whose turn it was: every day under way belongs to exactly one party, and so do the days past due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from pathways.reports.cohort import Cohort, known
from pathways.sql import load

NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Turn:
    """A party that had the ball: on how many journeys, for how many days, on how many of them some wait was past due (days lost)."""

    party: str
    journeys: int
    days: float
    lost: float
    share: float


def turns(found: Cohort) -> tuple[Turn, ...]:
    """By the most days first. The shares sum to one."""
    rows = _asked(found, "COUNT(DISTINCT spans.id)")
    every = sum(days for _, _, days, _ in rows) or 1.0
    return tuple(Turn(party or NOBODY, journeys, days, lost, days / every) for party, journeys, days, lost in rows)


def journeys_of(found: Cohort, party: str) -> list[int]:
    """The journeys (ids) on which a party had the ball."""
    return next((ids for who, ids, _, _ in _asked(found, "array_agg(DISTINCT spans.id)") if (who or NOBODY) == party), [])


def _asked(found: Cohort, journeys: str) -> list[tuple[Any, ...]]:
    statement = f"WITH {known(found.question)}" + load("pathways.sql", "report_ball").format(journeys=journeys)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": found.columns.id.tolist(), "as_of": found.question.as_of, "pathway": found.question.pathway})
        return list(cursor.fetchall())
