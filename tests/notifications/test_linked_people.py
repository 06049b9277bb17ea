"""Who is texted about whom: parents until a child is of age, each in their own language, on their own consent, and nobody who may not."""

from __future__ import annotations

import re
from datetime import date

import pytest

from notifications import outbox
from notifications.models import Message, SendSlot, WorkItem
from notifications.plan import plan
from patients import authority, consent, registry
from patients.contactable import contactable
from patients.models import Authority, ContactPoint, Patient, Permission, Person, Phone, Site
from tests.notifications.world import DAY, NOON, World

BORN = date(2026, 3, 1)


@pytest.fixture
def child(world: World) -> Patient:
    return world.patient("Baby", born=BORN, phone=False)


@pytest.fixture
def mother(world: World, child: Patient) -> Person:
    return world.parent(child, "Maria")


def texts() -> dict[str, str]:
    """Given names of those who were texted, with what they read."""
    return {message.recipient.given: message.body for message in Message.objects.exclude(body="") if message.recipient}


def fates() -> dict[str, tuple[str, str]]:
    return {message.recipient.given: (message.state, message.reason) for message in Message.objects.all() if message.recipient}


def test_both_parents_are_texted_once_each_in_their_own_language(world: World, child: Patient, mother: Person) -> None:
    Person.objects.filter(pk=mother.pk).update(language="es")
    world.parent(child, "Paul")
    world.text_alert(child)
    plan(now=NOON)
    outbox.claim(now=NOON)
    said = texts()
    assert set(said) == {"Maria", "Paul"}
    assert said["Maria"].startswith("Hola Maria")
    assert said["Paul"].startswith("Hello Paul")
    assert SendSlot.objects.count() == 2


def test_a_consent_is_its_givers_alone(world: World, child: Patient, mother: Person) -> None:
    father = world.parent(child, "Paul")
    Permission.objects.filter(person=father).delete()
    world.text_alert(child)
    plan(now=NOON)
    outbox.claim(now=NOON)
    assert set(texts()) == {"Maria"}
    assert fates()["Paul"] == ("withdrawn", "no permission")


@pytest.mark.parametrize("how", ["ended", "limited"])
def test_whose_authority_ended_or_was_limited_after_the_plan_gets_nothing(world: World, child: Patient, mother: Person, how: str) -> None:
    world.text_alert(child)
    plan(now=NOON)
    held = Authority.objects.get()
    if how == "ended":
        authority.end(authority=held, because="custody", now=NOON, by=world.dara)
    else:
        authority.limit(authority=held, words="court order", by=world.dara)
    outbox.claim(now=NOON)
    assert fates() == {"Maria": ("withdrawn", "may not be told")}


def test_with_nobody_who_may_be_told_a_person_calls(world: World, child: Patient, mother: Person) -> None:
    authority.limit(authority=Authority.objects.get(), words="court order", by=world.dara)
    world.text_alert(child)
    plan(now=NOON)
    assert not Message.objects.exists()
    assert WorkItem.objects.get().audience == "navigator"


def test_a_mother_who_dies_is_texted_no_more_and_the_family_is_called(world: World, child: Patient) -> None:
    maria = world.patient("Maria", born=date(1995, 1, 1))
    authority.grant(person=maria.person, patient=child, basis="parent", now=NOON - DAY)
    world.text_alert(child)
    plan(now=NOON)
    registry.record_death(patient_id=maria.pk, lo=NOON, hi=NOON, source="ehr")
    outbox.claim(now=NOON)
    assert fates() == {"Maria": ("withdrawn", "recipient died")}
    assert WorkItem.objects.get().problem == "no-visit"
    world.text_alert(child, n=1)
    plan(now=NOON)
    assert Message.objects.count() == 1


def test_a_hint_of_the_mothers_death_holds_what_is_about_her_child(world: World, child: Patient) -> None:
    maria = world.patient("Maria", born=date(1995, 1, 1))
    authority.grant(person=maria.person, patient=child, basis="parent", now=NOON - DAY)
    consent.grant(person=maria.person, patient=child, phone=Phone.objects.get(), at=NOON - DAY, evidence=consent.Evidence("form"))
    world.text_alert(child)
    plan(now=NOON)
    registry.death_hint(patient_id=maria.pk, now=NOON, source="reply")
    outbox.claim(now=NOON)
    assert fates() == {"Maria": ("pending", "death to be verified")}


def test_who_lost_a_child_is_left_in_peace_about_the_other_one(world: World, child: Patient, mother: Person) -> None:
    twin = world.patient("Twin", born=BORN, phone=False)
    authority.grant(person=mother, patient=twin, basis="parent", now=NOON - DAY)
    world.text_alert(child)
    plan(now=NOON)
    registry.record_death(patient_id=twin.pk, lo=NOON - DAY, hi=NOON - DAY, source="ehr")
    outbox.claim(now=NOON)
    assert fates() == {"Maria": ("pending", "a death in the family")}
    outbox.claim(now=NOON + 15 * DAY)
    assert set(texts()) == {"Maria"}


def test_stop_of_one_parent_leaves_the_other_their_texts(world: World, child: Patient, mother: Person) -> None:
    world.parent(child, "Paul")
    consent.stop(phone=Phone.objects.get(contact_points__person=mother), now=NOON, evidence=consent.Evidence("reply"))
    world.text_alert(child)
    plan(now=NOON)
    outbox.claim(now=NOON)
    assert set(texts()) == {"Paul"}


def test_stop_on_a_shared_phone_is_everybodys_and_start_only_the_writers(world: World, child: Patient, mother: Person) -> None:
    """Grandmother Gail is a patient herself and uses her daughter's phone."""
    gail = world.patient("Gail", phone=False)
    shared = Phone.objects.get()
    ContactPoint.objects.create(person=gail.person, phone=shared, since=NOON - DAY)
    consent.grant(person=gail.person, patient=gail, phone=shared, at=NOON - DAY, evidence=consent.Evidence("form"))
    consent.stop(phone=shared, now=NOON, evidence=consent.Evidence("reply"))
    shared.refresh_from_db()
    assert consent.start(phone=shared, now=NOON + DAY, evidence=consent.Evidence("reply")).outcome == "ambiguous"
    consent.start(phone=shared, now=NOON + DAY, evidence=consent.Evidence("verbal"), person=mother)
    assert consent.may_text(person=mother, patient=child, phone=shared, programme="lung")
    assert not consent.may_text(person=gail.person, patient=gail, phone=shared, programme="lung")


@pytest.mark.parametrize(("birthday", "held"), [(13, True), (12, False)])
def test_a_yes_from_before_a_birthday_of_the_list_is_asked_for_anew(world: World, birthday: int, held: bool) -> None:
    """The mother agreed when the child was eleven; at thirteen nothing goes out until somebody asked again."""
    kid = world.patient("Kid", born=date(2026 - birthday, 3, 5), phone=False)
    mother = world.parent(kid, "Maria")
    world.text_alert(kid)
    plan(now=NOON)
    assert contactable([kid.pk], programme="lung", on=NOON.date()) == (set() if held else {kid.pk})
    outbox.claim(now=NOON)
    assert fates()["Maria"][1] == ("to be asked anew at this age" if held else "")
    if held:
        phone = Phone.objects.get()
        consent.grant(person=mother, patient=kid, phone=phone, at=NOON + DAY, evidence=consent.Evidence("verbal"), by=world.dara)
        outbox.claim(now=NOON + DAY)
        assert set(texts()) == {"Maria"}


def test_a_sites_own_ages_count(world: World) -> None:
    Site.objects.filter(pk=world.site.pk).update(reconsent_ages=[12])
    kid = world.patient("Kid", born=date(2014, 3, 5), phone=False)
    world.parent(kid, "Maria")
    world.text_alert(kid)
    plan(now=NOON)
    outbox.claim(now=NOON)
    assert fates()["Maria"] == ("pending", "to be asked anew at this age")


def test_on_the_eighteenth_birthday_a_text_to_the_parents_that_waits_is_withdrawn(world: World) -> None:
    kid = world.patient("Kid", born=date(2008, 3, 11), phone=False)
    world.parent(kid, "Maria")
    world.text_alert(kid)
    plan(now=NOON)
    outbox.claim(now=NOON + DAY)
    assert fates() == {"Maria": ("withdrawn", "may not be told")}


def test_at_eighteen_an_own_yes_of_a_minor_is_asked_for_anew(world: World) -> None:
    """She had agreed at seventeen, on her own phone: now she is asked as an adult."""
    grown = world.patient("Gwen", born=date(2008, 3, 1))
    world.text_alert(grown)
    plan(now=NOON)
    outbox.claim(now=NOON)
    assert fates() == {"Gwen": ("pending", "to be asked anew at this age")}


def test_a_text_planned_for_an_adult_who_turns_out_to_be_a_child_does_not_go(world: World) -> None:
    someone = world.patient("Kim")
    world.text_alert(someone)
    plan(now=NOON)
    Person.objects.filter(pk=someone.person_id).update(birth_lo=date(2020, 1, 1), birth_hi=date(2020, 1, 1))
    outbox.claim(now=NOON)
    assert fates() == {"Kim": ("withdrawn", "may not be told")}


def test_twins_on_one_phone_are_two_patients_and_one_text_that_says_which(world: World, child: Patient, mother: Person) -> None:
    """Acceptance case 13: same birthday, family name and phone are two patients; the mother gets one text for both."""
    twin = world.patient("Baby", born=BORN, phone=False)
    authority.grant(person=mother, patient=twin, basis="parent", now=NOON - DAY)
    consent.grant(person=mother, patient=twin, phone=Phone.objects.get(), at=NOON - DAY, evidence=consent.Evidence("form"))
    rung = world.rung(0, "patient", wording="bring.child")
    for patient in (child, twin):
        world.alert(world.stay(patient), rung)
    plan(now=NOON)
    (text,) = outbox.claim(now=NOON).texts
    assert outbox.claim(now=NOON + DAY).texts == []
    assert re.search(r"numbers (\d{4}), (?!\1)\d{4}\b", text.text.body), text.text.body
