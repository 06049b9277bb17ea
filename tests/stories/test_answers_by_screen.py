"""The same answers by screen: a counselor triages, concludes and hands over; a pharmacist writes down what the prescriber said."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from patients import staff
from patients.models import AccessLog, Role, User

from .letters import BRCA1_SINGLE_SITE, CODEINE, Chart
from .telling import ON_FILE, Hospital

pytestmark = pytest.mark.django_db
OUTSIDE, HEREDITARY = "external-result", "hereditary-cancer"


def at_the_screen(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def says(hospital: Hospital, who: User, chart: Chart, pathway: str, answer: str, reason: str = "") -> int:
    address = reverse("answer", args=[hospital.journey(chart, pathway).uid])
    return at_the_screen(who).post(address, {"answer": answer, "reason": reason}).status_code


def test_a_counselor_takes_a_document_from_triage_to_the_next_programme(hospital: Hospital) -> None:
    for pathway in (OUTSIDE, HEREDITARY):
        hospital.goes_live(pathway)
    gwen = staff.add(username="gwen", first_name="Gwen")
    staff.join(gwen, site=hospital.site, role=Role.GENETIC_COUNSELOR)
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.consumer_report())
    page = at_the_screen(gwen).get(reverse("journey", args=[hospital.journey(ana, OUTSIDE).uid])).content.decode()
    assert "To be confirmed in a clinical laboratory" in page
    assert "Handed over" not in page
    assert says(hospital, gwen, ana, OUTSIDE, "triaged:confirm") == 302
    hospital.hears(ana.test_ordered("CONF", specimen="blood", test=BRCA1_SINGLE_SITE), ana.single_site("BRCA1", found=True))
    assert says(hospital, gwen, ana, OUTSIDE, "handed_over:hereditary-cancer:resulted") == 422  # not yet asked for
    assert says(hospital, gwen, ana, OUTSIDE, "confirmation_concluded:confirmed") == 302
    assert says(hospital, gwen, ana, OUTSIDE, "result_communicated:visit") == 302
    assert hospital.where(ana, OUTSIDE)["main"] == "to_hand_over"
    assert says(hospital, gwen, ana, OUTSIDE, "handed_over:hereditary-cancer:resulted") == 302
    assert hospital.where(ana, OUTSIDE).outcome == "handed_over"
    assert "result_final" in hospital.facts_of(ana, HEREDITARY)
    assert AccessLog.objects.filter(user=gwen).exists()


def test_a_pharmacist_writes_down_an_override_and_not_without_its_reason(hospital: Hospital) -> None:
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.panel_on_file(CYP2D6="Ultrarapid metabolizer"), ana.drug_ordered(CODEINE))
    assert says(hospital, hospital.phil, ana, ON_FILE, "prescriber_answered:overridden") == 422
    assert says(hospital, hospital.phil, ana, ON_FILE, "prescriber_answered:overridden", "one dose, supervised") == 302
    assert hospital.where(ana, ON_FILE)["main"] == "on_file"
