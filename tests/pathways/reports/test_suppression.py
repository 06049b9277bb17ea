"""No cell from 1 to 10 is shown, and none can be worked out from what is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pathways.reports.suppression import Hidden, hidden_cells, is_small

CELL = st.integers(0, 60)
TABLE = st.lists(st.fixed_dictionaries({"a": CELL, "b": CELL, "c": CELL}), min_size=1, max_size=5).map(
    lambda rows: [{"all": sum(row.values()), **row} for row in rows]
)


def test_a_small_cell_takes_another_with_it() -> None:
    hidden = hidden_cells([{"all": 100, "a": 5, "b": 60, "c": 35}], total="all")
    assert hidden == {(0, "a"), (0, "c")}


def test_zero_may_be_shown_and_does_not_serve_as_cover() -> None:
    hidden = hidden_cells([{"all": 65, "a": 5, "b": 60, "c": 0}], total="all")
    assert hidden == {(0, "a"), (0, "b")}


def test_what_is_left_over_must_not_be_small_either() -> None:
    assert (0, "b") in hidden_cells([{"all": 65, "a": 5, "b": 60}], total="all")


@given(TABLE)
def test_nothing_small_is_shown(rows: list[dict[str, int]]) -> None:
    hidden = hidden_cells(rows, total="all", totalled="abc")
    assert not [(i, name) for i, row in enumerate(rows) for name, n in row.items() if is_small(n) and (i, name) not in hidden]


@given(TABLE)
def test_no_row_gives_small_cells_away_by_subtraction(rows: list[dict[str, int]]) -> None:
    hidden = hidden_cells(rows, total="all", totalled="abc")
    for i, row in enumerate(rows):
        secret = [row[name] for name in row if name != "all" and (i, name) in hidden]
        if secret and (i, "all") not in hidden:
            assert len(secret) > 1
            assert not is_small(sum(secret))


@given(TABLE)
def test_no_column_gives_small_cells_away_by_subtraction(rows: list[dict[str, int]]) -> None:
    """Unless they are all that the column has: then its sum is small, and is hidden as such where it is printed."""
    hidden: Hidden = hidden_cells(rows, total="all", totalled="abc")
    for name in "abc":
        secret = [rows[i][name] for i in range(len(rows)) if (i, name) in hidden]
        shown = [row[name] for i, row in enumerate(rows) if (i, name) not in hidden]
        if secret and any(shown):
            assert len(secret) > 1
            assert not is_small(sum(secret))
