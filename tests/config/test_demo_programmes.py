"""The smaller programmes of the demo, lived through by a few people each: what was noticed against what truly happened."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.demo import compare, run, story
from config.demo.course import Course
from config.demo.people import people
from config.management.commands.doctor import examine
from pathways.models import Event, Inbound, Journey
from tests.config.living import Lived, lived_through

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.processes, pytest.mark.nightly]
EACH, DAYS, SEED = 8, 250, 5
TODAY = datetime(2026, 6, 10, run.TICK_HOUR, tzinfo=UTC)


def courses() -> list[Course]:
    everybody = iter(people(EACH * len(story.SMALL), SEED, TODAY.date()))
    found = []
    for fates, write in story.SMALL:
        names = [name for name, share in fates for _ in range(share)]
        for n in range(EACH):
            dice = random.Random(f"{SEED} {n}")
            person, start = next(everybody), TODAY - timedelta(days=DAYS - 2 - 3 * n)
            found.append(write(person, names[n * len(names) // EACH], dice, start))
    return sorted(found, key=lambda course: course.steps[0].at)


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with lived_through(
        courses(), seed=SEED, days=DAYS, blocker=django_db_blocker, folder=tmp_path_factory.mktemp("demo"), today=TODAY
    ) as told:
        yield told


def test_everybody_is_on_the_programme_of_their_story_and_nothing_is_broken(lived: Lived) -> None:
    assert examine(now=TODAY) == []
    assert not Inbound.objects.filter(outcome="quarantined")
    there = Counter(Journey.objects.values_list("pathway", flat=True))
    assert {course.pathway for course in lived.courses} <= set(there)
    for pathway in {course.pathway for course in lived.courses}:
        assert there[pathway] == sum(course.pathway == pathway for course in lived.courses), there


def test_stalls_are_found_and_few_alarms_are_false(lived: Lived) -> None:
    met = compare.compare(lived.courses, today=TODAY, days=DAYS)
    assert met.true > 5, met
    assert met.missed <= max(2, met.true * 0.15), met
    assert met.false <= max(3, met.true * 0.2), met


def test_draws_are_due_and_some_are_missed_and_nothing_from_outside_flags(lived: Lived) -> None:
    kinds = Counter(Event.objects.values_list("kind", flat=True))
    assert kinds["occurrence_due"] > kinds["occurrence_missed"] > 0
    assert kinds["interaction_flagged"] > 0
    assert kinds["external_result"] == EACH
    outside = [course.person.mrn for course in lived.courses if course.pathway == "external-result"]
    flagged = Event.objects.filter(patient__identifiers__value__in=outside, kind__in=["flagged_actionable", "interaction_flagged"])
    assert not flagged
