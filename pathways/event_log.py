"""Event logs of others (case, activity, time, attributes) as rows that our own intake reads, and as a definition that follows them. Pure.

A mapping says which columns mean what. Every line of the log becomes one row of our own columns, so that a log goes the way of every
other table: stored, read, deduplicated, bound, replayed. A case is a patient under the number `case:NAME` (a case may be named "NA").
The same line twice is two events; taking the same log in again adds none.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

KIND = "activity_logged"
DATE_ONLY = re.compile(r"\d{4}-\d{2}(-\d{2})?$")
DEMOGRAPHIC = ("sex", "race", "ethnicity", "payer", "language", "birth_date", "postal_code")
ExitClass = Literal["preventable", "patient_choice", "appropriate", "competing", "administrative"]


class Steps(BaseModel):
    """A definition to be made of the log: its funnel in order, and what ends a case. `completes` and `exits` name activities."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str
    steps: list[str] = Field(min_length=2)
    completes: list[str] = []
    exits: dict[str, ExitClass] = {}


class LogMapping(BaseModel):
    """Which columns name case, activity and time. `time_format` is strptime's; without it times are ISO.

    `activities` gives an activity a kind of ours, with more columns of ours; what it does not name is an `activity_logged`. `attributes` maps
    our demographic columns to theirs. `pathway` is the code of a definition in force, or the steps to make one of.
    """

    model_config = ConfigDict(extra="forbid")

    case: str
    activity: str
    time: str
    time_format: str = ""
    separator: str = ","
    time_zone: str = "UTC"
    activities: dict[str, dict[str, str]] = {}
    attributes: dict[str, str] = {}
    observed_from: str = ""
    pathway: str | Steps


class NotALog(Exception):
    """A column that the mapping names is not in the file, or a time is written otherwise; the message says where."""


def rows(text: str, mapping: LogMapping) -> Iterator[dict[str, str]]:
    """The rows of our own columns: each case's person, then its events in the order of their times. Lines without a time come last."""
    lines = _read(text, mapping)
    timed = sorted(
        ((_time(line[mapping.time], mapping, n), n, line) for n, line in enumerate(lines, 2)), key=lambda one: (one[0] or "~", one[1])
    )
    known: set[str] = set()
    seen: Counter[tuple[str, str, str]] = Counter()
    for at, _, line in timed:
        number = f"case:{line[mapping.case].strip()}"
        if number not in known:
            known.add(number)
            yield {"mrn": number, "family": number, **_person(line, mapping)}
        name = line[mapping.activity].strip()
        seen[(number, name, at)] += 1
        observed = {"under_observation_from": line[mapping.observed_from]} if mapping.observed_from and line[mapping.observed_from] else {}
        said = {"kind": KIND, "text": name, **mapping.activities.get(name, {})}
        yield {"mrn": number, "date": at, "id": f"{number}/{name}/{at}/{seen[(number, name, at)]}", **said, **observed}


def _read(text: str, mapping: LogMapping) -> list[dict[str, str]]:
    table = csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=mapping.separator)
    asked = {mapping.case, mapping.activity, mapping.time, *mapping.attributes.values(), *filter(None, [mapping.observed_from])}
    if missing := asked - set(table.fieldnames or ()):
        raise NotALog(f"no column {', '.join(sorted(missing))}; there are {', '.join(table.fieldnames or ())}")
    return [{name: value or "" for name, value in line.items() if name} for line in table]


def _time(written: str, mapping: LogMapping, line: int) -> str:
    """ISO; a date alone stays a date, and nothing stays nothing: the intake says what it makes of a row without a date."""
    text = written.strip()
    if not text or (not mapping.time_format and DATE_ONLY.match(text)):
        return text
    try:
        at = datetime.strptime(text, mapping.time_format) if mapping.time_format else datetime.fromisoformat(text)  # noqa: DTZ007 (its zone is the feed's)
    except ValueError as error:
        raise NotALog(f"line {line}: “{text}” is no time as {mapping.time_format or 'ISO 8601'} writes it") from error
    if mapping.time_format and not re.search(r"%[HIcXT]", mapping.time_format):
        return at.date().isoformat()
    return at.isoformat()


def _person(line: Mapping[str, str], mapping: LogMapping) -> dict[str, str]:
    return {ours: line[theirs].strip() for ours, theirs in mapping.attributes.items() if ours in DEMOGRAPHIC and line[theirs].strip()}


def as_table(found: Iterable[dict[str, str]]) -> bytes:
    """The rows as one table that the intake recognises."""
    lines = list(found)
    names = list(dict.fromkeys(name for line in lines for name in line))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode()


def definition(steps: Steps) -> dict[str, Any]:
    """A definition that follows the log: one milestone per step, ends as the mapping names them, and nothing that ever rings."""
    names = {activity: named(activity) for activity in steps.steps}
    moves: list[dict[str, Any]] = [_move(activity, completes=named(activity)) for activity in steps.completes]
    moves += [_move(activity, exits=named(activity)) for activity in steps.exits]
    milestones = {
        name: {"label": activity, "phase": "identified", "spine": n == 0, "reached_by": [{"on": KIND, "when": {"text": activity}}]}
        for n, (activity, name) in enumerate(names.items())
    }
    stage = {
        "label": "under way",
        "awaits": [KIND],
        "review_after": "365 days",
        "source": "local default",
        "ball": "clinic",
        "problem": "case-review",
        "watch": True,
        "ladder": [{"at": "0", "to": "navigator", "priority": 9, "every": "365 days", "answer_within": "20 working days"}],
        "moves": moves,
    }
    return {
        "code": steps.code,
        "title": steps.title,
        "primary_group": steps.code,
        "entries": {"log": {"by": "rule"}},
        "enrol": [{"entry": "log", "when": {"kind": KIND}, "then": "enrol"}],
        "phases": {"identified": steps.steps[0]},
        "tracks": {"main": {"start": "under_way", "stages": {"under_way": stage}}},
        "milestones": milestones,
        "funnels": {"steps": list(names.values())},
        "completions": {named(activity): activity for activity in steps.completes} or {"finished": "finished"},
        "exits": {named(activity): kind for activity, kind in steps.exits.items()} or {"left": "administrative"},
    }


def _move(activity: str, **end: str) -> dict[str, Any]:
    return {"on": [KIND], "when": {"text": activity}, **end}


def named(activity: str) -> str:
    """A word that a definition can use."""
    word = re.sub(r"[^a-z0-9]+", "_", activity.casefold()).strip("_")
    return word if word[:1].isalpha() else f"step_{word}"
