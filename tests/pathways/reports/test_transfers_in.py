"""A journey whose home moved: the new home saw nothing before, and so it enters that home's figures late, and nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pathways.models import JourneySite
from pathways.reports.cohort import Question, cohort
from pathways.reports.estimators import kaplan_meier
from pathways.reports.passages import between
from patients.models import Site

from .conftest import DAY_0, Ward


@pytest.fixture
def south(ward: Ward) -> Site:
    """Five of the south's own, ordered on day 10, 20 ... 50, and one whom the north handed over on day 30, ordered on day 40."""
    here = Site.objects.create(code="south", name="South Lake Clinic")
    for day in (10, 20, 30, 40, 50):
        ward.journey(0, day, home_site=here)
    moved = ward.journey(0, 40, home_site=here, under_observation_from=DAY_0 + timedelta(days=30))
    JourneySite.objects.create(journey=moved, site=ward.site, since=DAY_0 + timedelta(days=30))
    return here


def at_risk(question: Question) -> list[float]:
    """How many waited for the order just before day 10, 20, 30, 40, 50."""
    timed = between(cohort(question), 0, 1)
    return [float(n) for n in kaplan_meier(timed.days, timed.cause == 1, timed.entry).at_risk]


def test_the_new_home_counts_it_from_the_hand_over(ward: Ward, south: Site) -> None:
    assert at_risk(ward.ask(sites=[south.pk])) == [5, 4, 3, 3, 1]


def test_whoever_asks_both_homes_or_all_saw_it_from_the_start(ward: Ward, south: Site) -> None:
    asked: list[dict[str, Any]] = [{}, {"sites": [south.pk, ward.site.pk]}]
    assert [at_risk(ward.ask(**more)) for more in asked] == [[6, 5, 4, 3, 1]] * 2


def test_apart_by_site_each_stands_for_itself(ward: Ward, south: Site) -> None:
    found = cohort(ward.ask(by="site")).strata()[south.name]
    timed = between(found, 0, 1)
    assert kaplan_meier(timed.days, timed.cause == 1, timed.entry).at_risk.tolist() == [5, 4, 3, 3, 1]


def test_what_happened_before_the_hand_over_is_not_the_new_homes(ward: Ward, south: Site) -> None:
    ward.journey(0, 5, home_site=south, under_observation_from=DAY_0 + timedelta(days=30))
    timed = between(cohort(ward.ask(sites=[south.pk])), 0, 1)
    assert (~timed.seen).sum() == 1
    assert at_risk(ward.ask(sites=[south.pk])) == [5, 4, 3, 3, 1]
