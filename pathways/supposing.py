"""What would be if: a definition that is not stored beside those that are, and the writer run without storing anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import msgspec
from django.db import connection

from pathways import trials
from pathways.definitions.compile import Definition, Rung, Stage
from pathways.definitions.registry import Published
from pathways.models import Rung as RungRow
from pathways.models import Trial
from pathways.sql import load as load_sql
from pathways.writing.changes import Changes
from pathways.writing.desk import Desk
from pathways.writing.house import House
from pathways.writing.ids import Ids


class Imaginary(Ids):
    """Ids that no row has, taken from no sequence."""

    def __init__(self) -> None:
        self._numbers = count(-1, -1)

    def __call__(self) -> int:
        return next(self._numbers)


class Ladders(msgspec.Struct, frozen=True):
    """Ids of rungs by stage id and place; `rows` and `stages` are those of the definition that is not stored, as the statements
    read them."""

    ids: dict[tuple[int, int], int]
    rows: tuple[dict[str, Any], ...]
    stages: tuple[dict[str, Any], ...]
    trials: tuple[dict[str, Any], ...] = ()


def suppose(house: House, definition: Definition) -> Published:
    """Lets the house answer for a definition as if it were published; its number must be free."""
    stage_ids = {(stage.track, stage.name): -n for n, stage in enumerate(definition.stages.values(), start=1)}
    published = house.supposed[-1] = Published(-1, definition, stage_ids)
    return published


def imaginary_desk(house: House) -> Desk:
    """A desk whose changes nobody stores."""
    desk = Desk(house, Changes())
    desk.event_id = desk.journey_id = desk.stay_id = Imaginary()
    return desk


def ladders(house: House, pathway: str) -> Ladders:
    """The rungs of all versions of a programme, stored and supposed."""
    stored = RungRow.objects.filter(stage__version__code=pathway).values_list("stage_id", "n", "pk")
    ids = {(stage_id, n): pk for stage_id, n, pk in stored if stage_id is not None}
    rows: list[dict[str, Any]] = []
    stages: list[dict[str, Any]] = []
    compared: list[dict[str, Any]] = []
    numbers = count(-1, -1)
    for published in house.supposed.values():
        for (track, name), stage_id in published.stage_ids.items():
            stage = published.definition.stages[f"{track}.{name}"]
            stages.append({"id": stage_id, "awaits": stage.awaits})
            for rung in stage.ladder:
                rung_id = ids[(stage_id, rung.n)] = next(numbers)
                trial_id = _trial(pathway, stage, rung, compared)
                rows.append({**_rung(rung, rung_id, stage_id, rung.problem or stage.problem), "trial_id": trial_id})
    return Ladders(ids, tuple(rows), tuple(stages), tuple(compared))


def _trial(pathway: str, stage: Stage, rung: Rung, compared: list[dict[str, Any]]) -> int | None:
    """The comparison that a supposed rung declares: the stored one where its terms are known, else one more in `compared`."""
    if rung.trial is None:
        return None
    row = trials.declared(pathway, stage, rung)
    stored = Trial.objects.filter(pathway=pathway, protocol=row["protocol"], terms=row["terms"]).values_list("pk", flat=True).first()
    if stored is not None:
        return int(stored)
    named = ("arm", "held", "block", "key", "since", "until")
    number = -len(compared) - 1
    compared.append({"id": number, "delay": _seconds(row["delay"]), **{name: row[name] for name in named}})
    return number


def _rung(rung: Rung, rung_id: int, stage_id: int, problem: str) -> dict[str, Any]:
    return {
        "id": rung_id,
        "stage_id": stage_id,
        "n": rung.n,
        "audience": rung.to,
        "problem": problem,
        "priority": rung.priority,
        "wording": rung.wording,
        "channels": list(rung.channels),
        "catch_up": rung.catch_up,
        "expires_after": _seconds(rung.expires_after),
        "every": _seconds(rung.every),
        "answer_within": _seconds(rung.answer_within),
    }


def _seconds(length: timedelta | None) -> str | None:
    return None if length is None else f"{length.total_seconds()} seconds"


def rings(stays: Sequence[dict[str, Any]], known: Ladders, *, now: datetime) -> Iterator[dict[str, Any]]:
    """The alerts that a sweep would make now of these stays."""
    params = {"now": now, "rungs": list(known.rows), "stages": list(known.stages), "stays": list(stays)}
    found = answers(load_sql("pathways.sql", "imagine_rings"), params)
    return ({"id": -n, "matter_id": None, **row} for n, row in enumerate(found, start=1))


def answers(sql: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of a statement that takes JSON and gives JSON."""
    plain = {name: msgspec.json.encode(value).decode() if isinstance(value, list) else value for name, value in params.items()}
    with connection.cursor() as cursor:
        cursor.execute(sql, plain)
        return [msgspec.json.decode(row) if isinstance(row, str | bytes) else row for (row,) in cursor.fetchall()]
