"""Who may be told of a child: what staff decide, what a trusted feed says, and which of the two holds."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.apps import apps

from patients import authority, consent, contacts, registry
from patients.authority import Refused
from patients.consent import Evidence, Heard
from patients.demographics import StatedIdentifier, StatedKin
from patients.models import Authority, ConsentEntry, ContactPoint, Patient, Permission, Person, Site, User
from tests.people import ANAS_PHONE, HOSPITAL, registered, stated

MOTHER = StatedKin("parent", "mother", family="Smith", given="Sarah", language="es", phones=("+16175550111",))
FATHER = StatedKin("parent", "father", family="Smith", given="Tom", phones=("+16175550112",))


@pytest.fixture
def child(north: Site, now: datetime) -> Patient:
    born = now.date() - timedelta(days=3)
    return registered(stated("2001", "Smith", "Baby Boy", born, phones=("+16175550111",)), site=north, now=now)


def hear(child: Patient, *kin: StatedKin, now: datetime) -> int:
    return authority.hear([(child.pk, kin)], now=now, source="ehr")


def told(patient: Patient, on: date) -> list[str]:
    return [Person.objects.get(pk=each.person_id).given for each in contacts.recipients(patient, on=on)]


class TestAFeedThatIsTrusted:
    def test_names_the_parents_with_their_languages_and_numbers(self, child: Patient, now: datetime) -> None:
        assert hear(child, MOTHER, FATHER, now=now) == 2
        assert told(child, now.date()) == ["Sarah", "Tom"]
        sarah = Person.objects.get(given="Sarah")
        assert (sarah.language, [point.phone.e164 for point in sarah.contact_points.all() if point.phone]) == ("es", ["+16175550111"])

    def test_says_it_again_and_nothing_changes_but_the_number(self, child: Patient, now: datetime) -> None:
        hear(child, MOTHER, now=now)
        moved = StatedKin("parent", "mother", family="Smith", given="Sarah", phones=("+16175550113",))
        assert hear(child, moved, now=now + timedelta(days=1)) == 0
        assert Person.objects.filter(given="Sarah").count() == 1
        current = ContactPoint.objects.filter(person__given="Sarah", until=None)
        assert [point.phone.e164 for point in current if point.phone] == ["+16175550113"]

    def test_never_revives_what_a_person_ended(self, child: Patient, dara: User, now: datetime) -> None:
        hear(child, MOTHER, now=now)
        assert authority.end(authority=Authority.objects.get(), because="custody went to the father", now=now, by=dara)
        assert hear(child, MOTHER, now=now + timedelta(days=1)) == 0
        assert told(child, now.date() + timedelta(days=1)) == []

    def test_never_lifts_a_limit(self, child: Patient, dara: User, now: datetime) -> None:
        hear(child, FATHER, now=now)
        authority.limit(authority=Authority.objects.get(), words="court order: no contact", by=dara)
        hear(child, FATHER, now=now + timedelta(days=1))
        assert told(child, now.date()) == []
        authority.lift(authority=Authority.objects.get(), by=dara)
        assert told(child, now.date()) == ["Tom"]

    def test_knows_the_mother_who_is_a_patient_here_by_her_number(self, ana: Patient, child: Patient, now: datetime) -> None:
        hear(child, StatedKin("parent", "mother", (StatedIdentifier(HOSPITAL, "1001"),)), now=now)
        assert Authority.objects.get().person_id == ana.person_id

    def test_knows_the_mother_of_twins_by_name_and_number_and_makes_her_once(self, child: Patient, north: Site, now: datetime) -> None:
        other = registered(stated("2002", "Smith", "Baby Girl", child.person.birth_lo, phones=("+16175550111",)), site=north, now=now)
        hear(child, MOTHER, now=now)
        hear(other, MOTHER, now=now)
        assert Person.objects.filter(given="Sarah").count() == 1
        assert Authority.objects.count() == 2

    def test_a_namesake_on_another_number_is_another_person(self, child: Patient, north: Site, now: datetime) -> None:
        other = registered(stated("2003", "Smith", "Lea", child.person.birth_lo), site=north, now=now)
        hear(child, MOTHER, now=now)
        hear(other, StatedKin("parent", "mother", family="Smith", given="Sarah", phones=("+16175550199",)), now=now)
        assert Person.objects.filter(given="Sarah").count() == 2

    def test_an_adults_next_of_kin_speaks_for_nobody(self, ana: Patient, now: datetime) -> None:
        assert hear(ana, MOTHER, now=now) == 0

    def test_where_the_birth_date_is_unknown_nobody_is_named(self, child: Patient, now: datetime) -> None:
        Person.objects.filter(pk=child.person_id).update(birth_lo=None, birth_hi=None)
        assert hear(child, MOTHER, now=now) == 0

    def test_a_number_alone_that_nobody_knows_names_nobody(self, child: Patient, now: datetime) -> None:
        assert hear(child, StatedKin("parent", "mother", (StatedIdentifier(HOSPITAL, "9999"),)), now=now) == 0


class TestWhatStaffDecide:
    def test_a_grant_twice_is_one_and_history_keeps_what_was(self, ana: Patient, child: Patient, dara: User, now: datetime) -> None:
        first = authority.grant(person=ana.person, patient=child, basis="parent", now=now, by=dara)
        again = authority.grant(person=ana.person, patient=child, basis="guardian", now=now, by=dara)
        assert first.pk == again.pk
        assert apps.get_model("patients", "AuthorityHistory").objects.get(id=again.pk).basis == "parent"

    def test_nobody_speaks_for_themselves_and_no_parent_for_an_adult(self, ana: Patient, ben: Patient, now: datetime) -> None:
        with pytest.raises(Refused, match="themselves"):
            authority.grant(person=ana.person, patient=ana, basis="proxy", now=now)
        with pytest.raises(Refused, match="adult"):
            authority.grant(person=ben.person, patient=ana, basis="parent", now=now)

    def test_an_end_that_lies_ahead_holds_until_then(self, ana: Patient, child: Patient, now: datetime) -> None:
        authority.grant(person=ana.person, patient=child, basis="guardian", now=now, until=now + timedelta(days=30))
        assert told(child, now.date()) == ["Ana"]
        assert told(child, now.date() + timedelta(days=31)) == []

    def test_a_parent_who_died_speaks_for_none_of_the_children(self, child: Patient, now: datetime) -> None:
        hear(child, MOTHER, FATHER, now=now)
        assert authority.died(person=Person.objects.get(given="Sarah"), now=now) == 1
        assert told(child, now.date() + timedelta(days=1)) == ["Tom"]
        assert Authority.objects.get(person__given="Sarah").ended_because == "died"

    def test_a_mother_who_died_as_a_patient_here_is_told_nothing(self, ana: Patient, child: Patient, now: datetime) -> None:
        authority.grant(person=ana.person, patient=child, basis="parent", now=now)
        registry.record_death(patient_id=ana.pk, lo=now, hi=now, source="ehr")
        assert told(child, now.date()) == []


class TestWhoseConsent:
    def heard(self, child: Patient, decision: str, now: datetime) -> list[Permission]:
        consent.record_all([Heard(child.pk, decision, now)], evidence=Evidence("feed"))
        return list(Permission.objects.filter(patient=child))

    def test_of_a_child_it_is_the_only_parents(self, child: Patient, now: datetime) -> None:
        hear(child, MOTHER, now=now)
        (permission,) = self.heard(child, "granted", now)
        assert (permission.person.given, permission.phone.e164) == ("Sarah", "+16175550111")

    def test_of_two_parents_nobody_can_say_who_agreed_but_a_no_is_both(self, child: Patient, now: datetime) -> None:
        hear(child, MOTHER, FATHER, now=now)
        assert self.heard(child, "granted", now) == []
        assert ConsentEntry.objects.get().person is None
        assert {each.person.given for each in self.heard(child, "revoked", now)} == {"Sarah", "Tom"}

    def test_an_adults_is_their_own(self, ana: Patient, now: datetime) -> None:
        consent.record_all([Heard(ana.pk, "revoked", now)], evidence=Evidence("feed"))
        assert Permission.objects.get(patient=ana).person == ana.person


def test_a_new_number_keeps_the_parents(child: Patient, north: Site, now: datetime) -> None:
    """The nursery's record is merged into the one under the child's own name."""
    hear(child, MOTHER, FATHER, now=now)
    authority.limit(authority=Authority.objects.get(person__given="Tom"), words="custody", by=None)
    named = registered(stated("3001", "Smith", "Liam", child.person.birth_lo), site=north, now=now)
    registry.merge(loser_id=child.pk, survivor_id=named.pk, at=now, source="ehr", now=now)
    assert told(named, now.date()) == ["Sarah"]
    assert [each.limits for each in authority.in_force([named.pk], on=now.date())[named.pk]] == ["", "custody"]


def test_the_shared_phone_of_a_family_is_known(ana: Patient, child: Patient, now: datetime) -> None:
    kin = StatedKin("parent", "mother", family="Alvarez", given="Ana", phones=(ANAS_PHONE,))
    hear(child, kin, now=now)
    assert Authority.objects.get().person_id == ana.person_id
    assert Authority.objects.get().since == now
