"""Who ordered, as feeds say it, on the care teams of journeys. What a person named, confirmed or took away stays as they left it.

The order itself is the event that tells of it, so no further event is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from pathways.models.team import TeamRole
from pathways.ordering import Orderer
from pathways.writing.wire import ask, execute, put, told
from patients import practitioners

HELD = """
SELECT t.journey_id, t.role, t.id, t.practitioner_id, t.confirmed, t.since, t.until IS NULL
FROM pathways_careteam t
WHERE t.journey_id = ANY(%s) AND t.role IN ('orderer', 'responsible') AND (t.until IS NULL OR (NOT t.confirmed AND t.by_id IS NOT NULL))
ORDER BY t.id
"""
END = """
UPDATE pathways_careteam t SET until = w.until FROM unnest(%s::bigint[], %s::timestamptz[]) AS w (id, until) WHERE t.id = w.id
"""
POINT = """
UPDATE pathways_journey j SET responsible_id = w.who FROM unnest(%s::bigint[], %s::bigint[]) AS w (id, who) WHERE j.id = w.id
"""


class TeamRow(msgspec.Struct, gc=False):
    journey_id: int
    role: str
    practitioner_id: int
    since: datetime
    source: str
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    id: int
    practitioner_id: int | None
    confirmed: bool
    since: datetime
    open: bool


def store(ordered: Mapping[int, Orderer | None], *, now: datetime) -> None:
    """Brings what feeds said of each journey's orderer onto its care team; None: nothing says it any more."""
    if not ordered:
        return
    standing = ask(HELD, [list(ordered)])
    known = _people(one for one in ordered.values() if one is not None)
    held: dict[tuple[int, str], list[Held]] = defaultdict(list)
    for journey_id, role, *values in told(standing):
        held[journey_id, role].append(Held(*values))
    ended: dict[int, datetime] = {}
    begun: list[TeamRow] = []
    responsible: dict[int, int | None] = {}
    for journey_id, one in ordered.items():
        for role in (TeamRole.ORDERER, TeamRole.RESPONSIBLE):
            wanted = known.get(one) if one is not None and (one.ordered or role == TeamRole.RESPONSIBLE) else None
            there = held[journey_id, role.value]
            if _is_settled(there, wanted):
                continue
            begins = max(one.since, *(row.since for row in there)) if one is not None and there else one.since if one is not None else now
            ended |= {row.id: begins for row in there if row.open}
            if wanted is not None and one is not None:
                begun.append(TeamRow(journey_id, role.value, wanted, begins, one.source))
            if role == TeamRole.RESPONSIBLE:
                responsible[journey_id] = wanted
    _write(ended, begun, responsible)


def _is_settled(there: list[Held], wanted: int | None) -> bool:
    """Nothing to write: a person's word stands (named, confirmed, or taken away), or the row says it already."""
    standing = [row for row in there if row.open]
    if any(row.confirmed for row in standing) or any(not row.open and row.practitioner_id == wanted for row in there):
        return True
    return [row.practitioner_id for row in standing] == ([] if wanted is None else [wanted])


def _people(said: Iterable[Orderer]) -> dict[Orderer, int]:
    by_system: dict[str, list[Orderer]] = defaultdict(list)
    for one in said:
        by_system[one.system].append(one)
    found: dict[Orderer, int] = {}
    for system, some in by_system.items():
        rows_of = practitioners.hear({one.who for one in some}, source=system)
        found |= {one: rows_of[one.who] for one in some if one.who in rows_of}
    return found


def _write(ended: Mapping[int, datetime], begun: list[TeamRow], responsible: Mapping[int, int | None]) -> None:
    if ended:
        execute(END, [list(ended), list(ended.values())])
    put({"pathways_careteam": begun})
    if responsible:
        execute(POINT, [list(responsible), list(responsible.values())])
