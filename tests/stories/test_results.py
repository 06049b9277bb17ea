"""What a report may say, and what follows from it."""

from __future__ import annotations

import pytest

from .letters import CARBOPLATIN, G12C, L858R, PEMBROLIZUMAB
from .telling import Hospital, day

pytestmark = pytest.mark.django_db


def test_an_actionable_result_after_chemotherapy_began_is_a_safety_question_to_the_oncologist(hospital: Hospital) -> None:
    """Chemo-immunotherapy starts before the report. When EGFR comes, Dr. Petra is asked the same day; Ana is not nudged, not even about a
    visit that she missed."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(7)
    hospital.hears(ana.infusion(PEMBROLIZUMAB), ana.infusion(CARBOPLATIN, "IV2"))
    assert hospital.milestone(ana, "empiric_started") == "reached"
    hospital.at(14)
    hospital.hears(ana.report(EGFR=L858R))
    hospital.live_until(14)
    assert hospital.asked(hospital.petra) == ["empiric-safety"]
    hospital.at(15)
    hospital.hears(ana.visit(day(15), came=False))
    hospital.live_until(20)
    assert "visit-missed" in hospital.asked(hospital.dara)
    assert hospital.texts_to(ana) == []
    hospital.hears(ana.sheet("treatment_decided", decision="matched"))
    hospital.tick()
    assert "empiric-safety" not in hospital.asked(hospital.petra)


def test_kras_g12c_in_the_first_line_is_watched_and_is_no_stall(hospital: Hospital) -> None:
    """KRAS G12C has a drug, but for a later line. Read once, it rests; half a year later somebody looks again."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(14)
    hospital.hears(ana.report(KRAS=G12C))
    assert hospital.where(ana)["main"] == "to_review"
    hospital.at(15)
    hospital.hears(ana.sheet("result_reviewed"))
    assert hospital.where(ana)["main"] == "later_line"
    assert hospital.where(ana).status == "active"
    hospital.live_until(45)
    assert hospital.everybodys_work() == []
    hospital.at(200, 14)
    hospital.tick()
    assert hospital.everybodys_work() == ["later-line-review"]


def test_a_complete_negative_panel_that_was_read_is_a_good_end(hospital: Hospital) -> None:
    """Every gene was tested and none is altered. No rule closes it before somebody has read it."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(14)
    hospital.hears(ana.report())
    assert (hospital.where(ana).status, hospital.where(ana)["main"]) == ("active", "to_review")
    hospital.at(15)
    hospital.hears(ana.sheet("result_reviewed"))
    assert (hospital.where(ana).status, hospital.where(ana).outcome) == ("completed", "no_actionable_alteration")
    hospital.live_until(30)
    assert hospital.everybodys_work() == []


def test_a_panel_with_a_gap_is_not_negative(hospital: Hospital) -> None:
    """ALK was not in the report. Read or not, nobody may call that negative: the rest of the panel is asked for."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(14)
    hospital.hears(ana.report(genes=["EGFR", "KRAS"]))
    hospital.at(15)
    hospital.hears(ana.sheet("result_reviewed"))
    assert (hospital.where(ana).status, hospital.where(ana)["main"]) == ("active", "to_complete")


def test_a_result_that_turns_from_present_to_absent_takes_everything_back_and_asks_a_person(hospital: Hospital) -> None:
    """EGFR is reported, confirmed to nobody yet, decided on, and Ana is texted that something is ready. Then the laboratory corrects it to
    absent. What was asked is withdrawn with that reason, and because Ana had been texted and Petra was at work, a person must know."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(14)
    hospital.hears(ana.report(EGFR=L858R))
    hospital.live_until(17)
    held = hospital.takes(hospital.petra, hospital.item("unconfirmed-flag", hospital.petra))
    hospital.at(18)
    hospital.hears(ana.drug_ordered())
    hospital.at(21)
    hospital.hears(ana.drug_handed_over(handed_over=False))
    hospital.live_until(24)
    assert len(hospital.texts_to(ana)) == 1

    hospital.at(25)
    held = hospital.takes(hospital.petra, hospital.item("unconfirmed-flag", hospital.petra))  # what she left lying went back to the team
    hospital.hears(ana.report(status="C"))
    assert hospital.milestone(ana, "flagged_actionable") not in ("reached", "implied")
    assert "corrected" in set(hospital.alerts(ana).values_list("reason", flat=True))
    hospital.live_until(25)
    held.refresh_from_db()
    assert (held.state, held.reason_gone_at is not None) == ("claimed", True)
    assert "result-changed" in hospital.asked(hospital.petra)
    assert len(hospital.texts_to(ana)) == 1


def test_negative_plasma_closes_nothing_while_tissue_is_at_the_laboratory(hospital: Hospital) -> None:
    """The blood test finds nothing, which says little. The journey goes on waiting for the tissue, and tissue decides."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(4)
    hospital.hears(ana.test_ordered("PORD", specimen="plasma"), ana.blood_drawn())
    hospital.at(10)
    hospital.hears(ana.report(specimen="plasma", order="PORD", accession="PACC", filler="PLAB"))
    hospital.hears(ana.sheet("result_reviewed"))
    assert hospital.where(ana).status == "active"
    assert (hospital.where(ana)["main"], hospital.where(ana)["tissue"], hospital.where(ana)["plasma"]) == ("awaiting_result", "at_lab", "")
    hospital.at(14)
    hospital.hears(ana.report(EGFR=L858R))
    assert hospital.where(ana)["main"] == "to_decide"


def test_tissue_too_little_plasma_negative_new_biopsy_positive_each_step_asks_the_right_person(hospital: Hospital) -> None:
    """The long way. The laboratory refuses Ana's tissue, and Lars has two working days to bring a plan; blood is one, and he is asked no more.
    Nobody draws it, and Dara calls. It finds nothing, which is no answer: once read, the panel is incomplete, and Lars is asked again. A new
    biopsy is ordered, its visit booked, missed and booked again: that is all that Ana is ever texted about. The new tissue has EGFR; only
    now Petra is asked about a drug, and when the pharmacy is late, Phil."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(4)
    hospital.hears(ana.too_little_tissue())
    assert (hospital.where(ana)["tissue"], hospital.where(ana)["main"], hospital.journey(ana).ball) == ("qns", "to_sample", "clinic")
    hospital.live_until(9)
    assert (hospital.asked(hospital.lars), hospital.asked(hospital.petra), hospital.asked(hospital.dara)) == (["qns"], [], [])

    hospital.at(10)
    hospital.hears(ana.test_ordered("PORD", specimen="plasma"))
    hospital.live_until(10)
    assert hospital.everybodys_work() == []
    assert (hospital.where(ana)["plasma"], hospital.where(ana)["tissue"]) == ("to_draw", "")
    hospital.live_until(18)
    assert hospital.asked(hospital.dara) == ["not-drawn"]
    hospital.at(19)
    hospital.hears(ana.blood_drawn())
    hospital.at(25)
    hospital.hears(ana.report(specimen="plasma", order="PORD", accession="PACC", filler="PLAB"))
    assert (hospital.where(ana).status, hospital.where(ana)["main"]) == ("active", "to_review")
    assert hospital.milestone(ana, "not_actionable") == "unknown"
    hospital.at(28)
    hospital.hears(ana.sheet("result_reviewed"))
    assert hospital.where(ana)["main"] == "to_complete"
    hospital.live_until(36)
    assert "panel-incomplete" in hospital.asked(hospital.lars)
    assert hospital.texts_to(ana) == []

    hospital.at(37)
    hospital.hears(ana.new_biopsy_ordered(), ana.test_ordered("ORD2"), ana.visit(day(42)))
    hospital.live_until(41)
    assert len(hospital.texts_to(ana)) == 1
    hospital.at(42)
    hospital.hears(ana.visit(day(42), came=False))
    hospital.live_until(44)
    hospital.at(45)
    hospital.hears(ana.visit(day(49), name="VIS2"))
    hospital.live_until(48)
    hospital.at(49)
    hospital.hears(ana.visit(day(49), came=True, name="VIS2"), ana.tissue_taken("ACC2"))
    hospital.at(50)
    hospital.hears(ana.tissue_at_lab("ACC2", order="ORD2"))
    assert hospital.where(ana)["tissue"] == "at_lab"
    texts = hospital.texts_to(ana)
    assert ["a visit with us" in text or "We missed you" in text for text in texts] == [True] * 3

    hospital.at(60)
    hospital.hears(ana.report(order="ORD2", accession="ACC2", filler="LAB2", EGFR=L858R))
    assert hospital.where(ana)["main"] == "to_decide"
    hospital.live_until(65)
    assert "unconfirmed-flag" in hospital.asked(hospital.petra)
    hospital.at(66)
    hospital.hears(ana.sheet("treatment_decided", decision="matched"), ana.drug_ordered())
    hospital.live_until(74)
    assert "no-drug" in hospital.asked(hospital.phil)
    hospital.at(75)
    hospital.hears(ana.drug_handed_over())
    assert (hospital.where(ana).phase, hospital.milestone(ana, "drug_received")) == ("started", "reached")
    assert hospital.texts_to(ana) == texts
