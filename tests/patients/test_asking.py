"""Whom to ask at the next visit, and what."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from patients import asking, authority, consent, contacts
from patients.models import Patient, Person, Phone, Site
from tests.people import FORM, registered, stated


def asked(*patients: Patient, on: date) -> dict[str, tuple[str, list[str]]]:
    found = asking.questions([patient.pk for patient in patients], on=on)
    return {each.patient.person.given: (each.why, [one.given for one in each.whom]) for each in found}


def a_child(site: Site, now: datetime, born: date, given: str = "Kid") -> Patient:
    return registered(stated("2001", "Alvarez", given, born), site=site, now=now)


def test_who_was_never_asked_is_asked_and_who_said_no_is_not(chen: Patient, ana: Patient, now: datetime) -> None:
    consent.revoke(person=ana.person, patient=ana, at=now, evidence=FORM)
    assert asked(chen, ana, on=date(2026, 3, 10)) == {"Wei": ("no number that works", ["Wei"])}


def test_of_a_child_its_parents_are_asked_once_it_is_known_who_they_are(north: Site, ana: Patient, now: datetime) -> None:
    child = a_child(north, now, date(2026, 1, 5))
    assert asked(child, on=date(2026, 3, 10)) == {"Kid": ("nobody may be told yet", [])}
    held = authority.grant(person=ana.person, patient=child, basis="parent", now=now)
    on = contacts.birthday(date(2026, 1, 5), 1)
    assert asked(child, on=on) == {"Kid": ("not asked yet", ["Ana"])}
    authority.limit(authority=held, words="court order", by=None)
    assert asked(child, on=on) == {"Kid": ("custody or court limit: who may be told?", [])}


@pytest.mark.parametrize(("age", "again"), [(12, False), (13, True), (14, True)])
def test_a_yes_from_before_the_thirteenth_birthday_is_asked_for_anew(
    north: Site, ana: Patient, now: datetime, age: int, again: bool
) -> None:
    born = date(2014, 6, 1)
    child = a_child(north, now, born)
    authority.grant(person=ana.person, patient=child, basis="parent", now=now)
    consent.grant(person=ana.person, patient=child, phone=Phone.objects.get(), at=now, evidence=FORM)
    why, whom = asked(child, on=contacts.birthday(born, age) + timedelta(days=1))["Kid"]
    assert (why == "agreed before a birthday that counts: ask anew") is again
    assert whom == ["Ana"]


def test_an_unknown_birth_date_is_a_question_of_its_own(chen: Patient) -> None:
    Person.objects.filter(pk=chen.person_id).update(birth_lo=None, birth_hi=None)
    assert asked(Patient.objects.get(pk=chen.pk), on=date(2026, 3, 10)) == {"Wei": ("birth date unknown: is this a child?", [])}
