"""The true course of a patient with suspected advanced lung cancer, from referral to drug, by the step at which they are to be lost."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from . import findings
from .course import Course, Pen
from .findings import Drug, Report
from .people import SyntheticPerson

PATHWAY = "nsclc-biomarker"
FATES = (
    ("no_biopsy", 66),
    ("insufficient", 136),
    ("overestimated", 14),
    ("not_ordered", 137),
    ("no_answer", 119),
    ("too_late", 25),
    ("not_matched", 147),
    ("matched", 356),
)
"""Lost per 1,000 at each step of the published funnel (Sadik 2022; steps 5 and 6 approximate), and those who arrive."""

NOT_MATCHED = (
    ("nothing_found", 36),
    ("later_line", 30),
    ("denied", 20),
    ("empiric", 22),
    ("other_therapy", 14),
    ("died", 14),
    ("nobody_acted", 11),
)
"""How the 147 of step 7 end; local assumption."""

AFTER_LOSS = (("silence", 48), ("died", 22), ("empiric", 14), ("hospice", 9), ("transferred", 7))
"""What becomes of those lost before a usable result; local assumption."""


CLOSED_AS = {
    "no_biopsy": "lost_to_follow_up",
    "insufficient": "qns_no_rebiopsy",
    "overestimated": "qns_no_rebiopsy",
    "not_ordered": "not_ordered",
    "no_answer": "test_failed_no_repeat",
}
"""The exit reason under which a patient lost at a step is closed."""


def course(person: SyntheticPerson, fate: str, dice: random.Random, start: datetime) -> Course:
    """`start` is the day somebody suspected lung cancer."""
    pen = Pen(person, dice, start)
    pen.write("referral", id=pen.id("R"), code="R91.1", text="Solitary pulmonary nodule")
    _to_drug(pen, fate)
    return pen.course(PATHWAY, fate)


def _to_drug(pen: Pen, fate: str) -> None:
    if fate == "no_biopsy":
        lost(pen, fate)
        return
    accession = _biopsy(pen)
    if fate == "insufficient":
        _rejected(pen, accession)
        lost(pen, fate)
        return
    if pen.chance(0.09):
        _rejected(pen, accession)
        pen.wait(5, 0.5)
        accession = _biopsy(pen, again=True)
    _test(pen, fate, accession)


def _biopsy(pen: Pen, again: bool = False) -> str:
    """Order, visit, tissue, pathology, diagnosis. The accession of the block."""
    order, accession = pen.id("B"), pen.id("S")
    pen.wait(2.5 if not again else 1.5, 0.7)
    pen.write("biopsy_ordered", id=order)
    day = pen.after(7, 0.45)
    pen.now = _visit(pen, day) if pen.chance(0.4) else day  # the others are biopsied while in hospital
    pen.write("biopsy_done", id=order)
    pen.collect(accession, specimen_class="tissue", order=order)
    pen.wait(3.5, 0.4)
    pen.report("pathology_report", accession, id=pen.id("P"))
    if not again:
        pen.write("diagnosis", id=pen.id("D"), code="C34.11", stage="IV", histology="adenocarcinoma")
    return accession


def _visit(pen: Pen, day: datetime) -> datetime:
    """An appointment is booked for that day, now and then missed and booked again. The day it is kept."""
    visit = pen.id("V")
    pen.write("visit_booked", pen.in_hours(pen.now + timedelta(hours=2)), id=visit, start=day, service="Procedure")
    if pen.chance(0.12):
        pen.now = day
        pen.write("visit_missed", id=visit, start=day)
        visit, day = pen.id("V"), pen.after(6, 0.4)
        pen.write("visit_booked", pen.in_hours(pen.now + timedelta(days=1)), id=visit, start=day, service="Procedure")
    pen.write("visit_kept", day, id=visit, start=day)
    return day


def _rejected(pen: Pen, accession: str) -> None:
    pen.wait(1.5, 0.5)
    pen.write("specimen_rejected", accession=accession, reason="QNS", text="Quantity not sufficient")


def _test(pen: Pen, fate: str, accession: str) -> None:
    if pen.chance(0.25):  # laboratories seldom say so before the result
        pen.write("specimen_adequate", pen.after(0.7, 0.3), accession=accession)
    if fate == "overestimated":
        pen.wait(6, 0.4)
        pen.write(
            "specimen_rejected",
            accession=accession,
            reason="RS",
            text="Evaluated again: tumour cell content was overestimated, not of the quality to be tested",
        )
        lost(pen, fate)
        return
    if fate == "not_ordered":
        lost(pen, fate)
        return
    order, filler = pen.id("T"), pen.id("F")
    pen.wait(0.4 if pen.chance(0.2) else 1.6, 0.6)
    pen.write("test_ordered", id=order, accession=accession)
    _ship(pen, order, accession)
    if fate == "too_late":
        _start_without_result(pen)
    if pen.chance(0.12) and fate not in ("no_answer", "too_late"):
        _plasma(pen)
    pen.wait(9 if fate != "too_late" else 24, 0.35)
    if fate == "no_answer":
        pen.report("result_failed", accession, id=filler, order=order, text="Inconclusive: sequencing failed quality control")
        lost(pen, fate)
        return
    _result(pen, fate, order, filler, accession, already=fate == "too_late")


def _ship(pen: Pen, order: str, accession: str) -> None:
    pen.wait(1.2, 0.5)
    if pen.chance(0.5):  # the others are tested in the house
        pen.write("specimen_sent", accession=accession, order=order)
    pen.wait(1.3, 0.4)
    pen.write("specimen_received", accession=accession, order=order, specimen_class="tissue")


def _plasma(pen: Pen) -> None:
    """Blood is drawn beside the tissue; a negative one closes nothing."""
    order, filler, accession = pen.id("T"), pen.id("F"), pen.id("S")
    pen.write("test_ordered", id=order, accession=accession, specimen_class="plasma")
    drawn = pen.after(1, 0.4)
    pen.collect(accession, drawn, specimen_class="plasma", order=order)
    pen.write("specimen_received", drawn + timedelta(days=1), accession=accession, order=order, specimen_class="plasma")
    answer = drawn + timedelta(days=pen.dice.uniform(5, 9))
    pen.report("result_final", accession, pen.in_hours(answer), id=filler, order=order, report=findings.nothing(), specimen_class="plasma")


def _result(pen: Pen, fate: str, order: str, filler: str, accession: str, *, already: bool) -> None:
    ending = pen.dice.choices([name for name, _ in NOT_MATCHED], [weight for _, weight in NOT_MATCHED])[0]
    ending = {"matched": "matched", "too_late": "silence"}.get(fate, ending)
    report = {"nothing_found": findings.nothing, "later_line": findings.later_line}.get(ending, lambda: findings.actionable(pen.dice))()
    if pen.chance(0.15):
        early = pen.in_hours(pen.now - timedelta(days=2))
        pen.report("result_partial", accession, early, id=filler, order=order, report=report, specimen_class="tissue")
    pen.report("result_final", accession, id=filler, order=order, report=report, specimen_class="tissue")
    if already:
        pen.wait(20, 0.4)
        _end(pen, "started_before_result")
        return
    treat(pen, ending, report)


def treat(pen: Pen, ending: str, report: Report) -> None:
    if ending == "empiric":
        pen.wait(1.5, 0.5)
        _give(pen, (findings.CARBOPLATIN,))
        pen.wait(30, 0.4)
        _end(pen, "clinician_decision_other_therapy", sub_reason="started before result")
    elif ending == "died":
        _died(pen)
    elif ending == "nobody_acted":
        pen.wait(2, 0.8)
        pen.write("result_reviewed")
        pen.wait(50, 0.4)
        _end(pen, "not_aware")
    elif ending == "other_therapy":
        _reviewed(pen, report)
        pen.wait(4, 0.5)
        _end(pen, "clinician_decision_other_therapy", sub_reason="comorbidity")
    else:
        _matched_drug(pen, ending, report)


def _reviewed(pen: Pen, report: Report) -> None:
    """The clinician reads the report, and mostly says at once what they make of it."""
    pen.wait(1.2, 0.8)
    pen.write("result_reviewed")
    if report.present and report.drugs and pen.chance(0.75):
        found = report.present
        pen.write("actionable_confirmed", told="act", gene=found.gene, alteration=found.protein or found.kind)


def _matched_drug(pen: Pen, ending: str, report: Report) -> None:
    _reviewed(pen, report)
    if not report.drugs:
        return
    pen.wait(3.5, 0.6)
    pen.write("treatment_decided", decision="matched", drugs=report.drugs)
    pen.wait(0.8, 0.5)
    orders = [(pen.id("X"), drug) for drug in report.drugs]
    for order, drug in orders:
        pen.write("drug_ordered", id=order, drug=drug)
    if not _authorized(pen, report.drugs[0], denied=ending == "denied"):
        return
    for order, drug in orders:
        _hand_over(pen, order, drug)


def _authorized(pen: Pen, drug: Drug, *, denied: bool) -> bool:
    """The payer's answer: 71 of 100 oncology prescriptions need one (clinical literature)."""
    if not denied and not pen.chance(0.71):
        return True
    claim = pen.id("A")
    pen.wait(0.6, 0.5)
    pen.write("pa_submitted", id=claim, subject="drug", drug=drug)
    pen.wait(2.5, 0.6)
    if denied or pen.chance(0.12):
        pen.write("pa_denied", id=claim, subject="drug", reason="Not medically necessary", drug=drug)
        if denied:
            pen.wait(20, 0.5)
            _end(pen, "payer_denial_final")
            return False
        pen.wait(4, 0.6)
        claim = pen.id("A")  # an appeal has a number of its own
        pen.write("pa_appealed", subject="drug", id=claim)
        pen.wait(6, 0.5)
    pen.write("pa_approved", id=claim, subject="drug", drug=drug)
    return True


def _hand_over(pen: Pen, order: str, drug: Drug) -> None:
    if drug.route == "iv":
        pen.wait(6, 0.5)
        pen.write("drug_administered", id=pen.id("Y"), order=order, drug=drug)
        return
    pen.wait(4, 0.6)
    pen.write("drug_dispensed", id=pen.id("Y"), order=order, drug=drug, handed_over=True)
    first = pen.after(1.5, 0.5)
    pen.write("first_dose_attested", first, drug=drug)
    if pen.chance(0.85):
        pen.write(
            "drug_dispensed",
            pen.in_hours(first + timedelta(days=pen.dice.uniform(26, 34))),
            id=pen.id("Y"),
            order=order,
            drug=drug,
            handed_over=True,
        )


def _start_without_result(pen: Pen) -> None:
    """Chemotherapy begins while the test is still running."""
    kept, pen.now = pen.now, pen.after(8, 0.3)
    _give(pen, (findings.CARBOPLATIN,))
    pen.now = kept


def _give(pen: Pen, drugs: tuple[Drug, ...]) -> None:
    for drug in drugs:
        order = pen.id("X")
        pen.write("drug_ordered", id=order, drug=drug)
        pen.write("drug_administered", pen.in_hours(pen.now + timedelta(days=3)), id=pen.id("Y"), order=order, drug=drug)


def lost(pen: Pen, fate: str) -> None:
    """Nobody comes back to the next step; what became of the patient, and as what the navigator closes it in the end."""
    became = pen.dice.choices([name for name, _ in AFTER_LOSS], [weight for _, weight in AFTER_LOSS])[0]
    pen.wait(25, 0.5)
    if became == "died":
        _died(pen, 30)
    elif became == "hospice":
        pen.write("hospice_started")
        pen.wait(3, 0.5)
        _end(pen, "hospice_or_bsc")
    elif became == "transferred":
        _end(pen, "transferred")
    elif became == "empiric":
        _give(pen, (findings.CARBOPLATIN,))
        pen.wait(30, 0.4)
        _end(pen, "started_before_result")
    else:
        pen.wait(28, 0.4)
        _end(pen, CLOSED_AS[fate])


def _end(pen: Pen, reason: str, **details: Any) -> None:
    """A navigator or clinician ends the journey with a coded reason."""
    pen.write("exited", told="act", reason=reason, **details)


def _died(pen: Pen, after: float = 30) -> None:
    pen.wait(after, 0.6)
    pen.write("death")
