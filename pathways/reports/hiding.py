"""Which counts of a report must not be shown, so that no count from 1 to 10 is seen or can be worked out (CMS cell size policy).

All counts of a report stand in one ledger: by key, with the sums among them that a reader could subtract. Small counts are hidden; then,
sum by sum, so much beside them that subtraction gives nothing away; then linear algebra over all sums at once finds what several of
them together would still tell. Levels are settled in order (the whole, then its strata), and a later level never hides anything of
an earlier one: the whole looks the same whatever it is shown apart by, or two views could be subtracted from each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pathways.reports.sheet import Cell, Kind, Sheet, Sum, Table, counted, with_cells

SMALL = 10
TRIED = 12
ROUND = 5
"""Counts are shown to the nearest five to whoever may not open them: what two dates or two filters differ by tells nobody."""


def is_small(count: int) -> bool:
    return 0 < count <= SMALL


@dataclass
class Ledger:
    """`latent` counts are never shown themselves; they matter because they can be worked out."""

    counts: Mapping[str, int]
    sums: Sequence[Sum]
    latent: Collection[str] = ()
    hidden: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)

    def settle(self, keys: Iterable[str]) -> None:
        """Settles one level: the counts of `keys` and the sums that speak of nothing else. What was shown before stays shown."""
        level = set(keys) - self.settled
        known = level | self.settled
        within = [one for one in self.sums if known.issuperset((one.total, *one.parts))]
        self.hidden |= {key for key in level if is_small(self.counts[key]) or key in self.latent}
        while (pick := self._told_by_one(within) or self._told_by_all(within)) is not None:
            self.hidden.add(pick)
        self.settled = known

    def _told_by_one(self, sums: Sequence[Sum]) -> str | None:
        """Where a total shows, subtraction gives what its hidden parts make together: they must be several, and not small together."""
        for one in sums:
            parts = [part for part in one.parts if part in self.hidden]
            if one.total in self.hidden or not any(is_small(self.counts[part]) for part in parts):
                continue
            alone = len(parts) == 1 or is_small(sum(self.counts[part] for part in parts))
            if alone and (pick := self._smallest(one.parts) or self._smallest([one.total])):
                return pick
        return None

    def _told_by_all(self, sums: Sequence[Sum]) -> str | None:
        """What all sums together tell though no single one does: something beside it, as small as will do, is hidden too."""
        told = sorted(key for key in determined(self.hidden, sums) if is_small(self.counts[key]))
        if not told:
            return None
        beside = {key for one in sums if self.hidden.intersection((one.total, *one.parts)) for key in (one.total, *one.parts)}
        free = sorted(self._free(beside), key=lambda key: (self.counts[key], key))
        would_do = (key for key in free[:TRIED] if told[0] not in determined(self.hidden | {key}, sums))
        return next(would_do, free[0] if free else None)

    def _free(self, keys: Iterable[str]) -> list[str]:
        return [key for key in keys if key not in self.hidden and key not in self.settled and self.counts[key] > 0]

    def _smallest(self, keys: Iterable[str]) -> str | None:
        return min(self._free(keys), key=lambda key: (self.counts[key], key), default=None)


def hidden_of(
    counts: Mapping[str, int], sums: Sequence[Sum], *, latent: Mapping[str, int] | None = None, levels: Sequence[Collection[str]] = ()
) -> set[str]:
    """The keys of `counts` that must not be shown; `levels` settle some before the others."""
    every = {**counts, **(latent or {})}
    ledger = Ledger(every, sums, latent=frozenset(latent or ()))
    for level in (*levels, every):
        ledger.settle(key for key in level if key in every)
    return ledger.hidden.intersection(counts)


def determined(hidden: Collection[str], sums: Sequence[Sum]) -> set[str]:
    """Hidden counts that the sums determine: those that no change of the hidden ones could leave all sums true and still alter."""
    keys = sorted(hidden)
    at = {key: i for i, key in enumerate(keys)}
    rows = []
    for one in sums:
        row = np.zeros(len(keys))
        for sign, key in ((1.0, one.total), *((-1.0, part) for part in one.parts)):
            if key in at:
                row[at[key]] += sign
        if row.any():
            rows.append(row)
    if not keys or not rows:
        return set()
    _, values, basis = np.linalg.svd(np.array(rows))
    rank = int((values > 1e-9).sum())
    free = basis[rank:]
    return {key for key, i in at.items() if not len(free) or bool(np.abs(free[:, i]).max() < 1e-9)}


def rounded(count: int) -> int:
    """To the nearest five; zero says zero, and what is shown at all is above ten."""
    return ROUND * round(count / ROUND)


def for_eyes(sheet: Sheet, *, exact: bool, levels: Sequence[Collection[str]] = ()) -> Sheet:
    """The sheet as its reader may see it. `exact`: a person who may open the rows behind every number sees all of it.

    `levels` settle some keys before the others (the whole before its strata).
    """
    if exact:
        return sheet
    counts = {**counted(sheet), **sheet.latent}
    ledger = Ledger(counts, sheet.sums, latent=frozenset(sheet.latent))
    for level in (*levels, counts):
        ledger.settle(key for key in level if key in counts)
    telling = {key for key in counts if is_small(counts[key]) or (key in ledger.hidden and key not in sheet.latent)}
    shown = with_cells(sheet, lambda cell: _for_eyes(cell, ledger.hidden, telling))
    return replace(shown, about=replace(shown.about, suppressed=True), tables=tuple(map(_coarse, shown.tables)))


def _for_eyes(cell: Cell, hidden: set[str], telling: set[str]) -> Cell:
    if cell.precise or cell.key in hidden or telling.intersection(cell.rests_on):
        return Cell(hidden=True)
    if cell.key and isinstance(cell.value, int):
        return replace(cell, value=rounded(cell.value), opens="")
    return replace(cell, opens="")


def _coarse(table: Table) -> Table:
    """Shares to the whole percent: a finer one and a rounded denominator would give the numerator back."""
    kinds = [column.kind for column in table.columns]
    return replace(table, rows=tuple(tuple(map(coarse, kinds, row)) for row in table.rows))


def coarse(kind: Kind, cell: Cell) -> Cell:
    if kind not in (Kind.SHARE, Kind.POINTS) or not isinstance(cell.value, float):
        return cell
    low, high = (None if one is None else round(one, 2) for one in (cell.low, cell.high))
    return replace(cell, value=round(cell.value, 2), low=low, high=high)


def sums_of(rows: Mapping[str, Mapping[str, int]], total: str) -> tuple[Sum, ...]:
    """For a plain table of counts `rows[row][column]` keyed `row:column`: each column adds up to the row `total`."""
    columns = dict.fromkeys(name for row in rows.values() for name in row)
    parts = [name for name in rows if name != total]
    return tuple(Sum(f"{total}:{column}", tuple(f"{part}:{column}" for part in parts if column in rows[part])) for column in columns)
