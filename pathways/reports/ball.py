"""Whose turn it was: every day under way belongs to exactly one party, and so do the days past due."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from pathways.reports.cohort import Cohort, known
from pathways.sql import load


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
    statement = f"WITH {known(found.question)}" + load("pathways.sql", "report_ball")
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": found.columns.id.tolist(), "as_of": found.question.as_of, "pathway": found.question.pathway})
        rows = cursor.fetchall()
    every = sum(days for _, _, days, _ in rows) or 1.0
    return tuple(Turn(party or "nobody", journeys, days, lost, days / every) for party, journeys, days, lost in rows)
