"""Reads without a task: who looked at a chart though nothing asked them to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications.models import WorkItem
from notifications.views import oversight
from pathways.models import CareTeam, Journey, Matter
from patients import access
from patients.models import Patient, Person, Role, Site, User
from tests.browser.morning import Morning
from tests.people import nurse

Enter = Callable[[User], Client]


def found(north: Site) -> set[tuple[str, int]]:
    now = timezone.now()
    reads = oversight.without_a_task([north.pk], since=now - timedelta(days=7), until=now + timedelta(hours=1))
    return {(read.reader.username, read.patient.pk) for read in reads}


def looks(user: User, patient: Patient, action: str = "view") -> None:
    access.saw(user=user, what="patient", patients=[patient.pk], now=timezone.now(), action=action)


@pytest.fixture
def nosy(north: Site) -> User:
    """A pharmacist, to whom nothing of the morning is addressed."""
    return nurse("nosy", north, role=Role.PHARMACIST)


def test_a_look_without_any_task_is_named(nosy: User, north: Site, today: Morning) -> None:
    looks(nosy, today.patient)
    assert found(north) == {("nosy", today.patient.pk)}


def test_whoever_has_a_task_is_not(dara: User, lena: User, north: Site, today: Morning) -> None:
    looks(dara, today.patient)
    looks(lena, today.patient)
    assert found(north) == set()


@pytest.mark.parametrize("task", ["owned item", "item for the role", "accountable", "care team", "a matter to decide"])
def test_each_kind_of_task_explains_a_look(nosy: User, north: Site, today: Morning, task: str) -> None:
    looks(nosy, today.patient)
    if task == "owned item":
        WorkItem.objects.filter(pk=today.critical.pk).update(owner=nosy)
    elif task == "item for the role":
        WorkItem.objects.filter(pk=today.critical.pk).update(also_for=["pharmacist"])
    elif task == "care team":
        CareTeam.objects.create(journey=today.journey, role="pharmacist", staff=nosy, since=timezone.now(), source="by hand")
    elif task == "accountable":
        Journey.objects.filter(pk=today.journey.pk).update(accountable=nosy)
    else:
        Matter.objects.filter(pk=today.candidate.pk).update(patient=today.patient)
    assert found(north) == set()


def test_a_task_that_ended_long_ago_explains_nothing(nosy: User, north: Site, today: Morning) -> None:
    long_ago = timezone.now() - timedelta(days=31)
    WorkItem.objects.filter(pk=today.critical.pk).update(owner=nosy, opened_at=long_ago - timedelta(days=9), closed_at=long_ago)
    looks(nosy, today.patient)
    assert found(north) == {("nosy", today.patient.pk)}


def test_lists_and_other_sites_patients_are_left_out(nosy: User, north: Site, south: Site, today: Morning) -> None:
    looks(nosy, today.patient, action="list")
    assert found(north) == set()
    looks(nosy, today.patient)
    assert found(south) == set()


def test_the_page_marks_a_relative_and_logs_its_own_reader(signed_in: Enter, nosy: User, lena: User, today: Morning) -> None:
    Person.objects.filter(patient=today.patient).update(family="example")
    looks(nosy, today.patient)
    page = signed_in(lena).get("/oversight/").content.decode()
    assert "same family name" in page


def test_unusually_many_charts_in_an_hour_are_named(nosy: User, north: Site, today: Morning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oversight, "BUSY", 1)
    for patient in Patient.objects.all()[:3]:
        looks(nosy, patient)
    now = timezone.now()
    [(reader, _, charts)] = oversight.busy([north.pk], now - timedelta(days=1), now + timedelta(hours=1))
    assert (reader, charts) == (nosy, 3)
