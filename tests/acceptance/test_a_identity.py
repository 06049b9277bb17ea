"""A. Identity: who is meant, and what becomes of journeys, texts and permissions when two records are one, or are not. Cases 1 to 18."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from notifications.models import Message
from notifications.wording.compiler import render, segments
from pathways import journeys
from pathways.models import Binding, Event, Journey, Matter
from pathways.reports.cohort import Question, cohort
from patients import consent, contacts, registry
from patients.demographics import Demographics, StatedIdentifier
from patients.models import Authority, Merge, Patient, Permission, Person, Phone
from tests.stories.letters import HOSPITAL, Chart, Letter
from tests.stories.telling import LUNG, Hospital, day

from .telling import edited, events_of, person, sent, settle_merge, waiting

pytestmark = pytest.mark.django_db


def two_records(hospital: Hospital) -> tuple[Chart, Chart]:
    """One woman, registered twice; on both records her cancer and a visit, on neither an order. Both waits are overdue."""
    ana, twice = hospital.knows("Ana"), hospital.knows("Ana", phone="+16175550102")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(), ana.visit(day(10)))
    hospital.at(1)
    hospital.hears(twice.has_lung_cancer(), twice.visit(day(10)))
    hospital.at(8, 20)
    hospital.tick()
    return ana, twice


def bound_to(journey: Journey) -> set[str]:
    rows = Binding.objects.filter(journey=journey).order_by("event_id", "-pk").distinct("event_id")
    return {str(row.event.lineage) for row in rows.select_related("event") if row.attached}


def test_case_01_merged_records_have_one_journey_one_stall_and_the_stricter_permission(hospital: Hospital) -> None:
    """Journeys move to the survivor, both histories stay, the two open stalls collapse to one, permission becomes the stricter, no text
    goes until a person has settled the merge; one row of the ledger. The design keeps the loser's journey as `void merged_into`."""
    ana, twice = two_records(hospital)
    older, younger = hospital.journey(ana), hospital.journey(twice)
    assert hospital.everybodys_work() == ["no-order", "no-order"]
    hospital.records(hospital.dara, twice, "contact_attempted", channel="phone", outcome="reached")
    hospital.hears(twice.agrees_to_texts(decision="deny"))
    hospital.at(9)
    hospital.hears(twice.became(ana))
    hospital.tick()

    older.refresh_from_db()
    younger.refresh_from_db()
    assert (older.status, younger.status, Merge.objects.count()) == ("active", "void", 1)
    own = {event.lineage for event in Event.objects.filter(kind__in=["enrolled", "voided"], keys__contains=[f"journey:{younger.pk}"])}
    assert bound_to(younger) - bound_to(older) == own
    assert hospital.everybodys_work() == ["merge", "no-order"]
    assert not Permission.objects.filter(patient=hospital.patient(ana), revoked_at=None, granted_at__isnull=False).exists()
    hospital.send()
    settle_merge(hospital)
    hospital.at(9, 15)
    hospital.tick()
    hospital.send()
    assert hospital.texts_to(ana) == hospital.texts_to(twice) == []

    hospital.hears(twice.test_ordered())
    assert (hospital.where(ana).phase, hospital.where(ana)["main"]) == ("ordered", "to_sample")


def test_case_01b_who_agreed_on_both_is_texted_once_when_the_merge_is_settled(hospital: Hospital) -> None:
    """Both records agreed to texts, and a reminder to the second one is pending: it is withdrawn with its journey. The one journey has
    the visit now, and its reminder waits for the person who settles the merge."""
    ana, twice = hospital.knows("Ana"), hospital.knows("Ana", phone="+16175550102")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(), twice.has_lung_cancer(), twice.visit(day(10)))
    hospital.at(8, 20)
    hospital.tick()
    hospital.at(9, 9)
    hospital.hears(twice.became(ana))
    hospital.tick()
    hospital.send()
    assert sorted(Message.objects.values_list("state", "reason")) == [("pending", "merge to be settled"), ("withdrawn", "journey ended")]
    assert hospital.texts_to(ana) + hospital.texts_to(twice) == []
    settle_merge(hospital)
    hospital.at(9, 11)
    hospital.tick()
    hospital.send()
    assert (len(hospital.texts_to(ana)), len(hospital.texts_to(twice))) == (1, 0)


def test_case_02_a_merge_that_comes_before_either_patient_waits_and_applies_itself(hospital: Hospital) -> None:
    """The laboratory's feed may not register: its A40 waits for the record given up, and is let in when that becomes known."""
    ana, twice = hospital.stranger(), hospital.stranger()
    merge = Letter("lab", twice.became(ana).body)
    assert sent(hospital, merge).reasons == {"unknown_patient": 1}
    hospital.hears(ana.registered())
    assert waiting() == ["merge_waits"]
    hospital.hears(twice.registered())
    assert waiting() == []
    assert hospital.patient(twice).survivor == hospital.patient(ana)


def test_case_04_a_loop_of_merges_is_refused(hospital: Hospital) -> None:
    """A into B into A: quarantined with the reason, nobody is seen through themselves."""
    ana, bea = hospital.knows("Ana"), hospital.knows("Bea", phone="")
    hospital.hears(ana.became(bea))
    assert sent(hospital, bea.became(ana)).reasons == {"merge_loop": 1}
    assert (hospital.patient(ana).survivor, hospital.patient(bea).survivor) == (hospital.patient(bea), None)


def test_case_05_a_chain_of_merges_ends_at_its_last(hospital: Hospital) -> None:
    """A into B into C, the journey that A had goes on and is C's."""
    a, b, c = (hospital.knows(name, phone="") for name in ("Ana", "Anna", "Anne"))
    hospital.at(0)
    hospital.hears(a.has_lung_cancer(), c.has_lung_cancer())
    hospital.hears(a.became(b), b.became(c))
    assert {hospital.patient(chart).survivor for chart in (a, b)} == {hospital.patient(c)}
    assert sorted(Journey.objects.values_list("status", flat=True)) == ["active", "void"]
    hospital.hears(b.test_ordered())
    assert Journey.objects.get(status="active").phase == "ordered"


def test_case_06_a_merge_replayed_does_nothing(hospital: Hospital) -> None:
    """The very message again is a duplicate; the same merge under a new number is applied and changes nothing."""
    ana, twice = hospital.knows("Ana"), hospital.knows("Ana", phone="")
    merge, again = twice.became(ana), twice.became(ana)
    assert sent(hospital, merge, merge).duplicate == 1
    before = Event.objects.count(), Matter.objects.count()
    assert sent(hospital, again).applied == 1
    assert (Event.objects.count(), Matter.objects.count(), Merge.objects.count()) == (*before, 1)


def test_case_07_one_number_at_two_hospitals_is_two_patients(hospital: Hospital) -> None:
    """The key is assigner and value."""
    ana = hospital.knows("Ana")
    elsewhere = edited(ana.registered(), (f"{ana.mrn}^^^{HOSPITAL}^MR", f"{ana.mrn}^^^SOUTH^MR"))
    hospital.hears(elsewhere)
    assert Patient.objects.filter(identifiers__value=ana.mrn).count() == 2


def test_case_08_leading_zeros_make_another_number_and_the_form_shows_the_near_one(hospital: Hospital) -> None:
    """Distinct; whoever registers by hand is shown the near match. No site rule can make them one: the design compares numbers exactly."""
    ana = hospital.knows("Ana", phone="")
    hospital.hears(edited(ana.registered(), (f"|{ana.mrn}^", f"|00{ana.mrn}^")))
    assert Patient.objects.count() == 2
    typed = Demographics(identifiers=(StatedIdentifier(HOSPITAL, f"0{ana.mrn}"),))
    assert [found.why for found in registry.match(typed)] == ["almost the same patient number"] * 2


def test_case_09_a_recycled_number_never_overwrites_anybody(hospital: Hospital) -> None:
    """Another name and another birth date under a known number: quarantined, nothing changed."""
    ana = hospital.knows("Ana")
    other = edited(ana.registered(), ("Alvarez^Ana", "Brandt^Ben"), ("19580402", "19901224"))
    assert sent(hospital, other).reasons == {"recycled_identifier": 1}
    assert str(hospital.patient(ana).person) == "Alvarez, Ana"


def test_case_10_a_result_of_a_stranger_waits_comes_in_and_is_asked_about_after_a_day(hospital: Hospital) -> None:
    """Quarantined; after 24 hours one incident to the lab liaison; applied when the patient is registered, and the incident ends."""
    ana = hospital.stranger()
    assert sent(hospital, ana.report(EGFR="p.Leu858Arg")).reasons == {"unknown_patient": 1}
    hospital.at(0, 8)
    hospital.tick()
    assert hospital.everybodys_work() == []
    hospital.at(1, 9)
    hospital.tick()
    assert hospital.asked(hospital.lars) == ["quarantine"]
    hospital.hears(ana.registered())
    assert waiting() == []
    hospital.tick()
    assert hospital.everybodys_work() == ["unbound"]
    assert "result_final" in events_of(ana, hospital)


NAMES = ["O'Brien", "Null", "<script>alert(1)</script>", "ا", "محمد", "İpek‍Ş", "😀", "Ünïçode", "X" * 200, "Y"]


@pytest.mark.parametrize("name", NAMES)
def test_case_11_any_name_is_stored_shown_and_texted(hospital: Hospital, name: str, client: Client) -> None:
    """Stored composed, shown escaped within `<bdi>`, and a text to them stays within two segments."""
    chart = hospital.knows("Ana", phone="")
    hospital.hears(edited(chart.registered(), ("Alvarez^Ana", f"{name}^{name}")))
    stored = hospital.patient(chart).person
    assert stored.given == unicodedata.normalize("NFC", name)
    said = render("visit.reminder", "en", first_name=stored.given.split()[0], org="North Valley", phone="+1 617 555 0190")
    assert segments(said.body) <= 2
    client.force_login(hospital.dara)
    page = client.get(reverse("patient", args=[hospital.patient(chart).uid])).content.decode()
    assert f"<bdi>{escape(str(stored))}</bdi>" in page
    assert "<script>alert" not in page


def test_case_12_a_patient_without_name_or_birth_date_is_taken_in_and_never_greeted_as_none(hospital: Hospital) -> None:
    """Accepted and shown as nameless. Without a birth date nobody knows whether they are a child: no text, a person calls."""
    chart = hospital.knows("Ana")
    hospital.hears(edited(chart.registered(), ("Alvarez^Ana^^^^^L", '""'), ("19580402", '""')))
    patient = hospital.patient(chart)
    assert (str(patient.person), patient.person.birth_lo) == ("name unknown", None)
    hospital.at(0)
    nameless = edited(chart.has_lung_cancer(), ("Alvarez^Ana^^^^^L", ""), ("19580402", ""))
    hospital.hears(nameless, edited(chart.visit(day(9)), ("Alvarez^Ana^^^^^L", ""), ("19580402", "")))
    hospital.live_until(8)
    assert hospital.texts_to(chart) == []
    assert "visit-due" in hospital.everybodys_work() or any("visit" in problem for problem in hospital.everybodys_work())
    said = render("visit.reminder", "en", first_name="", org="North Valley", phone="+1 617 555 0190")
    assert "None" not in said.body and "Hello ," not in said.body


def test_case_13_twins_stay_two_and_their_mothers_phone_gets_one_text_a_day(hospital: Hospital) -> None:
    """Same birth date, surname and phone: two patients, by their numbers. One parent, at most one text a day; it names the parent and
    nothing of either child, so the parent knows by the call-back who is meant."""
    one, two = (hospital.knows(name, "Smith", "+16175550101", texts=False) for name in ("Girl A", "Girl B"))
    assert hospital.patient(one) != hospital.patient(two)
    for chart in (one, two):
        hospital.hears(edited(chart.registered(), ("19580402", "20260220")))
    mother = parent_of(hospital, one, two)
    hospital.at(0)
    for chart in (one, two):
        journeys.enrol(
            patient=hospital.patient(chart), pathway=LUNG, entry="advanced", site=hospital.site, now=hospital.now, by=hospital.dara,
            primary_group="lung",
        )  # fmt: skip
        hospital.hears(edited(chart.visit(day(9)), ("19580402", "20260220")))
    hospital.live_until(8)
    texts = hospital.texts_to(one)
    assert len(texts) == 1
    assert mother.given in texts[0]
    assert "Girl" not in texts[0]


def parent_of(hospital: Hospital, *children: Chart) -> Person:
    mother = Person.objects.create(family="Smith", given="Mary", birth_lo=date(1995, 1, 1), birth_hi=date(1995, 1, 1))
    contacts.add(person=mother, number=children[0].phone, now=hospital.now)
    for child in children:
        patient = hospital.patient(child)
        Authority.objects.create(person=mother, patient=patient, basis="parent", since=hospital.now)
        consent.grant(
            person=mother, patient=patient, phone=Phone.objects.get(e164=child.phone), at=hospital.now, evidence=consent.Evidence("form")
        )
    return mother


def test_case_14_a_newborn_renamed_under_a_new_number_keeps_the_journey(hospital: Hospital) -> None:
    """`Baby Boy Smith` gets a name and another record number; the hospital says by A40 that they are one."""
    baby, noah = hospital.knows("Baby Boy", "Smith", ""), hospital.stranger()
    journeys.enrol(
        patient=hospital.patient(baby), pathway=LUNG, entry="advanced", site=hospital.site, now=hospital.now, by=hospital.dara,
        primary_group="lung",
    )  # fmt: skip
    hospital.at(0)
    hospital.hears(edited(baby.became(noah), ("Alvarez^Ana1", "Smith^Noah")))
    assert str(person(hospital, baby).person) == "Smith, Noah"
    hospital.hears(edited(noah.test_ordered(), ("Alvarez^Ana1", "Smith^Noah")))
    assert [(journey.status, journey.phase) for journey in Journey.objects.all()] == [("active", "ordered")]


def test_case_15_three_on_one_phone_share_its_cap_and_its_stop(hospital: Hospital) -> None:
    """Caps and STOP belong to the number."""
    three = [hospital.knows(name) for name in ("Ana", "Bea", "Cleo")]
    hospital.at(0)
    hospital.hears(*(chart.has_lung_cancer() for chart in three), *(chart.visit(day(9)) for chart in three))
    hospital.live_until(8)
    assert len(hospital.texts_to(three[0])) == 1
    hospital.replies(three[0], "STOP")
    hospital.hears(*(chart.visit(day(18), name="VIS2") for chart in three))
    hospital.live_until(20)
    assert [text for text in hospital.texts_to(three[0]) if "visit" in text] == hospital.texts_to(three[0])[:1]


def test_case_16_a_text_goes_to_the_number_of_now_and_never_to_the_old_one(hospital: Hospital) -> None:
    """The number changes between plan and send; permission does not pass over to it by itself, so it is asked for again."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(), ana.visit(day(9)))
    hospital.at(7, 20)
    hospital.tick()
    assert Message.objects.filter(state="pending").count() == 1
    moved = replace(ana, phone="+16175550177")
    hospital.hears(moved.registered(), moved.agrees_to_texts())
    hospital.at(8, 10)
    hospital.tick()
    hospital.send()
    assert hospital.texts_to(ana) == []
    assert len(hospital.texts_to(moved)) == 1


@pytest.mark.parametrize("number", ["+1617555010", "617-555-0101 ext 22", "12345", "+999999999", "call my daughter", ""])
def test_case_17_what_is_no_phone_is_refused_where_it_is_typed_and_left_out_where_it_is_fed(hospital: Hospital, number: str) -> None:
    """A form says so; a message is applied without the number (no message is refused for a phone)."""
    ana = hospital.knows("Ana", phone="")
    with pytest.raises(contacts.Unreachable):
        contacts.add(person=hospital.patient(ana).person, number=number, now=hospital.now)
    hospital.hears(edited(ana.registered(), ("USA||", f"USA||{number}")))
    assert not hospital.patient(ana).person.contact_points.exists()


def test_case_17b_a_number_of_another_country_can_be_kept(hospital: Hospital) -> None:
    ana = hospital.knows("Ana", phone="")
    point = contacts.add(person=hospital.patient(ana).person, number="+44 20 7946 0958", now=hospital.now)
    assert str(point.phone) == "+442079460958"


def test_case_18_a_test_patient_is_texted_never_and_counted_nowhere(hospital: Hospital) -> None:
    """ZZTEST runs through the whole product and reaches no phone and no report."""
    zz = hospital.knows("Ana", "ZZTEST")
    hospital.at(0)
    hospital.hears(zz.has_lung_cancer(), zz.visit(day(9)))
    hospital.live_until(10)
    assert hospital.journey(zz).status == "active"
    assert hospital.texts_to(zz) == []
    assert not cohort(Question(LUNG, hospital.now)).members
