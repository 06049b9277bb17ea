"""Which counts of a report must not be shown, so that no count from 1 to 10 is seen or can be worked out (CMS cell size policy).

All counts of a report stand in one ledger: by key, with the sums among them that a reader could subtract. Small counts are hidden; then,
sum by sum, so much beside them that subtraction gives nothing away; then linear algebra over all sums at once finds what several of
them together would still tell. Levels are settled in order (the whole, then its strata), and a later level never hides anything of
an earlier one: the whole looks the same whatever it is shown apart by, or two views could be subtracted from each other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pathways.reports.sheet import Cell, Kind, Sheet, Sum, Table, counted, with_cells

SMALL = 10
PRIME = 2**61 - 1
TRIED, LARGE = 8, 600
ROUND = 5
GRAINS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
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
        while self._told_by_one(within) or self._told_by_all(within):
            pass
        self.settled = known

    def _told_by_one(self, sums: Sequence[Sum]) -> bool:
        """Where a total shows, subtraction gives what its hidden parts make together: they must be several, and not small together."""
        before = len(self.hidden)
        for one in sums:
            parts = [part for part in one.parts if part in self.hidden]
            if one.total in self.hidden or not any(is_small(self.counts[part]) for part in parts):
                continue
            alone = len(parts) == 1 or is_small(sum(self.counts[part] for part in parts))
            if alone and (pick := self._smallest(one.parts) or self._smallest([one.total])):
                self.hidden.add(pick)
        return len(self.hidden) > before

    def _told_by_all(self, sums: Sequence[Sum]) -> bool:
        """What all sums together tell though no single one does: beside each such count something more is hidden, as small as there is."""
        told = {key for key in determined(self.hidden, sums) if is_small(self.counts[key])}
        if not told:
            return False
        picks = {self._cover(key, sums) for key in sorted(told)[:1]} | {
            self._smallest(self._beside({key}, sums)) for key in sorted(told)[TRIED:]
        }
        picks = picks - {None} or {self._smallest(self._beside(self.hidden, sums))} - {None}
        self.hidden |= {pick for pick in picks if pick is not None}
        return bool(picks)

    def _cover(self, key: str, sums: Sequence[Sum]) -> str | None:
        """The smallest count near by that makes `key` uncertain when it is hidden too; else the smallest beside it."""
        beside = self._beside({key}, sums)
        if len(sums) > LARGE:
            return self._smallest(beside)
        near = sorted(set(self._free(self._beside(beside, sums))), key=lambda one: (self.counts[one], one))
        would_do = (one for one in near[:TRIED] if key not in determined(self.hidden | {one}, sums))
        return next(would_do, self._smallest(beside))

    def _beside(self, keys: Collection[str], sums: Sequence[Sum]) -> list[str]:
        """What stands in a sum with any of them."""
        return [key for one in sums if not set(keys).isdisjoint((one.total, *one.parts)) for key in (one.total, *one.parts)]

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
    """Hidden counts that the sums determine: those that no change of the hidden ones could leave all sums true and still alter.

    Gauss-Jordan elimination over the unknowns, sparse and exact (modulo a large prime): a row that is left with one unknown tells it.
    """
    unknowns = [frozenset(hidden).intersection((one.total, *one.parts)) for one in sums]
    core = _core(unknowns, sums)
    often = Counter(key for unknown, _ in core for key in unknown)
    solved: dict[str, Row] = {}
    within: dict[str, set[str]] = defaultdict(set)
    for unknown, one in sorted(core, key=lambda pair: len(pair[0])):
        row = {key: coefficient for key in unknown if (coefficient := ((key == one.total) - one.parts.count(key)) % PRIME)}
        for key in [key for key in row if key in solved]:
            _subtract(row, row[key], solved[key])
        if row:
            _solve(row, min(row, key=lambda key: (often[key], key)), solved, within)
    return _followed({key for key, row in solved.items() if len(row) == 1}, unknowns)


def _followed(told: set[str], unknowns: Sequence[frozenset[str]]) -> set[str]:
    """What is left over in a sum of which all else is told is told as well."""
    while more := {key for unknown in unknowns if len(unknown - told) == 1 for key in unknown - told}:
        told |= more
    return told


Row = dict[str, int]


def _solve(row: Row, pivot: str, solved: dict[str, Row], within: dict[str, set[str]]) -> None:
    """Makes `row` the one that says what `pivot` is, and takes the pivot out of all others."""
    scale = pow(row[pivot], -1, PRIME)
    for key in row:
        row[key] = row[key] * scale % PRIME
    solved[pivot] = row
    for other in [other for other in within.pop(pivot, ()) if pivot in solved[other]]:
        _subtract(solved[other], solved[other][pivot], row)
        for key in solved[other]:
            within[key].add(other)
    for key in row:
        if key != pivot:
            within[key].add(pivot)


def _subtract(row: Row, times: int, other: Row) -> None:
    for key, coefficient in other.items():
        left = (row.get(key, 0) - times * coefficient) % PRIME
        if left:
            row[key] = left
        else:
            row.pop(key, None)


def _core(unknowns: Sequence[frozenset[str]], sums: Sequence[Sum]) -> list[tuple[frozenset[str], Sum]]:
    """The sums that can determine anything. One with an unknown that stands in no other is made true by it, whatever the rest is."""
    core = [(unknown, one) for unknown, one in zip(unknowns, sums, strict=True) if unknown]
    while True:
        often = Counter(key for unknown, _ in core for key in unknown)
        kept = [(unknown, one) for unknown, one in core if len(unknown) == 1 or all(often[key] > 1 for key in unknown)]
        if len(kept) == len(core):
            return core
        core = kept


def rounded(count: int) -> int:
    """To the nearest five; zero says zero, and what is shown at all is above ten, so that nothing from 1 to 10 stands there."""
    return max(ROUND * round(count / ROUND), SMALL + ROUND) if count > 0 else 0


def grain(of: int) -> float:
    """How finely a share of so many is told: never finer than five of them, or two horizons would tell who came between."""
    return next((one for one in GRAINS if one * of >= ROUND), GRAINS[-1])


def coarse_share(value: float | None, of: int) -> float | None:
    step = grain(of)
    return None if value is None else round(round(value / step) * step, 2)


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
    return replace(shown, about=replace(shown.about, suppressed=True), tables=tuple(_coarse(one, counts) for one in shown.tables))


def _for_eyes(cell: Cell, hidden: set[str], telling: set[str]) -> Cell:
    if cell.precise or cell.key in hidden or telling.intersection(cell.rests_on):
        return Cell(hidden=True)
    if cell.key and isinstance(cell.value, int):
        return replace(cell, value=rounded(cell.value), opens="")
    return replace(cell, opens="")


def _coarse(table: Table, counts: Mapping[str, int]) -> Table:
    """Shares as finely as their denominator allows: a finer one would give the numerator back."""
    kinds = [column.kind for column in table.columns]
    return replace(
        table, rows=tuple(tuple(coarse(kind, cell, counts) for kind, cell in zip(kinds, row, strict=True)) for row in table.rows)
    )


def coarse(kind: Kind, cell: Cell, counts: Mapping[str, int]) -> Cell:
    if kind not in (Kind.SHARE, Kind.POINTS) or not isinstance(cell.value, float):
        return cell
    of = max((counts[key] for key in cell.rests_on if key in counts), default=100 * ROUND)
    low, high = (coarse_share(one, of) for one in (cell.low, cell.high))
    return replace(cell, value=coarse_share(cell.value, of), low=low, high=high)


def sums_of(rows: Mapping[str, Mapping[str, int]], total: str) -> tuple[Sum, ...]:
    """For a plain table of counts `rows[row][column]` keyed `row:column`: each column adds up to the row `total`."""
    columns = dict.fromkeys(name for row in rows.values() for name in row)
    parts = [name for name in rows if name != total]
    return tuple(Sum(f"{total}:{column}", tuple(f"{part}:{column}" for part in parts if column in rows[part])) for column in columns)
