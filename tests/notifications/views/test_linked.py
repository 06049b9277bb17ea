"""Linked people on the patient's page, and the list of whom to ask at the next visit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from pathways.models import Rollout
from patients import authority, contacts
from patients.models import Authority, Patient, Permission, Person, Role, Site, User
from tests.browser.morning import Morning
from tests.people import ana, nurse, registered, stated

__all__ = ["ana"]

Enter = Callable[[User], Client]


@pytest.fixture
def child(north: Site) -> Patient:
    now = timezone.now()
    return registered(stated("2001", "Smith", "Liam", (now - timedelta(days=4)).date()), site=north, now=now)


@pytest.fixture
def desk(signed_in: Enter, dara: User) -> Client:
    return signed_in(dara)


SARAH = {"given": "Sarah", "family": "Smith", "basis": "parent", "number": "617 555 0111", "language": "es"}


def page(desk: Client, patient: Patient) -> str:
    return desk.get(f"/patients/{patient.uid}/").content.decode()


def link(desk: Client, child: Patient, **more: str) -> Authority:
    answer = desk.post(f"/patients/{child.uid}/people/", SARAH | more)
    assert answer.status_code == 302, answer.content.decode()
    return Authority.objects.latest("pk")


def change(desk: Client, held: Authority, does: str, **more: str) -> int:
    return desk.post(f"/patients/{held.patient.uid}/people/change/", {"link": held.pk, "does": does, **more}).status_code


def test_a_nurse_links_the_mother_who_then_agrees_to_texts(desk: Client, child: Patient) -> None:
    assert "Nobody may be told of this child yet" in page(desk, child)
    held = link(desk, child)
    assert (held.by, held.person.language, held.basis) == (User.objects.get(username="dara"), "es", "parent")
    shown = page(desk, child)
    assert "Smith, Sarah" in shown
    assert "Spanish" in shown
    assert "not asked" in shown
    assert change(desk, held, "agrees") == 302
    assert "agreed to texts" in page(desk, child)
    assert Permission.objects.get().person == held.person
    assert change(desk, held, "refuses") == 302
    assert "said no" in page(desk, child)


def test_a_limit_a_lifting_and_an_end_are_acts_of_a_named_person(desk: Client, child: Patient) -> None:
    held = link(desk, child)
    assert change(desk, held, "limit", words="court order of March") == 302
    assert "court order of March" in page(desk, child)
    assert contacts.recipients(child, on=timezone.now().date()) == []
    change(desk, held, "lift")
    assert len(contacts.recipients(child, on=timezone.now().date())) == 1
    assert change(desk, held, "end", because="custody") == 302
    held.refresh_from_db()
    assert (held.ended_because, held.by) == ("custody", User.objects.get(username="dara"))


@pytest.mark.parametrize(("does", "missing"), [("limit", {"words": ""}), ("end", {"because": ""})])
def test_a_limit_and_an_end_say_why(desk: Client, child: Patient, does: str, missing: dict[str, str]) -> None:
    assert change(desk, link(desk, child), does, **missing) == 422


def test_what_makes_no_sense_is_refused_in_words(desk: Client, child: Patient, ana: Patient) -> None:
    answer = desk.post(f"/patients/{ana.uid}/people/", SARAH)
    assert answer.status_code == 422
    assert "health-care proxy" in answer.content.decode()
    answer = desk.post(f"/patients/{child.uid}/people/", SARAH | {"number": "12"})
    assert "no phone number that a text can reach" in answer.content.decode()
    assert not Person.objects.filter(given="Sarah").exists()


def test_the_mothers_own_page_names_the_child(desk: Client, child: Patient, ana: Patient) -> None:
    authority.grant(person=ana.person, patient=child, basis="parent", now=timezone.now())
    shown = page(desk, ana)
    assert "Speaks for" in shown
    assert "Smith, Liam" in shown


def test_a_link_of_another_patient_does_not_exist_here(desk: Client, child: Patient, ana: Patient) -> None:
    held = link(desk, child)
    assert desk.post(f"/patients/{ana.uid}/people/change/", {"link": held.pk, "does": "end", "because": "error"}).status_code == 404


def test_a_pharmacist_sees_and_changes_nothing(signed_in: Enter, north: Site, child: Patient) -> None:
    desk = signed_in(nurse("phil", north, role=Role.PHARMACIST))
    assert "Link a person" not in page(desk, child)
    assert desk.post(f"/patients/{child.uid}/people/", SARAH).status_code == 403


def test_whom_to_ask_at_the_next_visit(desk: Client, today: Morning, north: Site) -> None:
    """Everybody on a live programme whom no text can reach; who can be reached is not on the list."""
    about = str(today.journey.patient.person)
    assert about not in desk.get("/queue/ask/").content.decode()
    Permission.objects.filter(patient=today.journey.patient).delete()
    shown = desk.get("/queue/ask/").content.decode()
    assert about in shown
    assert "not asked yet" in shown
    Rollout.objects.filter(site=north).update(mode="staff")
    assert about not in desk.get("/queue/ask/").content.decode()
