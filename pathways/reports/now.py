"""What is under way: open journeys by where they wait, since when, and who answers for them. A snapshot; it says nothing of how many arrive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from django.db import connection

from pathways.models import Journey
from pathways.reports.cohort import Question, definition_of
from pathways.sql import load

AGES = ("under 7 days", "7 to 13 days", "14 to 29 days", "30 to 59 days", "60 to 89 days", "90 days and more")
SOON = timedelta(days=14)
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One stage of one track. `overdue` are past due and not held; ages are of the present wait, in days. `watch`: never overdue.

    `ages` counts the waits by age; `first_week` and `second_week` become due in the next fortnight.
    """

    track: str
    stage: str
    label: str
    ball: str
    problem: str
    watch: bool
    open: int
    held: int
    overdue: int
    first_week: int
    second_week: int
    median_days: float
    oldest_days: float
    ages: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom the open waits are on: the person who answers for the journey."""

    name: str
    open: int
    overdue: int
    first_week: int
    second_week: int
    oldest_days: float


@dataclass(frozen=True, slots=True)
class Now:
    """`journeys` counts each open journey once; a journey can wait on several tracks."""

    question: Question
    as_of: datetime
    journeys: int
    stages: tuple[Waiting, ...]
    owners: tuple[Owner, ...]


class Cell(NamedTuple):
    """Waits of one stage, one owner and one class of age."""

    track: str
    stage: str
    label: str
    ball: str
    problem: str
    watch: bool
    owner: str
    bucket: int
    open: int
    held: int
    overdue: int
    first_week: int
    second_week: int
    ages: list[float]


def now(question: Question) -> Now:
    """Runs the report on what stands now; `as_of` is the moment that ages and overdue are measured at. Raises cohort.UnknownReport."""
    definition_of(question.pathway)
    parameters: dict[str, Any] = {
        "pathway": question.pathway,
        "as_of": question.as_of,
        "soon": question.as_of + SOON,
        "sites": list(question.sites) if question.sites is not None else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(load("pathways.sql", "report_now"), parameters)
        cells = [Cell(*row) for row in cursor.fetchall()]
    stages = tuple(_stage(group) for group in _grouped(cells, lambda cell: cell[:6]))
    owners = [_owner(group) for group in _grouped(cells, lambda cell: cell.owner)]
    return Now(
        question, question.as_of, _open(question), stages, tuple(sorted(owners, key=lambda one: (-one.overdue, -one.open, one.name)))
    )


def _grouped(cells: Sequence[Cell], by: Callable[[Cell], Any]) -> list[list[Cell]]:
    groups: dict[Any, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(by(cell), []).append(cell)
    return list(groups.values())


def _stage(cells: Sequence[Cell]) -> Waiting:
    ages, first = [age for cell in cells for age in cell.ages], cells[0]
    return Waiting(
        track=first.track,
        stage=first.stage,
        label=first.label,
        ball=first.ball,
        problem=first.problem,
        watch=first.watch,
        **_sums(cells, "open", "held", "overdue", "first_week", "second_week"),
        median_days=median(ages),
        oldest_days=max(ages),
        ages={name: sum(cell.open for cell in cells if cell.bucket == n) for n, name in enumerate(AGES)},
    )


def _owner(cells: Sequence[Cell]) -> Owner:
    oldest = max(age for cell in cells for age in cell.ages)
    return Owner(name=cells[0].owner or NOBODY, **_sums(cells, "open", "overdue", "first_week", "second_week"), oldest_days=oldest)


def _sums(cells: Sequence[Cell], *names: str) -> dict[str, int]:
    return {name: sum(getattr(cell, name) for cell in cells) for name in names}


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
