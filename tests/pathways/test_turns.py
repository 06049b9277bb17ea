"""Schedules speak when their time comes, each journey by itself: one that fails delays nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from pathways import journeys
from pathways.definitions import registry
from pathways.definitions.publish import CATALOG, publish
from pathways.facts import Fact
from pathways.journeys import Received
from pathways.models import Event, Rollout, Turn
from pathways.turns import take_turns
from patients import staff
from patients.models import Patient, PatientSite, Person, Site
from tests.pathways.said import fact

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def site() -> Iterator[Site]:
    registry.clear()
    publish(path=CATALOG / "mrd-surveillance.yaml", by=None, now=MONDAY)
    site = Site.objects.create(code="north", name="North")
    Rollout.objects.create(
        site=site, pathway="mrd-surveillance", mode="live", texts_from=MONDAY, default_accountable=staff.add(username="fay")
    )
    yield site
    registry.clear()


def operated(site: Site, family: str) -> Patient:
    person = Person.objects.create(given="Ana", family=family, birth_lo="1960-01-01", birth_hi="1960-01-01")
    patient = Patient.objects.create(person=person, registered_at=MONDAY)
    PatientSite.objects.create(patient=patient, site=site, since=MONDAY)
    tell(
        site,
        patient,
        fact("surgery_done", MONDAY, family, body={"text": "sigmoid colectomy"}),
        fact("test_ordered", MONDAY + DAY, family, family="order", body={"text": "Minimal residual disease, ctDNA"}),
    )
    return patient


def tell(site: Site, patient: Patient, *facts: Fact, now: datetime = MONDAY + 2 * DAY) -> None:
    with transaction.atomic():
        journeys.receive([Received(patient.pk, facts, site.pk)], now=now)


def missed(patient: Patient) -> int:
    return Event.objects.filter(patient=patient, kind="occurrence_missed").count()


def test_the_next_turn_is_known_before_it_comes_and_costs_nothing_until_then(site: Site, django_assert_num_queries: Any) -> None:
    patient = operated(site, "A")
    assert Turn.objects.get(journey__patient=patient).at == datetime(2026, 5, 19, 4, tzinfo=UTC)
    with django_assert_num_queries(1):
        assert take_turns(now=MONDAY + 70 * DAY) == 0


def test_a_year_of_silence_is_told_at_once_and_only_once(site: Site) -> None:
    patient = operated(site, "A")
    assert take_turns(now=MONDAY + 365 * DAY) == 1
    assert missed(patient) == 3
    assert take_turns(now=MONDAY + 365 * DAY) == 0
    assert missed(patient) == 3


def test_one_that_fails_is_set_aside_and_the_others_are_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    poisoned, sound = operated(site, "A"), operated(site, "B")
    settle = journeys.settle

    def failing(patient_ids: list[int], *, now: datetime) -> None:
        if poisoned.pk in patient_ids:
            raise RuntimeError("bad row")
        settle(patient_ids, now=now)

    monkeypatch.setattr("pathways.turns.journeys.settle", failing)
    now = MONDAY + 120 * DAY
    take_turns(now=now)
    assert (missed(poisoned), missed(sound)) == (0, 1)
    row = Turn.objects.get(journey__patient=poisoned)
    assert (row.set_aside, row.at > now) == ("RuntimeError", True)
    monkeypatch.undo()
    take_turns(now=now + DAY)
    assert missed(poisoned) == 1
    assert Turn.objects.get(journey__patient=poisoned).set_aside == ""


def test_an_ended_journey_has_no_turns(site: Site) -> None:
    patient = operated(site, "A")
    tell(site, patient, fact("death", MONDAY + 5 * DAY, "patient", body={}), now=MONDAY + 6 * DAY)
    assert not Turn.objects.exists()
    assert take_turns(now=MONDAY + 400 * DAY) == 0
    assert missed(patient) == 0
