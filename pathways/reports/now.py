"""What is under way: open journeys by where they wait. A snapshot; it says nothing of how many arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from pathways.models import Journey
from pathways.reports.cohort import Question, definition_of
from pathways.sql import load


@dataclass(frozen=True, slots=True)
class Waiting:
    """One stage of one track. `overdue` are past due and not held; ages are of the present wait, in days. `watch`: never overdue."""

    track: str
    stage: str
    label: str
    ball: str
    problem: str
    watch: bool
    open: int
    held: int
    overdue: int
    median_days: float
    oldest_days: float


@dataclass(frozen=True, slots=True)
class Now:
    """`journeys` counts each open journey once; a journey can wait on several tracks."""

    question: Question
    as_of: datetime
    journeys: int
    stages: tuple[Waiting, ...]


def now(question: Question) -> Now:
    """Runs the report on what stands now; `as_of` is the moment that ages and overdue are measured at. Raises cohort.UnknownReport."""
    definition_of(question.pathway)
    parameters: dict[str, Any] = {
        "pathway": question.pathway,
        "as_of": question.as_of,
        "sites": list(question.sites) if question.sites is not None else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(load("pathways.sql", "report_now"), parameters)
        stages = tuple(Waiting(*row) for row in cursor.fetchall())
    return Now(question, question.as_of, _open(question), stages)


def _open(question: Question) -> int:
    journeys = Journey.objects.open().filter(pathway=question.pathway, home_site__is_training=False, patient__is_test=False)
    if question.sites is not None:
        journeys = journeys.filter(home_site__in=list(question.sites))
    return journeys.count()


def members(question: Question, *, track: str, stage: str) -> list[str]:
    """The journeys (uid) that wait in a stage."""
    waiting = {"stays__track": track, "stays__stage__name": stage, "stays__left_at": None, "stays__superseded": ""}
    journeys = Journey.objects.open().filter(
        pathway=question.pathway, home_site__is_training=False, patient__is_test=False, stays__entered_at__lte=question.as_of, **waiting
    )
    if question.sites is not None:
        journeys = journeys.filter(home_site__in=list(question.sites))
    return [str(uid) for uid in journeys.values_list("uid", flat=True)]
