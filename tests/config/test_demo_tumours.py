"""Patients with colorectal, breast and prostate cancer in the demo: their messages through the real intake, held against their truth."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from config.demo import compare, story, tumours
from config.demo.course import Course
from config.demo.people import people
from config.management.commands.doctor import examine
from pathways.models import Inbound, Journey
from tests.config.living import TODAY, Lived, lived_through

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.processes, pytest.mark.nightly]

DAYS, SEED = 60, 5
TUMOURS = (tumours.COLON, tumours.BREAST, tumours.PROSTATE)
FATES = ("matched", "matched", "not_ordered", "insufficient", "nothing_found", "nobody_acted")


def courses() -> list[Course]:
    everybody = iter(people(len(TUMOURS) * len(FATES), SEED, TODAY.date()))
    start = TODAY - timedelta(days=DAYS - 2)
    return [
        tumours.course(tumour, person, fate, random.Random(f"{tumour.code} {n}"), start + timedelta(days=n))
        for tumour in TUMOURS
        for n, (fate, person) in enumerate(zip(FATES, everybody, strict=False))
    ]


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with lived_through(courses(), seed=SEED, days=DAYS, blocker=django_db_blocker, folder=tmp_path_factory.mktemp("demo")) as told:
        yield told


def test_everybody_is_on_the_programme_of_their_tumour(lived: Lived) -> None:
    begun = [course.pathway for course in lived.courses if course.steps[0].at < TODAY - timedelta(days=4)]
    assert sorted(Journey.objects.values_list("pathway", flat=True)) == sorted(begun)
    assert not Inbound.objects.filter(outcome="quarantined").exists()


def test_nothing_that_must_hold_is_broken(lived: Lived) -> None:
    assert examine(now=TODAY) == []


def test_stalls_are_found_and_few_alarms_are_false(lived: Lived) -> None:
    met = compare.compare(lived.courses, today=TODAY, days=DAYS)
    assert met.true > 10
    assert met.missed <= met.true * 0.1
    assert met.false <= met.true * 0.2


def test_drugs_that_match_are_received_where_truth_says_so(lived: Lived) -> None:
    started = set(Journey.objects.filter(phase="started").values_list("pathway", flat=True))
    assert started == {tumour.pathway for tumour in TUMOURS}


def test_each_programme_has_its_share_of_the_whole_cohort() -> None:
    cohort = story.cohort(count=2000, days=548, seed=1, today=TODAY)
    assert [sum(course.pathway == tumour.pathway for course in cohort) for tumour in TUMOURS] == [16, 16, 16]
