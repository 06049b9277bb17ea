"""Where the headings of a sheet stand: titles above them are left out, and two rows of headings (groups over columns) are read as one. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

Cell = str | float

_NO_WORDS = re.compile(r"[\d\s./:,\-]+|\S*\d{3,}\S*|\d{1,2}[ \-.]?[A-Za-z]{3,9}[ \-.,]*\d{2,4}")
"""A number, a date, or a number with letters: what stands in a row of a patient and in no heading."""


class NoHeadings(ValueError):
    """Below a title stands something, but no row that names columns."""


def parted(rows: Sequence[list[Cell]]) -> tuple[list[Cell], list[list[Cell]]]:
    """The headings as one row, and what stands below; headings that are repeated further down, as on printed pages, are left out.

    Raises:
        NoHeadings: a title stands above rows whose columns nobody has named.
    """
    first = _first(rows)
    if first and not _in_words(rows[first]):
        raise NoHeadings
    heads = [rows[first]]
    if first + 2 < len(rows) and _goes_on(rows[first], rows[first + 1]):
        heads.append(rows[first + 1])
    below = [row for row in rows[first + len(heads) :] if row not in heads]
    return (_joined(*heads) if len(heads) == 2 else rows[first]), below


def _first(rows: Sequence[list[Cell]]) -> int:
    """The first row with more than one cell. Above it stand titles; also those of two cells, as `Updated: 3/20/2026`."""
    wide = [n for n, row in enumerate(rows) if _filled(row) > 1]
    if not wide:
        return 0
    first = wide[0]
    if _filled(rows[first]) == 2 and not _in_words(rows[first]) and len(wide) > 1 and _names_more(rows[wide[1]]):
        return wide[1]
    return first


def _names_more(row: Sequence[Cell]) -> bool:
    return _filled(row) > 2 and _in_words(row)


def _goes_on(upper: Sequence[Cell], lower: Sequence[Cell]) -> bool:
    """Whether the lower row names columns that the upper one, with cells merged over several columns, leaves without a name."""
    unnamed = any(cell != "" and (n >= len(upper) or upper[n] == "") for n, cell in enumerate(lower))
    return unnamed and _in_words(upper) and _in_words(lower)


def _joined(upper: Sequence[Cell], lower: Sequence[Cell]) -> list[Cell]:
    """`Biopsy` over `Ordered` and `Done` is `Biopsy: Ordered` and `Biopsy: Done`. What stands alone over nothing keeps its name."""
    joined: list[Cell] = []
    group = ""
    for n in range(max(len(upper), len(lower))):
        above, below = (str(row[n]).strip() if n < len(row) else "" for row in (upper, lower))
        if above:
            group = above if below else ""
        joined.append(f"{group}: {below}" if group and below else above or below)
    return joined


def _filled(row: Sequence[Cell]) -> int:
    return sum(1 for cell in row if str(cell).strip())


def _in_words(row: Sequence[Cell]) -> bool:
    return all(isinstance(cell, str) and not _NO_WORDS.fullmatch(cell.strip()) for cell in row if str(cell).strip())
