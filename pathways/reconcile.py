"""Matches stored stays with the stays that replay now wants, so that a wait keeps its row through late and corrected facts. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from pathways.timeline import StayLine

Place = tuple[str, str, int | str]


class StoredStay(msgspec.Struct, frozen=True):
    """A current row of `pathways_stay`, as far as matching and comparing need it. `version` is 0 unless the journey was ever migrated."""

    id: int
    track: str
    stage: str
    occurrence: int
    root_lineage: str
    entered_at: datetime
    due_at: datetime | None
    left_at: datetime | None
    left_by: str
    rung_at: tuple[datetime | None, ...]
    version: int = 0


class Reconciled(msgspec.Struct, frozen=True):
    """`kept`: a stored stay and what it should now say, equal or not; `superseded`: stays that the facts no longer speak of."""

    kept: tuple[tuple[StoredStay, StayLine], ...]
    new: tuple[StayLine, ...]
    superseded: tuple[StoredStay, ...]


def reconcile(stored: Sequence[StoredStay], wanted: Sequence[StayLine], recurring: Collection[str] = ()) -> Reconciled:
    """Per track and stage: first by the fact that opened the stay, then what is left in order of time.

    On a `recurring` track a stay of one occurrence never becomes a stay of another: that one was skipped says nothing of the next.
    For migrated journeys, between the two: the same wait under another version, whose stage may have another name there.
    """
    partners = _by_opening(stored, wanted) if not recurring else None
    if partners is not None:
        kept = tuple((partners[key], line) for line in wanted if (key := _opening(line)) in partners)
        return Reconciled(kept, tuple(line for line in wanted if _opening(line) not in partners), ())
    open_rows: dict[Place, list[StoredStay]] = {}
    for stay in sorted(stored, key=lambda stay: (stay.entered_at, stay.occurrence, stay.id)):
        open_rows.setdefault(_place(stay, recurring), []).append(stay)
    partner: dict[int, StoredStay] = {}
    for by_root in (True, False):
        for n, line in enumerate(wanted):
            if n not in partner and (rows := open_rows.get(_place(line, recurring))):
                row = next((row for row in rows if row.root_lineage == line.root_lineage), None) if by_root else rows[0]
                if row is not None:
                    rows.remove(row)
                    partner[n] = row
        if by_root:
            _match_renamed(open_rows, wanted, partner)
    return Reconciled(
        kept=tuple((partner[n], line) for n, line in enumerate(wanted) if n in partner),
        new=tuple(line for n, line in enumerate(wanted) if n not in partner),
        superseded=tuple(row for rows in open_rows.values() for row in rows),
    )


def _by_opening(stored: Sequence[StoredStay], wanted: Sequence[StayLine]) -> dict[Place, StoredStay] | None:
    """The usual case, cheaply: every stored stay has the one line that the same fact opened. None where it is not so."""
    rows = {_opening(row): row for row in stored}
    lines = {_opening(line) for line in wanted}
    return rows if len(rows) == len(stored) and len(lines) == len(wanted) and rows.keys() <= lines else None


def _opening(stay: StoredStay | StayLine) -> Place:
    return (stay.track, stay.stage, stay.root_lineage)


def _place(stay: StoredStay | StayLine, recurring: Collection[str]) -> Place:
    return (stay.track, stay.stage, stay.occurrence if stay.track in recurring else 0)


def _match_renamed(open_rows: Mapping[Place, list[StoredStay]], wanted: Sequence[StayLine], partner: dict[int, StoredStay]) -> None:
    for rows in open_rows.values():
        for row in [one for one in rows if one.version]:
            said = (row.track, row.root_lineage, row.entered_at)
            for n, line in enumerate(wanted):
                if n not in partner and line.version != row.version and (line.track, line.root_lineage, line.entered_at) == said:
                    rows.remove(row)
                    partner[n] = row
                    break
