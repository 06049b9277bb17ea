"""What is under way: open journeys by where they wait, since when, and who answers for them. A snapshot; it says nothing of how many arrive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet

from pathways.models import Journey
from pathways.models.journey import Status
from pathways.reports.cohort import Question, definition_of
from pathways.reports.then import Then, then
from pathways.sql import load
from patients.templatetags.finalmile import translated

AGES = ("under 7 days", "7 to 13 days", "14 to 29 days", "30 to 59 days", "60 to 89 days", "90 days and more")
SOON = timedelta(days=14)
NOBODY = "nobody"
FLAGS = {
    "open": "true",
    **{name: name for name in ("held", "overdue", "first_week", "second_week")},
    **{f"ages.{name}": f"bucket = {n}" for n, name in enumerate(AGES)},
}
"""What each figure counts, as SQL over a wait."""


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
    """Runs the report on what stood at as_of, by what had been received by then. Raises cohort.UnknownReport."""
    definition_of(question.pathway)
    past = then(question)
    cells = [Cell(*row) for row in _asked(question, past, load("pathways.sql", "report_now"))]
    stages = tuple(_stage(group) for group in _grouped(cells, lambda cell: cell[:6]))
    owners = [_owner(group) for group in _grouped(cells, lambda cell: cell.owner)]
    return Now(
        question,
        question.as_of,
        _journeys(question, past).count(),
        stages,
        tuple(sorted(owners, key=lambda one: (-one.overdue, -one.open, one.name))),
    )


def _asked(question: Question, past: Then, statement: str, **more: Any) -> list[tuple[Any, ...]]:
    parameters = {
        "pathway": question.pathway,
        "as_of": question.as_of,
        "soon": question.as_of + SOON,
        "sites": list(question.sites) if question.sites is not None else None,
        **past.parameters(),
        **more,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"WITH waits AS ({load('pathways.sql', 'report_waits')})\n{statement}", parameters)
        return list(cursor.fetchall())


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
        label=translated(first.label),
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


def _journeys(question: Question, past: Then) -> QuerySet[Journey]:
    """Those that were under way: of whom more was received since, those that were so by then."""
    still = Q(status=Status.ACTIVE) & ~Q(pk__in=past.changed)
    journeys = Journey.objects.filter(still | Q(pk__in=past.active), opened_at__lte=question.as_of)
    journeys = journeys.filter(pathway=question.pathway, home_site__is_training=False, patient__is_test=False)
    return journeys if question.sites is None else journeys.filter(home_site__in=list(question.sites))


def members(
    question: Question, *, track: str | None = None, stage: str | None = None, owner: str | None = None, flag: str = "open"
) -> list[str]:
    """The waits (ids of stays) behind a number: of a stage, or of all journeys that one person answers for. Raises KeyError."""
    statement = load("pathways.sql", "report_now_rows").format(chosen=FLAGS[flag])
    asked = "" if owner == NOBODY else owner
    return [str(pk) for (pk,) in _asked(question, then(question), statement, track=track, stage=stage, owner=asked)]


def open_journeys(question: Question) -> list[str]:
    """Each open journey (uid) once, in the order in which they began."""
    return [str(uid) for uid in _journeys(question, then(question)).order_by("opened_at", "pk").values_list("uid", flat=True)]
