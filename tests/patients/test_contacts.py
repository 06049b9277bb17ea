"""How people are reached, and who may be told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from patients import codes, consent, contacts
from patients.contacts import Unreachable
from patients.models import Authority, ContactPoint, Patient, Person, Phone, Site
from tests.people import ANAS_PHONE, phone_of, registered, stated

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("(617) 555-0101", "+16175550101"),
        ("+1 617.555.0101", "+16175550101"),
        ("+44 20 7946 0018", "+442079460018"),
        ("617-555-0101 x33", ""),
        ("555-0101", ""),
        ("12345", ""),
        ("911", ""),
        ("ask at desk", ""),
        ("", ""),
    ],
)
def test_only_what_can_be_dialled_as_it_stands_is_a_number(typed: str, e164: str) -> None:
    assert codes.phone(typed) == e164


def test_a_number_is_written_as_people_at_home_write_it() -> None:
    assert codes.readable("+16175550200") == "(617) 555-0200"
    assert codes.readable("+34612345678") == "+34 612 34 56 78"


def test_the_zone_is_the_area_codes_else_the_sites_if_that_is_possible_else_nobody_knows() -> None:
    assert codes.phone_zone("+13125550123", "America/New_York") == "America/Chicago"
    assert codes.phone_zone("+18005550123", "America/New_York") == "America/New_York"
    assert codes.phone_zone("+18005550123", "Europe/Paris") == ""


def test_a_number_that_reaches_nobody_is_refused_in_words(chen: Patient, now: datetime) -> None:
    with pytest.raises(Unreachable, match="area code"):
        contacts.add(person=chen.person, number="555-0101", now=now)


def test_a_replaced_number_is_never_tried_again(ana: Patient, now: datetime) -> None:
    old = phone_of(ana)
    point = contacts.replace(person=ana.person, old=old, number="617-555-0177", now=now)
    assert contacts.best_phone(ana.person) == point.phone
    assert ContactPoint.objects.get(phone=old).until == now


def test_a_proved_number_comes_before_the_lower_rank_and_the_newest_among_equals(ana: Patient, now: datetime) -> None:
    first = phone_of(ana)
    second = contacts.add(person=ana.person, number="617-555-0178", now=now + timedelta(days=1), rank=1).phone
    third = contacts.add(person=ana.person, number="617-555-0179", now=now, rank=3).phone
    assert second is not None
    assert third is not None
    assert contacts.best_phone(ana.person) == second
    contacts.verify(person=ana.person, phone=third, now=now)
    assert contacts.best_phone(ana.person) == third
    contacts.mark_bad(phone=third, reason="landline", now=now)
    contacts.mark_bad(phone=second, reason="unknown", now=now)
    assert contacts.best_phone(ana.person) == first
    consent.stop(phone=first, now=now, evidence=consent.Evidence("reply"))
    assert contacts.best_phone(ana.person) is None
    contacts.clear_bad(phone=second)
    assert contacts.best_phone(ana.person) == second


def test_one_number_is_one_row_however_many_use_it(ana: Patient, chen: Patient, now: datetime) -> None:
    contacts.add(person=chen.person, number=ANAS_PHONE, now=now)
    assert Phone.objects.count() == 1
    assert set(consent.users_of(Phone.objects.get())) == {ana.person_id, chen.person_id}


class TestRecipients:
    @pytest.fixture
    def child(self, north: Site, now: datetime) -> Patient:
        return registered(stated("2001", "Alvarez", "Kid", date(2010, 3, 12)), site=north, now=now)

    @pytest.fixture
    def parent(self, ana: Patient, child: Patient, now: datetime) -> Authority:
        return Authority.objects.create(person=ana.person, patient=child, basis="parent", since=now - timedelta(days=1))

    def told(self, patient: Patient, on: date) -> list[tuple[int, str]]:
        return [(each.person_id, each.basis) for each in contacts.recipients(patient, on=on)]

    def test_an_adult_speaks_for_themselves(self, ana: Patient, now: datetime) -> None:
        assert self.told(ana, now.date()) == [(ana.person_id, "self")]

    def test_a_parent_until_the_eighteenth_birthday(self, child: Patient, parent: Authority) -> None:
        assert self.told(child, date(2028, 3, 11)) == [(parent.person_id, "parent")]
        assert self.told(child, date(2028, 3, 12)) == [(child.person_id, "self")]

    def test_nobody_without_authority_or_after_it_ended_or_where_it_has_limits(self, child: Patient, parent: Authority) -> None:
        assert self.told(child, date(2026, 1, 1)) == []
        Authority.objects.update(until=datetime(2026, 6, 1, tzinfo=UTC))
        assert self.told(child, date(2026, 7, 1)) == []
        Authority.objects.update(until=None, limits="custody: ask first")
        assert self.told(child, date(2026, 7, 1)) == []

    def test_nobody_where_the_birth_date_is_unknown(self, child: Patient, parent: Authority, now: datetime) -> None:
        Person.objects.filter(pk=child.person_id).update(birth_lo=None, birth_hi=None)
        assert self.told(Patient.objects.get(pk=child.pk), now.date()) == []

    def test_of_a_partial_date_the_youngest_age_counts(self, child: Patient, parent: Authority) -> None:
        Person.objects.filter(pk=child.person_id).update(birth_lo=date(2010, 1, 1), birth_hi=date(2010, 12, 31))
        child = Patient.objects.get(pk=child.pk)
        assert self.told(child, date(2028, 6, 1)) == [(parent.person_id, "parent")]
        assert self.told(child, date(2028, 12, 31)) == [(child.person_id, "self")]

    def test_a_birthday_on_leap_day_is_on_the_first_of_march(self, child: Patient) -> None:
        Person.objects.filter(pk=child.person_id).update(birth_lo=date(2008, 2, 29), birth_hi=date(2008, 2, 29))
        assert not contacts.is_adult(Person.objects.get(pk=child.person_id), date(2026, 2, 28))
        assert contacts.is_adult(Person.objects.get(pk=child.person_id), date(2026, 3, 1))
