"""A newborn and those who speak for it: who is told, in which language, on whose yes, and what changes when one of them falls away."""

from __future__ import annotations

import pytest

from patients import authority, consent, contacts
from patients.models import Authority, Person, Phone

from .letters import HOSPITAL, Letter
from .nursery import NEWBORN, Child, child, opens
from .telling import Hospital

pytestmark = pytest.mark.django_db
MOTHER, FATHER = "+16175550111", "+16175550112"


def next_of_kin(n: int, family: str, given: str, relation: str, phone: str, language: str = "eng^English") -> str:
    return f"NK1|{n}|{family}^{given}|{relation}||^PRN^CP^^1^{phone[2:5]}^{phone[5:]}{'|' * 15}{language}"


def sarah(family: str = "Smith") -> str:
    return next_of_kin(1, family, "Sarah", "MTH^Mother^HL70063", MOTHER, "spa^Spanish")


def tom(family: str = "Smith") -> str:
    return next_of_kin(2, family, "Tom", "FTH^Father^HL70063", FATHER)


def nursery(hospital: Hospital) -> None:
    opens(hospital)
    hospital.feeds["ehr"].states_family = True
    hospital.feeds["ehr"].save()


def agrees(hospital: Hospital, name: str, *about: Child) -> None:
    """A parent agrees at the desk to texts about each of these children, on the number they have."""
    person = Person.objects.get(given=name)
    phone = contacts.best_phone(person)
    assert phone is not None
    for each in about:
        evidence = consent.Evidence("verbal", reference="at the desk")
        consent.grant(person=person, patient=hospital.patient(each), phone=phone, at=hospital.now, evidence=evidence, by=hospital.dara)


def needs_a_second_spot(hospital: Hospital, *children: Child) -> None:
    """Spots of the second day of life cannot be used; the families are at home."""
    hospital.at(1, 15)
    hospital.hears(*(letter for each in children for letter in (each.screen_ordered(), each.spot_taken())))
    hospital.at(3, 8)
    hospital.hears(*(each.screened(quality="Unsatisfactory, insufficient blood") for each in children))


def texts(hospital: Hospital, phone: str) -> list[str]:
    rows = hospital.post.ledger.rows("SELECT body FROM message WHERE recipient = ? AND direction LIKE 'outbound%' ORDER BY n", (phone,))
    return [str(row["body"]) for row in rows]


def test_the_mother_reads_spanish_and_the_father_who_agreed_to_nothing_reads_nothing(hospital: Hospital) -> None:
    """Sarah and Tom stand in the nursery's message. Sarah agreed to texts; the one about the second spot comes to her in Spanish, names no
    test, and ends when the spot was taken."""
    nursery(hospital)
    hospital.at(0)
    boy = child(hospital)
    hospital.hears(boy.born_here(sarah(), tom()))
    agrees(hospital, "Sarah", boy)
    needs_a_second_spot(hospital, boy)
    hospital.live_until(4)
    (text,) = texts(hospital, MOTHER)
    assert text.startswith("Hola Sarah, le escribe North Valley.")
    assert texts(hospital, FATHER) == []
    hospital.at(5)
    hospital.hears(boy.spot_taken("DBS2", "NBS2"))
    hospital.live_until(8)
    assert len(texts(hospital, MOTHER)) == 1


def test_twins_are_two_patients_and_their_mother_gets_one_text_for_both(hospital: Hospital) -> None:
    """Both spots were too little: two journeys, and one text that says it is about two; nothing more comes the next day."""
    nursery(hospital)
    hospital.at(0)
    one, other = child(hospital, "Baby A"), child(hospital, "Baby B")
    hospital.hears(one.born_here(sarah()), other.born_here(sarah()))
    assert hospital.patient(one) != hospital.patient(other)
    assert Person.objects.filter(given="Sarah").count() == 1
    agrees(hospital, "Sarah", one, other)
    needs_a_second_spot(hospital, one, other)
    hospital.live_until(4)
    (text,) = texts(hospital, MOTHER)
    hospital.live_until(5)
    assert texts(hospital, MOTHER) == [text]
    assert {hospital.where(each, NEWBORN)["repeat"] for each in (one, other)} == {"to_recollect"}


def test_baby_boy_smith_gets_his_name_and_a_number_of_his_own_and_stays_on_his_journey(hospital: Hospital) -> None:
    nursery(hospital)
    hospital.at(0)
    boy = child(hospital)
    hospital.hears(boy.born_here(sarah()))
    agrees(hospital, "Sarah", boy)
    journey = hospital.journey(boy, NEWBORN)
    hospital.at(1)
    liam = child(hospital, "Liam", "Jones", born=boy.born)
    hospital.hears(becomes(boy, liam, hospital))
    assert hospital.patient(boy).survivor == hospital.patient(liam)
    moved = hospital.journey(boy, NEWBORN)
    assert moved.pk == journey.pk
    hospital.at(1, 16)
    hospital.hears(liam.screen_ordered(), liam.spot_taken())
    hospital.at(3)
    hospital.hears(liam.screened())
    journey.refresh_from_db()
    assert (journey.status, journey.outcome) == ("completed", "in_range")
    assert [
        Person.objects.get(pk=each.person_id).given for each in contacts.recipients(hospital.patient(liam), on=hospital.now.date())
    ] == ["Sarah"]


def test_a_second_number_in_the_same_message_needs_no_merge(hospital: Hospital) -> None:
    """Some hospitals send both numbers: the nursery's and the new one. It is the same child, under another name."""
    nursery(hospital)
    hospital.at(0)
    boy = child(hospital)
    hospital.hears(boy.born_here(sarah()))
    hospital.at(1)
    liam = child(hospital, "Liam", "Jones", born=boy.born)
    both = liam.registered().body.replace(
        f"{liam.mrn}^^^{HOSPITAL}^MR".encode(), f"{boy.mrn}^^^{HOSPITAL}^MR~{liam.mrn}^^^{HOSPITAL}^MR".encode()
    )
    hospital.hears(Letter("ehr", both))
    assert hospital.patient(boy) == hospital.patient(liam)
    assert str(hospital.patient(liam)) == "Jones, Liam"
    assert len(hospital.journeys(liam)) == 1


def becomes(old: Child, new: Child, hospital: Hospital) -> Letter:
    """A40: the nursery's number is given up for the new one."""
    return new._hl7("ehr", "ADT^A40^ADT_A39", f"EVN|A40|{new._now()}", f"MRG|{old.mrn}^^^{HOSPITAL}^MR")


def test_when_the_mother_says_stop_the_father_is_texted_and_when_custody_is_limited_a_nurse_calls(hospital: Hospital) -> None:
    nursery(hospital)
    hospital.at(0)
    girl = child(hospital, "Baby Girl", "Stone")
    hospital.hears(girl.born_here(sarah("Stone"), tom("Stone")))
    agrees(hospital, "Sarah", girl)
    agrees(hospital, "Tom", girl)
    consent.stop(phone=Phone.objects.get(e164=MOTHER), now=hospital.now, evidence=consent.Evidence("reply"))
    needs_a_second_spot(hospital, girl)
    hospital.live_until(4)
    assert (len(texts(hospital, MOTHER)), len(texts(hospital, FATHER))) == (0, 1)

    boy = child(hospital, "Baby Boy", "Hill")
    hospital.at(5)
    hospital.hears(boy.born_here(next_of_kin(1, "Hill", "Rae", "MTH^Mother^HL70063", "+16175550113")))
    agrees(hospital, "Rae", boy)
    authority.limit(authority=Authority.objects.get(person__given="Rae"), words="court order of March", by=hospital.dara)
    hospital.at(6, 15)
    hospital.hears(boy.screen_ordered(), boy.spot_taken())
    hospital.at(7, 8)
    hospital.hears(boy.screened(quality="Unsatisfactory"))
    hospital.live_until(8)
    assert texts(hospital, "+16175550113") == []
    assert "no-second-spot" in hospital.asked(hospital.dara)


def test_a_feed_that_is_not_trusted_for_it_makes_nobody_a_parent(hospital: Hospital) -> None:
    opens(hospital)
    hospital.at(0)
    boy = child(hospital)
    hospital.hears(boy.born_here(sarah()))
    assert not Authority.objects.exists()
