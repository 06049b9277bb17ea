"""A. Identity, its third case: two records that were taken for one are parted, and each has its own again."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from notifications.models import Message
from pathways import merging
from pathways.models import Journey
from patients import contacts
from patients.models import AccessLog
from tests.stories.letters import HOSPITAL, Chart, Letter
from tests.stories.telling import Hospital, day

from .telling import edited, events_of, matters, settle_merge

pytestmark = pytest.mark.django_db


def test_case_03_parted_records_get_their_own_back_and_what_no_number_places_comes_to_a_person(hospital: Hospital) -> None:
    """While two women are taken for one, results come under both numbers and one message names both. Parted, each has her own journey as
    if it had never been broken; the doubtful facts are work, and no text goes before a person says so."""
    ana, bea = hospital.knows("Ana"), hospital.knows("Bea", "Brandt", "+16175550102")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(), bea.has_lung_cancer())
    hospital.at(1)
    hospital.hears(ana.test_ordered(), bea.test_ordered())
    journey = hospital.journey(bea)
    waited = dict(journey.stays.open().values_list("pk", "stage__name"))
    hospital.at(2)
    hospital.hears(bea.became(ana))
    assert Journey.objects.get(pk=journey.pk).status == "void"
    hospital.at(3)
    hospital.hears(ana.tissue_taken(), bea.tissue_taken(), ana.visit(day(8)), bea.visit(day(8)))
    numbers = (f"{ana.mrn}^^^{HOSPITAL}^MR", f"{ana.mrn}^^^{HOSPITAL}^MR~{bea.mrn}^^^{HOSPITAL}^MR")
    hospital.hears(edited(ana.tissue_at_lab(), numbers))
    assert (events_of(ana, hospital).count("specimen_collected"), events_of(bea, hospital).count("specimen_collected")) == (1, 1)

    hospital.at(5)
    hospital.hears(bea.parted_from(ana))
    assert hospital.patient(bea).survivor is None
    assert [str(hospital.patient(chart).person) for chart in (ana, bea)] == ["Alvarez, Ana", "Brandt, Bea"]
    assert (hospital.where(ana)["main"], hospital.where(bea)["main"]) == ("awaiting_result", "awaiting_result")
    assert hospital.journey(bea).pk == journey.pk
    assert set(journey.stays.current().values_list("pk", "stage__name")) >= set(waited.items())
    (doubtful,) = matters(hospital, "ambiguous")
    assert doubtful.detail["lineage"] == f"lab|specimen_received|{ana.number('ACC')}"
    hospital.live_until(6)
    assert sorted(Message.objects.values_list("state", "reason")) == [("pending", "merge to be settled")] * 2
    assert hospital.everybodys_work() == ["ambiguous", "merge", "merge"]
    settle_merge(hospital)
    hospital.at(6, 16)
    hospital.send()
    assert (len(hospital.texts_to(ana)), len(hospital.texts_to(bea))) == (1, 1)


def test_case_03b_what_was_said_of_the_wrong_one_is_given_to_the_other_by_a_person(hospital: Hospital, client: Client) -> None:
    """The lab liaison finds out whose tissue it was: she looks for the right patient from the journey and gives the fact to her. It is
    retracted where it stood and stands with the other from then on; nothing of it is in an address, and both charts were read."""
    ana, bea = hospital.knows("Ana"), hospital.knows("Bea", "Brandt", "+16175550102")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(), bea.has_lung_cancer(), ana.test_ordered(), bea.test_ordered(), ana.tissue_taken())
    assert hospital.where(ana)["main"] == "awaiting_result"
    client.force_login(hospital.lars)
    address = reverse("give", args=[hospital.journey(ana).uid])
    fact = {"lineage": f"lab|specimen_collected|{ana.number('ACC')}"}
    page = client.post(address, {**fact, "text": bea.mrn}).content.decode()
    assert "Brandt, Bea" in page
    answer = client.post(address, {**fact, "patient": hospital.patient(bea).uid})
    assert answer.headers["Location"] == reverse("patient", args=[hospital.patient(bea).uid])
    assert (hospital.where(ana)["main"], hospital.where(bea)["main"]) == ("to_sample", "awaiting_result")
    read = AccessLog.objects.filter(user=hospital.lars, what="whose fact").values_list("patients", flat=True)
    assert {one for row in read for one in row} == {hospital.patient(ana).pk, hospital.patient(bea).pk}
    with pytest.raises(merging.SamePatient):
        same = hospital.patient(ana)
        merging.give_to(lineage=fact["lineage"], patient=same, to=same, by=hospital.lars, site=hospital.site, now=hospital.now)
    again = client.post(address, {**fact, "patient": hospital.patient(bea).uid}, follow=True)
    assert again.status_code == 200
    assert (hospital.where(ana)["main"], hospital.where(bea)["main"]) == ("to_sample", "awaiting_result")


def test_case_03c_parted_records_have_their_own_names_and_phones_again(hospital: Hospital) -> None:
    """While two were taken for one, Bea's registration said her name and a new number: the record seen was Ana's. Parted by a message that
    says nothing of either, each has what was said of her own number, and no text goes to the other's phone."""
    ana, bea = hospital.knows("Ana"), hospital.knows("Bea", "Brandt", "+16175550102")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(), bea.has_lung_cancer())
    hospital.at(1)
    hospital.hears(bea.became(ana))
    hospital.at(2)
    hospital.hears(edited(bea.registered(), ("^617^5550102", "^617^5550103")))
    assert str(hospital.patient(ana).person) == "Brandt, Bea"
    assert reached(hospital, ana) == ["+16175550103"]
    hospital.at(3)
    parting = bea.parted_from(ana)
    silent = re.sub(rb"(PID\|[^\r]*?\^MR)[^\r]*", rb"\1", parting.body)
    hospital.hears(Letter(parting.feed, silent))
    assert [str(hospital.patient(chart).person) for chart in (ana, bea)] == ["Alvarez, Ana", "Brandt, Bea"]
    assert (reached(hospital, ana), reached(hospital, bea)) == (["+16175550101"], ["+16175550103"])


def reached(hospital: Hospital, chart: Chart) -> list[str]:
    return [phone.e164 for phone in contacts.numbers_of(hospital.patient(chart).person)]
