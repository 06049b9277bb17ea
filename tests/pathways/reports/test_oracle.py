"""Our estimators against lifelines: Kaplan-Meier exactly, Aalen-Johansen where no times tie (theirs moves ties apart at random).

lifelines brings pandas, scipy and matplotlib, some 150 MB that nobody needs to run the tests at home: it is in the `dev` group, and these
tests run wherever that is installed, which is what `make nightly` does. There they fail, not skip, when it is missing.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from pathways.reports.estimators import aalen_johansen, kaplan_meier, median

pytestmark = [pytest.mark.nightly, pytest.mark.filterwarnings("ignore")]


def cohort(seed: int, *, whole_days: bool) -> list[tuple[float, int, float]]:
    """(days, cause, entry) of sixty people, a third of them under observation late."""
    dice = random.Random(seed)
    rows = []
    for _ in range(60):
        days = dice.expovariate(1 / 20) + 0.01
        entry = days * dice.random() * 0.9 if dice.random() < 0.3 else 0.0
        if whole_days:
            days, entry = float(int(days) + 1), float(int(entry))
        rows.append((days, dice.choice([0, 1, 1, 2]), entry))
    return rows


@pytest.mark.parametrize("seed", range(20))
def test_kaplan_meier_with_ties_and_delayed_entry(seed: int) -> None:
    from lifelines import KaplanMeierFitter

    rows = cohort(seed, whole_days=True)
    days, happened, entries = [row[0] for row in rows], [row[1] == 1 for row in rows], [row[2] for row in rows]
    theirs = KaplanMeierFitter().fit(days, happened, entry=entries)
    ours = kaplan_meier(days, happened, entries)
    band = theirs.confidence_interval_
    for at, survival, low, high in zip(ours.times, ours.survival, ours.low, ours.high, strict=True):
        assert survival == pytest.approx(float(theirs.predict(at)), abs=1e-9)
        if 0 < survival < 1:
            assert (low, high) == pytest.approx((float(band.loc[at].iloc[0]), float(band.loc[at].iloc[1])), abs=1e-9)
    said: Any = theirs.median_survival_time_
    assert median(ours).value == (None if said == float("inf") else float(said))


@pytest.mark.parametrize("seed", range(20))
def test_aalen_johansen_where_nothing_ties(seed: int) -> None:
    from lifelines import AalenJohansenFitter

    rows = cohort(seed, whole_days=False)
    days, causes = [row[0] for row in rows], [row[1] for row in rows]
    theirs = AalenJohansenFitter(calculate_variance=True).fit(days, causes, event_of_interest=1)
    ours = aalen_johansen(days, causes)
    for i, at in enumerate(ours.times):
        assert ours.by_cause[1][i] == pytest.approx(float(theirs.cumulative_density_.loc[at].iloc[0]), abs=1e-9)
