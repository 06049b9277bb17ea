"""A tracker against what it said before: what is new, what reads otherwise, what is gone. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from .mapping import DAYS, Line


class Difference(msgspec.Struct, frozen=True):
    """What one row says otherwise. `changed` are (was, is) by meaning, `emptied` days that are gone: those are asked about, never assumed."""

    line: Line
    is_new: bool = False
    added: Mapping[str, str] = {}
    changed: Mapping[str, tuple[str, str]] = {}
    emptied: Mapping[str, str] = {}

    @property
    def says_something(self) -> bool:
        return self.is_new or bool(self.added or self.changed)

    @property
    def message(self) -> dict[str, str]:
        """The row as a message: who it is, what things are, and of the days only those that are new or other than before. A detail that
        reads otherwise (the medicine, the stage) says all days of the row anew."""
        news = {*self.added, *self.changed}
        whole = self.is_new or any(name not in DAYS for name in news)
        cells = {name: value for name, value in self.line.cells.items() if name not in DAYS or whole or name in news}
        return {"mrn": self.line.number, **cells}


def differences(lines: Sequence[Line], before: Mapping[str, Mapping[str, str]]) -> list[Difference]:
    """Row by row; a row that is missing says nothing, and one with an error is left out."""
    return [_difference(line, before.get(line.number)) for line in lines if not line.errors]


def _difference(line: Line, before: Mapping[str, str] | None) -> Difference:
    if before is None:
        return Difference(line, is_new=True, added=line.cells)
    added = {name: value for name, value in line.cells.items() if name not in before}
    changed = {name: (before[name], value) for name, value in line.cells.items() if name in before and before[name] != value}
    emptied = {name: value for name, value in before.items() if name in DAYS and name not in line.cells}
    return Difference(line, added=added, changed=changed, emptied=emptied)
