"""Small numbers are not shown: no cell from 1 to 10, and nothing from which one could be worked out (CMS cell size policy).

Zero may be shown. A cell is also hidden when what is left of its total is small, and when a subtraction of what is shown would give
away the hidden ones of its row or column: one alone, or several that are small together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SMALL = 10
Table = Sequence[Mapping[str, int]]
Hidden = set[tuple[int, str]]


def is_small(count: int) -> bool:
    return 0 < count <= SMALL


def is_telling(count: int, total: int) -> bool:
    """Whether the count or what it leaves of the total is small."""
    return is_small(count) or is_small(total - count)


def hidden_cells(rows: Table, *, total: str, totalled: Sequence[str] = (), chained: tuple[str, str] | None = None) -> Hidden:
    """Which (row, column) cells must not be shown.

    Each row is a partition of its column `total`. `totalled`: columns whose sum over the rows is shown too. `chained`: the second column
    of each row is the first of the row before (a funnel: who enters a step reached the one before), so they hide together.
    """
    hidden: Hidden = {
        (i, name) for i, row in enumerate(rows) for name, count in row.items() if name != total and is_telling(count, row[total])
    }
    hidden |= {(i, total) for i, row in enumerate(rows) if is_small(row[total])}
    while True:
        more = _lonely_in_row(rows, hidden, total)
        more |= _lonely_in_column(rows, hidden, totalled)
        if chained is not None:
            more |= _chained(rows, hidden, *chained)
        if more <= hidden:
            return hidden
        hidden |= more


def _lonely_in_row(rows: Table, hidden: Hidden, total: str) -> Hidden:
    """Where a row's total shows, subtraction gives the sum of its hidden cells: they must be at least two and together not small.
    The next smallest that is not zero hides with them; where there is none left, the total."""
    more: Hidden = set()
    for i, row in enumerate(rows):
        parts = [name for name in row if name != total]
        names = [name for name in parts if (i, name) in hidden]
        if (i, total) in hidden:
            if not names:
                more.add((i, _smallest(row, parts) or total))
        elif _gives_away([row[name] for name in names]):
            more.add((i, _smallest(row, [name for name in parts if name not in names]) or total))
    return more


def _gives_away(secret: Sequence[int]) -> bool:
    return len(secret) == 1 or is_small(sum(secret))


def _smallest(row: Mapping[str, int], names: Sequence[str]) -> str | None:
    counted = [name for name in names if row[name] > 0]
    return min(counted, key=lambda name: (row[name], name)) if counted else None


def _lonely_in_column(rows: Table, hidden: Hidden, totalled: Sequence[str]) -> Hidden:
    """The same for columns whose sum is shown. Nothing left to hide: the sum itself is small, and is hidden where it stands."""
    more: Hidden = set()
    for name in totalled:
        at = [i for i, row in enumerate(rows) if name in row and (i, name) in hidden]
        others = [i for i, row in enumerate(rows) if i not in at and row.get(name, 0) > 0]
        if at and others and _gives_away([rows[i][name] for i in at]):
            more.add((min(others, key=lambda i: (rows[i][name], i)), name))
    return more


def _chained(rows: Table, hidden: Hidden, first: str, second: str) -> Hidden:
    more: Hidden = set()
    for i in range(1, len(rows)):
        if rows[i][first] != rows[i - 1][second]:
            continue
        if (i, first) in hidden:
            more.add((i - 1, second))
        if (i - 1, second) in hidden:
            more.add((i, first))
    return more
