"""Population screening: people who are well are told of what was found, by those whom they know first."""

from __future__ import annotations

import pytest

from pathways import cascade

from . import germline_letters as germline
from .kin import COUSINS, FAMILY, SCREEN
from .letters import Chart
from .telling import Hospital

pytestmark = pytest.mark.django_db


@pytest.fixture
def genetics(hospital: Hospital) -> Hospital:
    for pathway in (FAMILY, SCREEN, COUSINS):
        hospital.goes_live(pathway, accountable="gwen")
    return hospital


def is_screened(hospital: Hospital, **read: str) -> Chart:
    """Ana agrees on Monday, her blood is taken in the next week; the clinical laboratory confirms three months later."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.sheet("consent_recorded", consentkind="research", decision="granted", programme=SCREEN))
    assert (hospital.where(ana, SCREEN).phase, hospital.where(ana, SCREEN)["main"]) == ("ordered", "to_order")
    hospital.at(8)
    hospital.hears(germline.ordered(ana, germline.SCREEN), germline.blood_taken(ana, germline.SCREEN))
    hospital.at(98)
    hospital.hears(germline.report(ana, test=germline.SCREEN, **read))
    return ana


def test_a_finding_is_told_to_the_doctor_then_by_phone_portal_and_letter(genetics: Hospital) -> None:
    """Ana carries a variant for high cholesterol. Gwen tells her doctor on the next day, calls, writes through the portal and at last by
    certified letter, to which Ana answers. She is told, counselled, and starts her tablets. No text ever says a word of it."""
    hospital = genetics
    ana = is_screened(hospital, LDLR="pathogenic")
    assert hospital.where(ana, SCREEN)["main"] == "to_tell_doctor"
    assert len(hospital.journeys(ana)) == 1, "a finding of the screen opens no second programme"
    hospital.live_until(99)
    hospital.live_until(101)
    assert hospital.asked(hospital.gwen) == ["doctor-not-told"]
    hospital.at(102)
    hospital.hears(ana.sheet("provider_told", to="own doctor"))
    hospital.tick()
    for channel, problem, n in (("phone", "call-person", 104), ("portal", "write-by-portal", 111), ("letter", "send-letter", 120)):
        hospital.live_until(n)
        assert hospital.asked(hospital.gwen) == [problem]
        hospital.records(hospital.gwen, ana, "contact_attempted", SCREEN, channel=channel, outcome="no_answer")
    assert hospital.where(ana, SCREEN)["main"] == "letter_out"
    hospital.at(126)
    hospital.records(hospital.gwen, ana, "contact_attempted", SCREEN, channel="phone", outcome="reached")
    hospital.hears(ana.sheet("result_communicated", how="in person"))
    assert (hospital.where(ana, SCREEN).phase, hospital.where(ana, SCREEN)["main"]) == ("decided", "to_counsel")
    hospital.at(140)
    hospital.hears(ana.sheet("counselled", how="in person"), ana.sheet("problem_listed"), ana.sheet("management_planned"))
    hospital.at(150)
    hospital.hears(ana.sheet("risk_managed", text="statin begun"))
    assert (hospital.where(ana, SCREEN).status, hospital.where(ana, SCREEN).outcome) == ("completed", "managed")
    hospital.live_until(152)
    assert hospital.everybodys_work() == []
    assert hospital.texts_to(ana) == []


def test_who_knew_it_before_is_counted_apart(genetics: Hospital) -> None:
    ana = is_screened(genetics, BRCA1="pathogenic")
    genetics.records(genetics.gwen, ana, "already_known", SCREEN, reason="tested in 2019")
    assert (genetics.where(ana, SCREEN).status, genetics.where(ana, SCREEN).outcome) == ("completed", "already_known")


def test_who_does_not_wish_to_know_is_neither_called_nor_asked_for_relatives(genetics: Hospital) -> None:
    hospital = genetics
    ana = is_screened(hospital, BRCA2="pathogenic")
    hospital.hears(ana.sheet("consent_recorded", consentkind="disclosure", decision="revoked"))
    hospital.live_until(110)
    assert set(hospital.everybodys_work()) == {"right-not-to-know"} or hospital.where(ana, SCREEN)["main"] == "respects_wish"
    with pytest.raises(cascade.Refused):
        cascade.name_relative(journey=hospital.journey(ana, SCREEN), kinship="son", by=hospital.gwen, now=hospital.now)


def test_a_gene_outside_the_list_is_not_returned_by_a_rule(genetics: Hospital) -> None:
    """TP53 is not of tier 1: the counselor decides, the rule says nothing."""
    ana = is_screened(genetics, TP53="pathogenic")
    assert genetics.where(ana, SCREEN)["main"] == "to_interpret"


def test_relatives_of_somebody_screened_are_followed_too(genetics: Hospital) -> None:
    hospital = genetics
    ana = is_screened(hospital, MSH2="likely pathogenic")
    link = cascade.name_relative(journey=hospital.journey(ana, SCREEN), kinship="brother", by=hospital.gwen, now=hospital.now)
    assert (link.degree, link.linked.pathway) == (1, COUSINS)
