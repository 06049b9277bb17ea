"""People whom a step was forgotten for: the order, the decision, the new tissue."""

from __future__ import annotations

import pytest

from .letters import L858R
from .telling import Hospital, day

pytestmark = pytest.mark.django_db


def test_a_result_that_nobody_decides_on_comes_to_the_oncologist_then_to_the_lead(hospital: Hospital) -> None:
    """Ana has stage IV lung cancer; EGFR L858R is reported on a Monday and then nobody does anything.

    Dr. Petra is asked to confirm after two working days and to decide after five days; two days later lead navigator Lena hears of it,
    takes it up and gets the decision. Ana picks up her drug after one text that only says that something is ready, starts, and is still
    on it a month later. Nothing is left in anybody's queue.
    """
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(stage="IV"))
    hospital.is_treated_by(ana, hospital.petra)
    hospital.at(1)
    hospital.hears(ana.test_ordered())
    hospital.at(2)
    hospital.hears(ana.tissue_taken())
    hospital.at(3)
    hospital.hears(ana.tissue_at_lab())
    assert (hospital.where(ana).phase, hospital.where(ana)["tissue"]) == ("sampled", "at_lab")
    hospital.live_until(13)
    assert hospital.everybodys_work() == []

    hospital.at(14)
    hospital.hears(ana.report(EGFR=L858R))
    assert (hospital.where(ana).phase, hospital.where(ana)["main"]) == ("resulted", "to_decide")
    hospital.live_until(16)
    assert hospital.everybodys_work() == []
    hospital.live_until(17)
    assert hospital.asked(hospital.petra) == ["unconfirmed-flag"]
    hospital.live_until(20)
    assert hospital.asked(hospital.petra) == ["no-decision", "unconfirmed-flag"]
    hospital.live_until(22)
    item = hospital.item("no-decision", hospital.lena)
    assert (item.audience, item.also_for, item.priority) == ("lead", ["clinician"], 1)

    hospital.at(23)
    hospital.takes(hospital.lena, item)
    hospital.hears(ana.sheet("treatment_decided", decision="matched"))
    hospital.tick()
    item.refresh_from_db()
    assert (item.state, item.reason_gone_at is not None) == ("claimed", True)
    hospital.finishes(hospital.lena, item, "handled", note="Petra decided today.")
    assert hospital.everybodys_work() == []

    hospital.at(24)
    hospital.hears(ana.drug_ordered())
    hospital.at(28)
    hospital.hears(ana.drug_handed_over(handed_over=False))
    assert hospital.where(ana)["main"] == "pickup"
    hospital.live_until(31)
    assert len(hospital.texts_to(ana)) == 1
    assert "ready for you to pick up" in hospital.texts_to(ana)[0]
    hospital.at(32)
    hospital.hears(ana.drug_handed_over(fill=2))
    assert (hospital.where(ana).phase, hospital.where(ana)["main"]) == ("started", "confirm_start")
    hospital.at(33)
    hospital.records(hospital.dara, ana, "first_dose_attested", told_by="patient")
    assert hospital.where(ana)["main"] == "persistence"
    hospital.live_until(40)
    hospital.at(60)
    hospital.hears(ana.drug_handed_over(fill=3))

    assert (hospital.where(ana).status, hospital.where(ana).outcome) == ("completed", "matched_therapy")
    hospital.live_until(62)
    assert hospital.everybodys_work() == []
    assert not hospital.alerts(ana).filter(withdrawn_at=None).exists()
    assert len(hospital.texts_to(ana)) == 1


def test_tissue_without_an_order_stands_before_ordered(hospital: Hospital) -> None:
    """Bea's biopsy is taken and her cancer known, by FHIR, but nobody orders the test. Tissue never counts as an order.

    Lab liaison Lars is asked on the third day, then Dr. Petra, then the lead.
    """
    bea = hospital.knows("Bea", "Brandt")
    hospital.at(0)
    hospital.hears(bea.condition(), bea.tissue_taken())
    hospital.is_treated_by(bea, hospital.petra)
    assert (hospital.where(bea).phase, hospital.where(bea)["main"]) == ("identified", "to_order")
    assert hospital.milestone(bea, "specimen_collected") == "reached"
    assert hospital.milestone(bea, "test_ordered") not in ("reached", "implied")
    hospital.live_until(2)
    assert hospital.everybodys_work() == []
    hospital.live_until(3)
    assert hospital.asked(hospital.lars) == ["no-order"]
    assert hospital.waits_for(hospital.item("no-order", hospital.lars)) == "no biomarker test ordered"
    hospital.live_until(4)
    assert hospital.asked(hospital.petra) == ["no-order"]
    hospital.live_until(10)
    assert hospital.item("no-order", hospital.lena).audience == "lead"
    hospital.hears(bea.test_ordered())
    hospital.tick()
    assert hospital.everybodys_work() == []
    assert hospital.where(bea).phase == "sampled"


def test_too_little_tissue_asks_for_a_new_plan_and_the_patient_hears_of_the_visit_only(hospital: Hospital) -> None:
    """The laboratory refuses Ana's tissue: too little. Lars is asked for a plan. A new biopsy is ordered and a visit booked; the text
    to Ana speaks of the visit and of nothing else."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(4)
    hospital.hears(ana.too_little_tissue())
    assert (hospital.where(ana).phase, hospital.where(ana)["tissue"], hospital.where(ana)["main"]) == ("ordered", "qns", "to_sample")
    hospital.live_until(9)
    assert hospital.asked(hospital.lars) == ["qns"]
    assert hospital.texts_to(ana) == []

    hospital.at(10)
    hospital.hears(ana.new_biopsy_ordered(), ana.visit(day(15)))
    hospital.live_until(10)
    assert hospital.asked(hospital.lars) == []
    hospital.live_until(14)
    (text,) = hospital.texts_to(ana)
    assert text.startswith("Hello Ana, this is North Valley. You have a visit with us coming up.")
    hospital.at(15)
    hospital.hears(ana.visit(day(15), came=True), ana.tissue_taken("ACC2"))
    assert (hospital.where(ana).phase, hospital.where(ana)["main"]) == ("sampled", "awaiting_result")
    hospital.at(16)
    hospital.hears(ana.tissue_at_lab("ACC2"))
    assert hospital.where(ana)["tissue"] == "at_lab"
    assert len(hospital.texts_to(ana)) == 1


def test_too_little_tissue_may_be_answered_with_blood(hospital: Hospital) -> None:
    """Plasma is ordered instead of a second biopsy; that is a plan, so the question about the tissue ends."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(4)
    hospital.hears(ana.too_little_tissue())
    hospital.at(7)
    hospital.hears(ana.test_ordered("PORD", specimen="plasma"))
    assert (hospital.where(ana)["tissue"], hospital.where(ana)["plasma"]) == ("", "to_draw")
    hospital.at(8)
    hospital.hears(ana.blood_drawn())
    assert (hospital.where(ana)["plasma"], hospital.where(ana)["main"]) == ("at_lab", "awaiting_result")


def test_what_comes_late_or_twice_rings_and_texts_nobody_twice(hospital: Hospital) -> None:
    """The interface engine sends a whole week again, and the collection of the tissue arrives a month late. Nobody is asked anew."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    week = [ana.has_lung_cancer(), ana.visit(day(9))]
    hospital.at(1)
    week.append(ana.test_ordered())
    hospital.at(2)
    late = ana.tissue_taken()
    hospital.at(3)
    week.append(ana.tissue_at_lab())
    hospital.hears(*week)
    hospital.live_until(20)
    before = (hospital.everybodys_work(), hospital.texts_to(ana), hospital.alerts(ana).count())
    assert before[0]
    assert len(before[1]) == 1

    assert hospital.hears(*week, *week).duplicate == 2 * len(week)
    hospital.hears(late)
    for _ in range(3):
        hospital.tick()
        hospital.send()
    assert (hospital.everybodys_work(), hospital.texts_to(ana), hospital.alerts(ana).count()) == before
    assert hospital.milestone(ana, "specimen_collected") == "reached"
