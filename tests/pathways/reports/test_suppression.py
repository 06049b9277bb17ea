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
def test_no_row_gives_a_small_cell_away_by_subtraction(rows: list[dict[str, int]]) -> None:
    hidden = hidden_cells(rows, total="all", totalled="abc")
    for i, row in enumerate(rows):
        parts = [name for name in row if name != "all" and (i, name) in hidden]
        if parts and (i, "all") not in hidden:
            assert len(parts) > 1 or not is_small(row[parts[0]])


@given(TABLE)
def test_no_column_gives_a_small_cell_away_by_subtraction(rows: list[dict[str, int]]) -> None:
    """Unless it is all that the column has: then its sum is the cell, and is hidden as such where it is printed."""
    hidden: Hidden = hidden_cells(rows, total="all", totalled="abc")
    for name in "abc":
        at = [i for i in range(len(rows)) if (i, name) in hidden]
        if len(at) == 1:
            assert not any(row[name] for i, row in enumerate(rows) if i != at[0])
