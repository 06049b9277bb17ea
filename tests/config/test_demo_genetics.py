"""The demo's genetics clinic, lived by itself: what the product noticed of its people is what truly happened."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from config.demo import compare, germline
from config.demo.course import Course
from config.demo.people import people
from config.management.commands.doctor import examine
from pathways.models import Inbound, Journey, JourneyLink
from tests.config.living import TODAY, Lived, lived_through

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.processes, pytest.mark.nightly]
DAYS, SEED = 150, 5


def clinic() -> list[Course]:
    """One of each fate, begun in the first weeks."""
    dealt = [(germline.family, name) for name, _ in germline.FAMILY_FATES] + [
        (germline.screened, name) for name, _ in germline.SCREEN_FATES
    ]
    dice = random.Random("clinic")
    first = TODAY - timedelta(days=DAYS - 1, hours=2, minutes=40)
    everybody = zip(people(len(dealt), SEED, TODAY.date()), dealt, strict=True)
    return [write(person, fate, dice, first + timedelta(days=n)) for n, (person, (write, fate)) in enumerate(everybody)]


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with lived_through(clinic(), seed=SEED, days=DAYS, blocker=django_db_blocker, folder=tmp_path_factory.mktemp("demo")) as told:
        yield told


def test_everybody_is_on_their_programme_and_ends_as_their_fate_says(lived: Lived) -> None:
    ends = {
        (journey.pathway, course.fate): journey.outcome or journey.exit_reason or journey.status
        for course in lived.courses
        for journey in Journey.objects.filter(patient__identifiers__value=course.person.mrn)
    }
    assert ends == {
        (germline.FAMILY, "not_referred"): "not_referred",
        (germline.FAMILY, "not_counselled"): "lost_to_follow_up",
        (germline.FAMILY, "nothing_found"): "negative",
        (germline.FAMILY, "uncertain"): "active",
        (germline.FAMILY, "told_late"): "managed",
        (germline.FAMILY, "managed"): "managed",
        (germline.SCREEN, "no_sample"): "lost_to_follow_up",
        (germline.SCREEN, "nothing_found"): "negative",
        (germline.SCREEN, "known_before"): "already_known",
        (germline.SCREEN, "not_reached"): "lost_to_follow_up",
        (germline.SCREEN, "managed"): "managed",
    }


def test_relatives_are_followed_under_pseudonyms(lived: Lived) -> None:
    links = JourneyLink.objects.select_related("linked__patient")
    assert {link.journey.pathway for link in links} == {germline.FAMILY, germline.SCREEN}
    assert all(link.linked.patient.pseudonym and link.said["contact"] == "allowed" for link in links)


def test_all_true_stalls_are_found_and_none_besides(lived: Lived) -> None:
    met = compare.compare(lived.courses, today=TODAY, days=DAYS)
    assert met.true >= 3
    wrong = {stage: counts for stage, counts in met.by_stage.items() if counts[0] != counts[1] or counts[2]}
    assert (met.missed, met.false) == (0, 0), wrong


def test_nothing_waits_outside_and_nothing_is_broken(lived: Lived) -> None:
    assert not Inbound.objects.filter(outcome="quarantined").exists()
    assert examine(now=TODAY) == []
