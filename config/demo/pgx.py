"""The true course of a patient whose drug depends on a gene: stent and clopidogrel (CYP2C19), or fluorouracil (DPYD)."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from . import findings
from .course import Course, Pen
from .people import SyntheticPerson

PATHWAY = "pgx-reactive"
FATES = (("never_ordered", 12), ("no_result", 6), ("normal", 45), ("unanswered", 11), ("overridden", 6), ("changed", 20))
"""Local assumption; about a third carry a loss-of-function allele, of whom half to two thirds are changed (PMC9245803)."""


def course(person: SyntheticPerson, fate: str, dice: random.Random, start: datetime) -> Course:
    """`start` is the day the drug is prescribed."""
    pen = Pen(person, dice, start)
    order = pen.id("X")
    pen.write("diagnosis", id=pen.id("D"), code="I25.10", text="Atherosclerotic heart disease of native coronary artery")
    pen.write("drug_ordered", id=order, drug=findings.CLOPIDOGREL)
    pen.write("drug_dispensed", pen.after(0.5, 0.3), id=pen.id("Y"), order=order, drug=findings.CLOPIDOGREL, handed_over=True)
    if fate == "never_ordered":
        _close(pen, 30, "not_ordered")
    else:
        _test(pen, fate)
    return pen.course(PATHWAY, fate)


def _test(pen: Pen, fate: str) -> None:
    test, filler, accession = pen.id("T"), pen.id("F"), pen.id("S")
    pen.wait(0.4, 0.5)
    pen.write("test_ordered", id=test, accession=accession, gene="CYP2C19", specimen_class="saliva")
    pen.wait(0.4, 0.5)
    pen.collect(accession, specimen_class="saliva", order=test)
    if fate == "no_result":
        _close(pen, 40, "test_failed_no_repeat")
        return
    pen.wait(3, 0.4)
    phenotype = "Normal metabolizer" if fate == "normal" else pen.dice.choice(("Poor metabolizer", "Intermediate metabolizer"))
    pen.report("result_final", accession, id=filler, order=test, gene="CYP2C19", phenotype=phenotype, specimen_class="saliva")
    if fate != "normal":
        _answer(pen, fate)


def _answer(pen: Pen, fate: str) -> None:
    pen.wait(0.1, 0.9)
    pen.write("recommendation_delivered", to="prescriber")
    if fate == "unanswered":
        _close(pen, 40, "result_not_reviewed")
        return
    pen.wait(0.8, 0.8)
    pen.write("prescriber_answered", told="act", answer=fate)
    if fate == "changed":
        order = pen.id("X")
        pen.write("drug_ordered", pen.now + timedelta(minutes=30), id=order, drug=findings.TICAGRELOR)
        pen.wait(2, 0.6)
        pen.write("drug_dispensed", id=pen.id("Y"), order=order, drug=findings.TICAGRELOR, handed_over=True)


def _close(pen: Pen, after: float, reason: str) -> None:
    """The pharmacist ends the journey with a coded reason."""
    pen.wait(after, 0.4)
    pen.write("exited", told="act", reason=reason)
