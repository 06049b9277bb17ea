"""What a statement gives as columns is what it gives as rows, however the rows come; the latest of each group is the latest."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection

from pathways.reports import matched
from pathways.reports.columns import ALWAYS, NEVER, arrays, moment
from tests.pathways.reports.conftest import DAY_0

ROWS = "SELECT n, -n * n, CASE n %% 3 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' ELSE %(day)s::timestamptz END FROM generate_series(1, %(n)s::int8) n"


@pytest.mark.django_db
@pytest.mark.parametrize("n", [0, 1, 40])
def test_columns_are_what_the_statement_gives(n: int) -> None:
    given = {"day": DAY_0, "n": n}
    found = arrays(ROWS, given, "nnt")
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
