"""The demo's children, lived by themselves: what the product noticed of them is what truly happened."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from config.demo import compare, nursery
from config.demo.course import Course
from config.demo.people import people
from config.management.commands.doctor import examine
from pathways.models import Inbound, Journey
from patients.models import Authority
from tests.config.living import TODAY, Lived, lived_through

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.processes, pytest.mark.nightly]
DAYS, SEED = 60, 5


def children() -> list[Course]:
    """One of each fate, born or flagged in the first two weeks."""
    dealt = [(nursery.screening, name) for name, _ in nursery.SCREEN_FATES] + [(nursery.genome, name) for name, _ in nursery.GENOME_FATES]
    dice = random.Random("children")
    first = TODAY - timedelta(days=DAYS - 1, hours=2, minutes=40)
    everybody = zip(people(len(dealt), SEED, TODAY.date()), dealt, strict=True)
    return [write(person, fate, dice, first + timedelta(days=n)) for n, (person, (write, fate)) in enumerate(everybody)]


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with lived_through(children(), seed=SEED, days=DAYS, blocker=django_db_blocker, folder=tmp_path_factory.mktemp("demo")) as told:
        yield told


def test_every_child_is_on_its_programme_and_ends_as_its_fate_says(lived: Lived) -> None:
    ends = {
        (journey.pathway, course.fate): journey.outcome or journey.exit_reason or journey.status
        for course in lived.courses
        for journey in Journey.objects.filter(pathway=course.pathway, patient__identifiers__value=course.person.mrn)
    }
    assert ends == {
        (nursery.SCREENING, "in_range"): "in_range",
        (nursery.SCREENING, "late_spot"): "in_range",
        (nursery.SCREENING, "second_spot"): "in_range",
        (nursery.SCREENING, "urgent"): "treated",
        (nursery.SCREENING, "positive"): "false_positive",
        (nursery.SCREENING, "refused"): "declined_test",
        (nursery.GENOME, "cause"): "cause_found",
        (nursery.GENOME, "no_cause"): "active",
        (nursery.GENOME, "no_trio"): "active",
        (nursery.GENOME, "untold"): "active",
        (nursery.GENOME, "died"): "told_after_death",
        (nursery.GENOME, "declined"): "declined_test",
    }


def test_all_true_stalls_are_found_and_none_besides(lived: Lived) -> None:
    met = compare.compare(lived.courses, today=TODAY, days=DAYS)
    assert met.true >= 4
    wrong = {stage: counts for stage, counts in met.by_stage.items() if counts[0] != counts[1] or counts[2]}
    assert (met.missed, met.false) == (0, 0), wrong


def test_nothing_waits_outside_and_nothing_is_broken(lived: Lived) -> None:
    assert not Inbound.objects.filter(outcome="quarantined").exists()
    assert Authority.objects.count() == len(lived.courses)
    assert examine(now=TODAY) == []
