"""What the journey page shows of a family, and to whom."""

from __future__ import annotations

import pytest
from django.test import Client

from pathways import cascade
from pathways.models import JourneyLink, JourneySite
from patients import sites, staff
from patients.models import AccessLog, Patient, Role, User

from .kin import COUSINS, FAMILY, allows, bea, carries_a_variant, names, stands
from .telling import Hospital

pytestmark = pytest.mark.django_db


@pytest.fixture
def genetics(hospital: Hospital) -> Hospital:
    for pathway in (FAMILY, COUSINS):
        hospital.goes_live(pathway, accountable="gwen")
    return hospital


def page(user: User, link: JourneyLink, *, of_relative: bool = False) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(f"/journeys/{(link.linked if of_relative else link.journey).uid}/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_counselor_names_a_relative_and_lets_her_join(genetics: Hospital) -> None:
    """By the page alone: Gwen names a sister, sees her as a pseudonym, and writes her name down when she agrees."""
    hospital = genetics
    ana = carries_a_variant(hospital)
    client = Client()
    client.force_login(hospital.gwen)
    journey = hospital.journey(ana, FAMILY)
    assert client.post(f"/journeys/{journey.uid}/relatives/", {"kinship": "landlord"}).status_code == 422
    assert client.post(f"/journeys/{journey.uid}/relatives/", {"kinship": "sister"}).status_code == 302
    link = JourneyLink.objects.get()
    shown = page(hospital.gwen, link)
    assert "Sister" in shown
    assert link.linked.patient.pseudonym in shown
    allows(hospital, ana)
    said = {"family": "Alvarez", "given": "Bea", "born": "1961-05-06", "number": "", "phone": "", "language": "es", "how": "by phone"}
    assert client.post(f"/journeys/{link.linked.uid}/join/", {**said, "phone": "12"}).status_code == 422
    assert client.post(f"/journeys/{link.linked.uid}/join/", said).status_code == 302
    assert stands(link) == "to_counsel"
    assert "Alvarez, Bea" in page(hospital.gwen, link)
    assert client.post(f"/journeys/{link.linked.uid}/join/", said).status_code == 422


def test_a_relative_whom_we_know_without_her_number_is_shown_first(genetics: Hospital) -> None:
    """Bea came by herself years ago. She gives no number now: Gwen sees her record beside her words, and there is one Bea."""
    hospital = genetics
    ana = carries_a_variant(hospital)
    hospital.knows("Bea", "Alvarez", phone="")
    known = Patient.objects.get(person__given="Bea")
    link = names(hospital, ana, "sister")
    client = Client()
    client.force_login(hospital.gwen)
    said = {
        "family": "Alvarez",
        "given": "Bea",
        "born": f"{known.person.birth_lo}",
        "number": "",
        "phone": "",
        "language": "",
        "how": "by phone",
    }
    answer = client.post(f"/journeys/{link.linked.uid}/join/", said)
    assert answer.status_code == 422
    assert "Same name and same birth date" in answer.content.decode()
    assert stands(link) != "to_counsel"
    assert client.post(f"/journeys/{link.linked.uid}/join/", {**said, "same": str(known.uid)}).status_code == 302
    link.linked.patient.refresh_from_db()
    assert link.linked.patient.survivor == known
    assert Patient.objects.filter(person__given="Bea", survivor=None).count() == 1


def test_only_the_counselor_may_name_relatives(genetics: Hospital) -> None:
    hospital = genetics
    journey = hospital.journey(carries_a_variant(hospital), FAMILY)
    for other in (hospital.dara, hospital.lena, hospital.petra):
        client = Client()
        client.force_login(other)
        assert client.post(f"/journeys/{journey.uid}/relatives/", {"kinship": "sister"}).status_code == 403
    assert not JourneyLink.objects.exists()


def test_who_may_not_see_the_relative_sees_the_kinship_only(genetics: Hospital) -> None:
    """A navigator of another hospital that takes part in Ana's care sees that there is a sister, and nothing else of her."""
    hospital = genetics
    ana = carries_a_variant(hospital)
    link = names(hospital, ana, "sister")
    hospital.at(31)
    allows(hospital, ana)

    cascade.join(journey=link.linked, said=bea(), how="form", by=hospital.gwen, now=hospital.now)
    south = sites.add(code="south", name="South Lake", time_zone="America/Chicago", subdivision="IL")
    eli = staff.add(username="eli", first_name="Eli", last_name="Ward")
    staff.join(eli, site=south, role=Role.NAVIGATOR)
    JourneySite.objects.create(journey=link.journey, site=south, since=hospital.now)
    shown = page(eli, link)
    assert "Sister" in shown
    assert "first degree" in shown
    assert "Bea" not in shown
    assert str(link.linked.uid) not in shown
    assert "Alvarez, Bea" in page(hospital.dara, link)


def test_the_relatives_page_names_the_first_person_to_those_who_may_see_her_and_leaves_a_row(genetics: Hospital) -> None:
    hospital = genetics
    ana = carries_a_variant(hospital)
    link = names(hospital, ana, "brother")
    shown = page(hospital.gwen, link, of_relative=True)
    assert "Alvarez, Ana" in shown
    row = AccessLog.objects.latest("pk")
    assert {link.journey.patient_id, link.linked.patient_id} <= set(row.patients)
