"""Whom a report speaks of: journeys by entry, followed from it. Never the steps reached this month over the steps reached last month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from pathways.definitions import registry
from pathways.definitions.compile import Definition
from pathways.models import JourneyRevision
from pathways.reports.at_once import at_once
from pathways.reports.columns import (
    ACTIVE,
    NEVER,
    NOT_APPLICABLE,
    REACHED,
    STATE,
    Codes,
    Columns,
    Ints,
    arrays,
    as_datetime,
    copied,
    moment,
    spelled,
)
from pathways.reports.columns import UNKNOWN as NOT_KNOWN
from pathways.sql import load
from pathways.timeline import PHASES
from patients.templatetags.finalmile import translated

BY: Mapping[str, str] = {
    "site": "s.name",
    "sex": "p.sex",
    "race": "p.race",
    "ethnicity": "p.ethnicity",
    "payer": "p.payer",
    "rurality": "p.rurality",
    "language": "person.language",
    "age": "CASE WHEN person.birth_lo IS NULL THEN '' ELSE (EXTRACT(YEAR FROM age(j.opened_at, person.birth_lo))::int / 10 * 10)::text || 's' END",
    "month": "to_char(j.opened_at, 'YYYY-MM')",
    "entry": "j.entry",
    "found_by": "j.found_by",
}
"""What a report can be asked apart by, as SQL over a journey, its patient, person and site."""
STRATA = tuple(BY)
PLACES: Mapping[str, str] = {"laboratory": load("pathways.sql", "report_laboratory"), "payer": BY["payer"], "site": BY["site"]}
"""Where days are lost. No funnel is asked by laboratory: whoever has one has been tested."""
ANY: Mapping[str, str] = {**PLACES, **BY}
REASON = "j.exit_reason || '/' || j.outcome"
UNKNOWN = "unknown"
STATES = ("", "reached", "implied", "not_applicable")
STATUSES = ("active", "completed", "exited")
EXIT_CLASSES = ("preventable", "patient_choice", "appropriate", "competing", "administrative")


class UnknownReport(Exception):
    """The question names a programme, funnel or field that does not exist; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `as_of` is aware; `sites` are ids (None: all); `funnel` names one of the definition's, blank is the phases.

    A report as of an earlier day uses what had been received by then; with `hindsight`, what is known now about that day.
    """

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
    hindsight: bool = False
    compare: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a funnel: a milestone's name, or a phase; `milestone` is the one whose time it is, `column` where that time has one."""

    name: str
    label: str
    milestone: str
    column: str = ""


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


@dataclass(frozen=True)
class Cohort:
    """The journeys asked for. `columns` has all of them as numbers; `members` one object each, for those that a person looks at."""

    question: Question
    steps: tuple[Step, ...]
    columns: Columns

    @property
    def n(self) -> int:
        return len(self.columns)

    def strata(self) -> dict[str, Cohort]:
        """The cohort by the asked field; unknown is a stratum of its own."""
        return self._apart(self.question.by, self.columns.stratum)

    def apart(self, fields: Sequence[str]) -> dict[str, dict[str, Cohort]]:
        """The cohort by each of several fields, from one more pass over its journeys."""
        order = np.argsort(self.columns.id)
        asked = "".join(f", hashtextextended(COALESCE({ANY[name]}, ''), 0)" for name in fields)
        statement = load("pathways.sql", "report_strata").format(fields=asked)
        ids, *hashes = arrays(statement, {"ids": self.columns.id.tolist()}, "n" * (len(fields) + 1))
        place = order[np.searchsorted(self.columns.id[order], ids)]
        return {name: self._apart(name, _placed(place, of)) for name, of in zip(fields, hashes, strict=True)}

    def _apart(self, field: str, hashes: Ints) -> dict[str, Cohort]:
        kinds, place = np.unique(hashes, return_inverse=True)
        words = spelled(ANY[field], self.columns.id, hashes)
        parts = {words[int(kind)] or UNKNOWN: self.part(place == n) for n, kind in enumerate(kinds)}
        return {name: parts[name] for name in sorted(parts)}

    def part(self, chosen: NDArray[Any]) -> Cohort:
        """Some of the journeys; why they ended is spelled out once for all parts."""
        found = Cohort(self.question, self.steps, self.columns.where(chosen))
        found.__dict__["reasons"] = self.reasons
        return found

    @cached_property
    def reasons(self) -> dict[int, str]:
        """Why journeys ended, in words, by the hash that stands in the columns."""
        ended = self.columns.status != ACTIVE
        words = spelled(REASON, self.columns.id[ended], self.columns.reason[ended])
        return {kind: next((part for part in text.split("/") if part), "not stated") for kind, text in words.items()}

    @cached_property
    def members(self) -> tuple[Member, ...]:
        return tuple(_members(self))


def _placed(place: Ints, values: Ints) -> Ints:
    """Values that came in another order, each put to its place."""
    found = np.empty_like(values)
    found[place] = values
    return found


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
            Step(phase, translated(definition.phase_labels[phase]), _spine(definition, phase), f"{phase}_at")
            for phase in PHASES
            if phase in definition.phase_labels
        )
    if funnel not in definition.funnels:
        raise UnknownReport(f"{definition.code} has no funnel {funnel!r}; it has {', '.join(sorted(definition.funnels)) or 'none'}")
    return tuple(step_of(definition, name) for name in definition.funnels[funnel])


def step_of(definition: Definition, name: str) -> Step:
    """A milestone as a step; that of a phase has a column of its own."""
    phase = next((one.phase for one in definition.spine if one.name == name), "")
    return Step(name, translated(definition.milestones[name].label or name.replace("_", " ")), name, f"{phase}_at" if phase else "")


def cohort(question: Question, *, steps: Sequence[Step] | None = None) -> Cohort:
    """Loads the cohort with the steps of the asked funnel, or with others. Raises UnknownReport."""
    definition = definition_of(question.pathway)
    if question.by and question.by not in BY:
        raise UnknownReport(f"no field {question.by!r}; there are {', '.join(STRATA)}")
    if question.entry and definition.entries and question.entry not in definition.entries:
        raise UnknownReport(f"{question.pathway} has no entry {question.entry!r}; it has {', '.join(definition.entries)}")
    steps = steps_of(definition, question.funnel) if steps is None else tuple(steps)
    also = [name for name, wanted in (("stratum", question.by), ("person", question.every_episode)) if wanted]
    columns = copied(_statement(question, steps, also), _parameters(question, steps), len(steps), *also)
    return Cohort(question, steps, _by(question.as_of, columns))


def _spine(definition: Definition, phase: str) -> str:
    return next((one.name for one in definition.spine if one.phase == phase), phase)


def _statement(question: Question, steps: Sequence[Step], also: Sequence[str]) -> str:
    """Phases have time columns of their own; the milestone says whether the time was seen or only implied."""
    states, columns = "", ""
    for i, step in enumerate(steps):
        line = f"j.milestones -> %(step{i})s"
        said = f"CASE {line} ->> 0 WHEN 'reached' THEN 1 WHEN 'implied' THEN 2 WHEN 'not_applicable' THEN 3 ELSE 0 END"
        states += f"\n       | ({said}::int8 << {STATE + 2 * i})"
        columns += f", COALESCE({f'j.{step.column}' if step.column else f'({line} ->> 1)::timestamptz'}, 'infinity')"
    by = BY[question.by] if question.by else ""
    asked = {"stratum": f"hashtextextended(COALESCE({by}, ''), 0)", "person": "COALESCE(p.survivor_id, p.id)"}
    columns += "".join(f", {asked[name]} AS {name}" for name in also)
    people = "JOIN patients_patient p ON p.id = j.patient_id" if "p." in by or "person." in by or "person" in also else ""
    people += " JOIN patients_person person ON person.id = p.person_id" if "person." in by else ""
    return f"WITH {known(question)}\n" + load("pathways.sql", "report_cohort").format(states=states, columns=columns, people=people)


def known(question: Question) -> str:
    """The journeys as they are known, as `known AS (...)`: now, or by an earlier day from what had been received by then."""
    return f"known AS ({load('pathways.sql', 'report_known_then' if _has_changed_since(question) else 'report_known_now')})"


def _has_changed_since(question: Question) -> bool:
    return not question.hindsight and JourneyRevision.objects.filter(until_received__gt=question.as_of).exists()


def _parameters(question: Question, steps: Sequence[Step]) -> dict[str, Any]:
    return {
        "pathway": question.pathway,
        "as_of": question.as_of,
        "entry": question.entry,
        "since": question.since,
        "until": question.until,
        "sites": list(question.sites) if question.sites is not None else None,
        "prevalent": question.prevalent,
        "by_site": question.by == "site",
        "later": [] if question.every_episode else _later(question),
        **{f"step{i}": step.milestone for i, step in enumerate(steps)},
    }


def _later(question: Question) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(load("pathways.sql", "report_later"), {"pathway": question.pathway})
        return list((cursor.fetchone() or ([],))[0])


def _by(as_of: datetime, columns: Columns) -> Columns:
    """What happened after as_of has not happened; a step with a time was reached, whatever else is said of it. Changes them where they lie."""
    each = zip(columns.times.T, columns.states.T, strict=True)
    at_once([partial(_step_by, moment(as_of), times, states) for times, states in each], len(columns))
    return columns


def _step_by(as_of: int, times: Ints, states: Codes) -> None:
    np.copyto(times, NEVER, where=times > as_of)
    never, applies = times == NEVER, states != NOT_APPLICABLE
    np.copyto(states, NOT_KNOWN, where=never & applies)
    np.copyto(states, REACHED, where=~never & (~applies | (states == NOT_KNOWN)))


def _members(found: Cohort) -> Iterator[Member]:
    """In the order in which they began."""
    columns = found.columns
    with connection.cursor() as cursor:
        asked = ", ".join(f"{expression} AS {name}" for name, expression in BY.items())
        cursor.execute(load("pathways.sql", "report_words").format(words=f"j.uid::text, {asked}"), {"ids": columns.id.tolist()})
        names = [column.name for column in cursor.description or ()]
        said = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
    for i in np.lexsort((columns.id, columns.opened)):
        yield _member(columns, int(i), said[int(columns.id[i])], found.reasons)


def _member(columns: Columns, i: int, said: Mapping[str, Any], reasons: Mapping[int, str]) -> Member:
    status = STATUSES[columns.status[i]]
    reason = reasons.get(int(columns.reason[i]), "")
    opened = as_datetime(int(columns.opened[i]))
    assert opened is not None
    return Member(
        id=int(columns.id[i]),
        uid=said["uid"],
        version_id=int(columns.version[i]),
        opened_at=opened,
        status=status,
        outcome=reason if status == "completed" else "",
        exit_reason=reason if status == "exited" else "",
        exit_class=EXIT_CLASSES[columns.exit_class[i] - 1] if status == "exited" else "",
        ended_at=as_datetime(int(columns.ended[i])),
        held=bool(columns.held[i]),
        states=[STATES[state] for state in columns.states[i]],
        times=[as_datetime(int(at)) for at in columns.times[i]],
        strata={name: said[name] or "" for name in STRATA},
    )


def days_between(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 86_400
