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
