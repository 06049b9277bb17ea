"""Hereditary cancer: the first person of a family, from the diagnosis to what lowers the risk."""

from __future__ import annotations

import pytest

from notifications.views import lanes

from . import germline_letters as germline
from .letters import GENES, Chart
from .telling import Hospital

pytestmark = pytest.mark.django_db
FAMILY = "hereditary-cancer"


@pytest.fixture
def genetics(hospital: Hospital) -> Hospital:
    """The hospital with its genetics clinic, where counselor Gwen answers for everybody."""
    hospital.goes_live(FAMILY, accountable="gwen")
    return hospital


def awaits_result(hospital: Hospital, given: str = "Ana") -> Chart:
    """Ovarian cancer on Monday, referred on Wednesday, counselled and blood taken two weeks later."""
    ana = hospital.knows(given)
    hospital.at(0)
    hospital.hears(germline.has_ovarian_cancer(ana))
    hospital.at(2)
    hospital.hears(germline.referred_to_genetics(ana))
    hospital.at(16)
    hospital.hears(ana.sheet("counselled", how="in person"), germline.ordered(ana), germline.blood_taken(ana))
    assert hospital.where(ana, FAMILY)["main"] == "awaiting_result"
    return ana


def test_a_pathogenic_variant_is_told_planned_and_acted_on(genetics: Hospital) -> None:
    """Everybody with ovarian cancer is offered the test, so Ana is on the programme without anybody's decision. Nobody refers her for a week,
    and Dara is asked. The report names BRCA2: Gwen has a week to tell her. Nothing of it stands on Ana's phone."""
    hospital = genetics
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(germline.has_ovarian_cancer(ana))
    assert (hospital.where(ana, FAMILY).phase, hospital.where(ana, FAMILY)["main"]) == ("identified", "to_refer")
    assert hospital.journey(ana, FAMILY).accountable == hospital.gwen
    hospital.live_until(8)
    assert hospital.asked(hospital.dara) == ["no-referral"]
    hospital.at(9)
    hospital.hears(germline.referred_to_genetics(ana))
    hospital.at(20)
    hospital.hears(ana.sheet("counselled", how="in person"), germline.ordered(ana), germline.blood_taken(ana))
    hospital.live_until(40)
    assert hospital.everybodys_work() == []

    hospital.at(41)
    hospital.hears(germline.report(ana, BRCA2="pathogenic"))
    assert (hospital.where(ana, FAMILY).phase, hospital.where(ana, FAMILY)["main"]) == ("resulted", "to_disclose")
    hospital.live_until(49)
    assert hospital.asked(hospital.gwen) == ["not-disclosed"]
    hospital.at(50)
    hospital.hears(ana.sheet("result_communicated", how="in person"))
    assert hospital.where(ana, FAMILY).waits == {"main": "to_plan", "family": "to_ask", "problem_list": "to_list"}
    hospital.at(60)
    hospital.hears(ana.sheet("management_planned"), ana.sheet("problem_listed"))
    hospital.at(90)
    hospital.hears(ana.sheet("risk_managed", text="bilateral mastectomy"))
    assert (hospital.where(ana, FAMILY).status, hospital.where(ana, FAMILY).outcome) == ("completed", "managed")
    hospital.live_until(92)
    assert hospital.everybodys_work() == []
    assert hospital.texts_to(ana) == []


def test_a_variant_of_uncertain_meaning_starts_nothing_until_it_is_read_anew(genetics: Hospital) -> None:
    """The laboratory cannot say what Ana's variant means. She is told so, and no relative is asked for. Two months later the laboratory amends
    its report: pathogenic. Gwen is asked to tell her anew."""
    hospital = genetics
    ana = awaits_result(hospital)
    hospital.at(40)
    hospital.hears(germline.report(ana, BRCA2="uncertain"))
    assert hospital.where(ana, FAMILY)["main"] == "to_tell_uncertain"
    hospital.at(44)
    hospital.hears(ana.sheet("result_communicated", how="phone"))
    assert hospital.where(ana, FAMILY).waits == {"main": "reclassification_watch"}
    hospital.live_until(99)
    assert "relatives-not-asked" not in hospital.everybodys_work()
    hospital.at(100)
    hospital.hears(germline.report(ana, status="C", BRCA2="pathogenic"))
    assert hospital.where(ana, FAMILY)["main"] == "to_disclose"
    hospital.live_until(107)
    assert "not-disclosed" in hospital.asked(hospital.gwen)
    assert "result-changed" in hospital.asked(hospital.petra)


def test_a_variant_in_a_tumour_that_may_be_inherited_is_shown_to_the_counselor_only(genetics: Hospital) -> None:
    """Ben's lung tumour carries a pathogenic BRCA2 variant. Whether he was born with it nobody knows: Gwen decides, and nobody else is asked."""
    hospital = genetics
    ben = hospital.in_the_laboratory("Ben", "Brandt")
    hospital.at(14)
    hospital.hears(germline.tumour_report(ben, GENES))
    (matter,) = hospital.matters(ben).filter(kind="germline_candidate")
    hospital.live_until(15)
    assert matter.detail["pathway"] == FAMILY
    assert list(lanes.candidates(hospital.gwen)) == [matter]
    for other in (hospital.dara, hospital.lena, hospital.petra):
        assert list(lanes.candidates(other)) == []


def test_what_is_found_after_a_death_goes_to_the_counselor_about_the_relatives(genetics: Hospital) -> None:
    """Ana dies while the laboratory works. The report is taken in as ever, and Gwen is asked about the relatives."""
    hospital = genetics
    ana = awaits_result(hospital)
    hospital.at(30)
    hospital.hears(ana.died())
    assert hospital.where(ana, FAMILY).status == "active"
    hospital.at(40)
    hospital.hears(germline.report(ana, BRCA1="likely pathogenic"))
    assert hospital.where(ana, FAMILY)["main"] == "after_death"
    hospital.live_until(48)
    assert hospital.asked(hospital.gwen) == ["relatives-after-death"]
    assert hospital.texts_to(ana) == []


def test_who_does_not_wish_to_know_is_not_told(genetics: Hospital) -> None:
    """Ana says before the result that she does not wish to know. Nobody is asked to tell her, nobody to ask for relatives; Gwen signs."""
    hospital = genetics
    ana = awaits_result(hospital)
    hospital.at(30)
    hospital.hears(ana.sheet("consent_recorded", consentkind="disclosure", decision="revoked"))
    hospital.at(40)
    hospital.hears(germline.report(ana, BRCA2="pathogenic"))
    assert hospital.where(ana, FAMILY).waits == {"main": "respects_wish"}
    hospital.live_until(50)
    assert hospital.everybodys_work() == ["right-not-to-know"]
    hospital.finishes(
        hospital.gwen,
        hospital.takes(hospital.gwen, hospital.item("right-not-to-know", hospital.gwen)),
        "exited",
        reason="right_not_to_know",
    )
    assert hospital.where(ana, FAMILY).exit == "right_not_to_know"
