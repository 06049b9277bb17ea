"""Whom a report speaks of: journeys by entry, followed from it. Never the steps reached this month over the steps reached last month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from pathways.definitions import registry
from pathways.definitions.compile import Definition
from pathways.sql import load
from pathways.timeline import PHASES

STRATA = ("site", "sex", "race", "ethnicity", "payer", "rurality", "language", "age", "month", "entry", "found_by")
UNKNOWN = "unknown"
DAY = 86_400.0


class UnknownReport(Exception):
    """The question names a programme, funnel or field that does not exist; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `as_of` is aware; `sites` are ids (None: all); `funnel` names one of the definition's, blank is the phases."""

    pathway: str
    as_of: datetime
    horizon_days: int = 90
    funnel: str = ""
    entry: str | None = None
    by: str = ""
    since: datetime | None = None
    until: datetime | None = None
    sites: Sequence[int] | None = None
    prevalent: bool = False
    every_episode: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a funnel: a milestone's name, or a phase; `milestone` is the one whose time it is."""

    name: str
    label: str
    milestone: str


@dataclass(slots=True)
class Member:
    """One journey of a cohort. `states` and `times` are those of the asked steps, by as_of."""

    id: int
    uid: str
    version_id: int
    opened_at: datetime
    status: str
    outcome: str
    exit_reason: str
    exit_class: str
    ended_at: datetime | None
    held: bool
    states: list[str]
    times: list[datetime | None]
    strata: dict[str, str] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.status == "active"


@dataclass(frozen=True, slots=True)
class Cohort:
    question: Question
    steps: tuple[Step, ...]
    members: tuple[Member, ...]

    def strata(self) -> dict[str, Cohort]:
        """The cohort by the asked field; unknown is a stratum of its own."""
        groups: dict[str, list[Member]] = {}
        for member in self.members:
            groups.setdefault(member.strata[self.question.by] or UNKNOWN, []).append(member)
        return {name: Cohort(self.question, self.steps, tuple(groups[name])) for name in sorted(groups)}


def definition_of(pathway: str) -> Definition:
    """The version in force. Raises UnknownReport."""
    published = registry.published()
    if pathway not in published:
        raise UnknownReport(f"no programme {pathway!r} is published; there are {', '.join(sorted(published)) or 'none'}")
    return published[pathway].definition


def steps_of(definition: Definition, funnel: str) -> tuple[Step, ...]:
    """The phases of the programme, or the milestones of one of its named funnels. Raises UnknownReport."""
    if not funnel:
        return tuple(
            Step(phase, definition.phase_labels[phase], _spine(definition, phase)) for phase in PHASES if phase in definition.phase_labels
        )
    if funnel not in definition.funnels:
        raise UnknownReport(f"{definition.code} has no funnel {funnel!r}; it has {', '.join(sorted(definition.funnels)) or 'none'}")
    return tuple(Step(name, definition.milestones[name].label or name.replace("_", " "), name) for name in definition.funnels[funnel])


def cohort(question: Question) -> Cohort:
    """Loads the cohort in one statement. Raises UnknownReport."""
    definition = definition_of(question.pathway)
    if question.by and question.by not in STRATA:
        raise UnknownReport(f"no field {question.by!r}; there are {', '.join(STRATA)}")
    if question.entry and definition.entries and question.entry not in definition.entries:
        raise UnknownReport(f"{question.pathway} has no entry {question.entry!r}; it has {', '.join(definition.entries)}")
    steps = steps_of(definition, question.funnel)
    rows = _rows(question, [step.milestone for step in steps])
    return Cohort(question, steps, tuple(_member(row, steps, question) for row in rows))


def _spine(definition: Definition, phase: str) -> str:
    return next((one.name for one in definition.spine if one.phase == phase), phase)


def _rows(question: Question, names: list[str]) -> Iterable[dict[str, Any]]:
    parameters: dict[str, Any] = {
        "pathway": question.pathway,
        "as_of": question.as_of,
        "names": names,
        "entry": question.entry,
        "since": question.since,
        "until": question.until,
        "sites": list(question.sites) if question.sites is not None else None,
        "prevalent": question.prevalent,
        "every_episode": question.every_episode,
    }
    with connection.cursor() as cursor:
        cursor.execute(load("pathways.sql", "report_cohort"), parameters)
        columns = [column.name for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _member(row: dict[str, Any], steps: Sequence[Step], question: Question) -> Member:
    times: list[datetime | None] = list(row["times"])
    states: list[str] = list(row["states"])
    if not question.funnel:
        # Phases have columns of their own; the milestone says whether the time was seen or only implied.
        by_phase = dict(zip(PHASES, row["phase_times"], strict=True))
        times = [by_phase[step.name] for step in steps]
    for i, at in enumerate(times):
        if at is None or at > question.as_of:
            times[i], states[i] = None, "not_applicable" if states[i] == "not_applicable" else ""
        else:
            states[i] = states[i] if states[i] in ("reached", "implied") else "reached"
    ended = row["status"] != "active"
    return Member(
        id=row["id"],
        uid=row["uid"],
        version_id=row["version_id"],
        opened_at=row["opened_at"],
        status=row["status"],
        outcome=row["outcome"] if ended else "",
        exit_reason=row["exit_reason"] if ended else "",
        exit_class=row["exit_class"] if ended else "",
        ended_at=row["ended_at"] if ended else None,
        held=row["held"],
        states=states,
        times=times,
        strata={name: row[name] or "" for name in STRATA},
    )


def days_between(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / DAY
