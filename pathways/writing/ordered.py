"""Who ordered, as feeds say it, on the care teams of journeys. What a person named, confirmed or took away stays as they left it.

The order itself is the event that tells of it, so no further event is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Cursor

from pathways.facts import ORDERER, Fact
from pathways.models.team import TeamRole
from pathways.ordering import Orderer
from pathways.writing.state import Held
from pathways.writing.wire import execute
from patients import practitioners

END = """
UPDATE pathways_careteam t SET until = w.until FROM unnest(%s::bigint[], %s::timestamptz[]) AS w (id, until) WHERE t.id = w.id
"""


class TeamRow(msgspec.Struct, gc=False):
    journey_id: int
    role: str
    practitioner_id: int
    since: datetime
    source: str
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Teams:
    """What is to be written: rows that end and when, rows that begin, and who is responsible for a journey from now on."""

    ended: dict[int, datetime]
    begun: list[TeamRow]
    responsible: dict[int, int | None]


def decide(ordered: Mapping[int, tuple[Orderer | None, Sequence[Held]]], clinicians: Mapping[str, int], *, now: datetime) -> Teams:
    """What feeds said of each journey's orderer, held beside its care team; None: nothing says it any more."""
    known = _people((one for one, _ in ordered.values() if one is not None), clinicians)
    teams = Teams({}, [], {})
    for journey_id, (one, held) in ordered.items():
        for role in (TeamRole.ORDERER, TeamRole.RESPONSIBLE):
            wanted = known.get(one) if one is not None and (one.ordered or role == TeamRole.RESPONSIBLE) else None
            there = [row for row in held if row.role == role.value]
            if _is_settled(there, wanted):
                continue
            begins = max(one.since, *(row.since for row in there)) if one is not None and there else one.since if one is not None else now
            teams.ended.update({row.id: begins for row in there if row.open})
            if wanted is not None and one is not None:
                teams.begun.append(TeamRow(journey_id, role.value, wanted, begins, one.source))
            if role == TeamRole.RESPONSIBLE:
                teams.responsible[journey_id] = wanted
    return teams


def end(teams: Teams) -> None:
    """Those who are not in charge any more; before others begin."""
    if teams.ended:
        execute(END, [list(teams.ended), list(teams.ended.values())])


def ask_for(facts: Iterable[Fact]) -> Cursor[Any] | None:
    """Whom of those who ordered, as new facts say it, the directory knows by NPI; to be read later."""
    named = (fact.body[ORDERER] for fact in facts if ORDERER in fact.body)
    return practitioners.ask_by_npi({str(one["npi"]) for one in named if isinstance(one, Mapping) and one.get("npi")})


def _is_settled(there: list[Held], wanted: int | None) -> bool:
    """Nothing to write: a person's word stands (named, confirmed, or taken away), or the row says it already."""
    standing = [row for row in there if row.open]
    if any(row.confirmed for row in standing) or any(not row.open and row.practitioner_id == wanted for row in there):
        return True
    return [row.practitioner_id for row in standing] == ([] if wanted is None else [wanted])


def _people(said: Iterable[Orderer], clinicians: Mapping[str, int]) -> dict[Orderer, int]:
    by_system: dict[str, list[Orderer]] = defaultdict(list)
    for one in said:
        by_system[one.system].append(one)
    found: dict[Orderer, int] = {}
    for system, some in by_system.items():
        rows_of = practitioners.hear({one.who for one in some}, source=system, by_npi=clinicians)
        found |= {one: rows_of[one.who] for one in some if one.who in rows_of}
    return found
