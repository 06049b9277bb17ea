"""A rapid genome in neonatal intensive care, hour by hour."""

from __future__ import annotations

import pytest

from .nursery import NICU, child, opens
from .telling import Hospital

pytestmark = pytest.mark.django_db


def test_from_the_first_seizure_to_what_was_changed_for_it(hospital: Hospital) -> None:
    """Saturday, six in the evening: the team flags a girl with seizures. Weekends stop no clock here. The father is abroad, so it is a duo
    after all; the provisional answer of Wednesday is read back within the hour, told the same day, and the medicine is changed. The final
    report is told as well. Nobody gets a text."""
    opens(hospital)
    hospital.at(4)
    girl = child(hospital, "Baby Girl", "Stone")
    hospital.hears(girl.born_here(), girl.into_intensive_care())
    hospital.at(5, 18)
    hospital.hears(girl.sheet("eligibility_flagged", programme=NICU, reason="seizures without a cause"))
    assert (hospital.where(girl, NICU).phase, hospital.where(girl, NICU)["main"]) == ("identified", "to_consult")
    hospital.at(6, 17)
    hospital.tick()
    assert "no-consult" not in hospital.asked(hospital.gwen)
    hospital.at(6, 19)  # Sunday evening, 25 hours later
    hospital.tick()
    assert "no-consult" in hospital.asked(hospital.gwen)
    hospital.records(hospital.petra, girl, "consulted", NICU, specialty="Medical genetics")
    hospital.at(6, 21)
    hospital.hears(girl.sheet("consent_recorded", consent_kind="genetic_test", decision="granted"))
    hospital.at(6, 22)
    hospital.hears(girl.genome_ordered(), girl.blood_of("child"), girl.blood_of("mother"))
    assert (hospital.where(girl, NICU).phase, hospital.where(girl, NICU)["main"]) == ("ordered", "to_trio")
    hospital.at(7, 12)
    hospital.tick()
    assert "trio-incomplete" in hospital.asked(hospital.lars)  # half a day before it is late: the father's sample is what is missing
    hospital.at(7, 13)
    hospital.records(hospital.gwen, girl, "parent_unavailable", NICU, parent="father", reason="abroad for weeks")
    assert (hospital.where(girl, NICU).phase, hospital.where(girl, NICU)["main"]) == ("sampled", "at_lab")

    hospital.at(9, 10)
    hospital.hears(girl.genome("P", "KCNQ2", "p.Ala294Val"))
    where = hospital.where(girl, NICU)
    assert (where.phase, where["main"], where["final"]) == ("resulted", "to_notify", "pending")
    assert hospital.milestone(girl, "cause_found", NICU) == "reached"
    hospital.at(9, 11)
    hospital.records(hospital.gwen, girl, "provider_notified", NICU, to="neonatology", how="phone", read_back=True)
    hospital.at(9, 15)
    hospital.records(hospital.gwen, girl, "result_communicated", NICU, how="in person", to="mother; father by phone")
    hospital.at(10, 9)
    hospital.records(hospital.petra, girl, "management_recorded", NICU, action="medication")
    assert (hospital.where(girl, NICU).phase, hospital.where(girl, NICU)["main"]) == ("started", "in_hospital")

    hospital.at(13, 9)
    hospital.hears(girl.genome("F", "KCNQ2", "p.Ala294Val"))
    where = hospital.where(girl, NICU)
    assert (where["main"], where["final"], hospital.milestone(girl, "provisional", NICU)) == ("to_notify", "", "reached")
    hospital.records(hospital.gwen, girl, "provider_notified", NICU, to="neonatology", how="phone", read_back=True)
    hospital.records(hospital.gwen, girl, "result_communicated", NICU, how="in person", to="parents")
    hospital.at(20)
    hospital.hears(girl.goes_home())
    assert hospital.where(girl, NICU)["main"] == "to_follow_up"
    hospital.at(40)
    hospital.records(hospital.petra, girl, "consulted", NICU, specialty="Medical genetics")
    assert hospital.where(girl, NICU).outcome == "cause_found"
    assert list(hospital.messages(girl)) == []


def test_the_answer_that_comes_after_a_childs_death_is_given_to_the_parents(hospital: Hospital) -> None:
    """The boy dies before the laboratory answers. His journey goes on: the counselor, and nobody by text, tells the parents what it was."""
    opens(hospital)
    hospital.at(0)
    boy = child(hospital, "Baby Boy", "Hill")
    hospital.hears(boy.born_here(), boy.into_intensive_care())
    hospital.hears(boy.sheet("eligibility_flagged", programme=NICU, reason="multiple anomalies"))
    hospital.hears(boy.sheet("consulted", specialty="Medical genetics"))
    hospital.hears(boy.sheet("consent_recorded", consent_kind="genetic_test", decision="granted"), boy.genome_ordered())
    hospital.hears(*(boy.blood_of(whom) for whom in ("child", "mother", "father")))
    hospital.at(2)
    hospital.hears(boy.died())
    assert (hospital.where(boy, NICU).status, hospital.where(boy, NICU)["main"]) == ("active", "at_lab")
    hospital.at(3, 10)
    hospital.hears(boy.genome("F", "PTPN11", "p.Asn308Asp"))
    hospital.records(hospital.petra, boy, "provider_notified", NICU, to="genetics", how="phone", read_back=True)
    assert hospital.where(boy, NICU)["main"] == "after_death"
    hospital.live_until(5)
    assert "parents-not-told-after-death" in hospital.asked(hospital.gwen)
    hospital.records(hospital.gwen, boy, "result_communicated", NICU, how="in person", to="parents")
    hospital.records(hospital.gwen, boy, "management_recorded", NICU, action="none")
    assert hospital.where(boy, NICU).outcome == "told_after_death"
    assert list(hospital.messages(boy)) == []
