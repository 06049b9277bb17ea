"""What a statement gives as columns is what it gives as rows, however the rows come; the latest of each group is the latest."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from pathways.reports import matched
from pathways.reports.columns import ALWAYS, HEADER, NEVER, PORTIONS, arrays, columns_of, moment, strings
from tests.pathways.reports.conftest import DAY_0

ROWS = "SELECT n, -n * n, CASE n %% 3 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' ELSE %(day)s::timestamptz END FROM generate_series(1, %(n)s::int8) n"


@pytest.mark.django_db
@pytest.mark.parametrize("n", [0, 1, 40])
def test_columns_are_what_the_statement_gives(n: int) -> None:
    asked = {"day": DAY_0, "n": n}
    found = arrays(ROWS, asked, "nnt")
    with connection.cursor() as cursor:
        cursor.execute("SELECT n, -n * n FROM generate_series(1, %s::int8) n", [n])
        rows = cursor.fetchall()
    assert found.shape == (3, n)
    assert sorted(zip(found[0].tolist(), found[1].tolist(), strict=True)) == sorted(rows)
    when = {0: NEVER, 1: ALWAYS, 2: moment(DAY_0)}
    assert [when[one % 3] for one in found[0].tolist()] == found[2].tolist()


def test_the_latest_of_each_group_whether_or_not_their_keys_mix_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = np.random.default_rng(4)
    version, lineage, journey = dice.permutation(400), dice.integers(0, 30, 400), dice.integers(0, 12, 400)
    wanted = {(b, c): a for a, b, c in sorted(zip(version.tolist(), lineage.tolist(), journey.tolist(), strict=True))}
    for mix in (matched.MIX, np.int64(0), np.int64(1)):
        monkeypatch.setattr(matched, "MIX", mix)
        places = matched._last(version, lineage, journey)
        found = {(int(lineage[at]), int(journey[at])): int(version[at]) for at in places}
        assert (found, len(places)) == (wanted, len(wanted))


def copied(rows: list[bytes]) -> bytes:
    return b"h" * HEADER + b"".join(b"\x00\x01" + len(row).to_bytes(4) + row for row in rows) + b"\xff\xff"


@given(st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(1, 30), max_size=20))
def test_rows_come_out_whole_wherever_the_blocks_end(rows: list[bytes], sizes: list[int]) -> None:
    said, blocks = copied(rows), []
    for size in sizes:
        blocks.append(said[:size])
        said = said[size:]
    assert [bytes(one) for one in strings([*blocks, said])] == rows


@given(st.lists(st.integers(0, 50), max_size=PORTIONS))
def test_portions_of_any_sizes_become_columns(sizes: list[int]) -> None:
    """The first portion tells how much room is taken; whatever is more than that finds room, too."""
    rows = np.arange(2 * sum(sizes), dtype=np.int64).reshape(-1, 2)
    ends = np.cumsum(sizes, dtype=np.int64)
    portions = [memoryview(rows[end - size : end].astype(">i8").tobytes()) for size, end in zip(sizes, ends.tolist(), strict=True)]
    assert np.array_equal(columns_of(portions, 2), rows.T)
