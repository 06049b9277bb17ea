"""The true course of a patient with a pharmacogenetic panel on file: years of nothing, then a drug that it affects."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from . import findings
from .course import Course, Pen
from .people import SyntheticPerson

PATHWAY = "pgx-preemptive"
FATES = (("unexposed", 7), ("changed", 5), ("overridden", 3), ("unanswered", 1), ("converted", 2))
"""Local assumption."""

PANEL = "Pharmacogenomic panel, pre-emptive"
MARKER = "{} gene product metabolic activity interpretation"


def course(person: SyntheticPerson, fate: str, dice: random.Random, start: datetime) -> Course:
    """`start` is the day of the panel's report."""
    pen = Pen(person, dice, start)
    accession = pen.id("G")
    pen.collected[accession] = pen.now - timedelta(days=9)
    phenotypes = {"CYP2C19": "Normal metabolizer", "CYP2D6": "Normal metabolizer"}
    if fate in ("changed", "overridden", "unanswered"):
        phenotypes["CYP2C19"] = dice.choice(("Poor metabolizer", "Intermediate metabolizer"))
    answers = tuple((MARKER.format(gene), said) for gene, said in phenotypes.items())
    pen.report("result_final", accession, id=f"{accession}R", order="", test=PANEL, answers=answers, specimen_class="saliva", foreign=True)
    pen.wait(90, 0.7)
    if fate == "converted":
        pen.write("drug_ordered", id=pen.id("X"), drug=findings.PAROXETINE)
        pen.wait(12, 0.5)
    harmless = fate == "unexposed"
    drug = findings.CODEINE if fate == "converted" or harmless else findings.CLOPIDOGREL
    order = pen.id("X")
    pen.write("drug_ordered", id=order, drug=drug)
    if not harmless:
        _answer(pen, fate)
    return pen.course(PATHWAY, fate)


def _answer(pen: Pen, fate: str) -> None:
    pen.wait(0.15, 0.9)
    pen.write("recommendation_delivered", to="prescriber")
    if fate == "unanswered":
        return
    pen.wait(0.8, 0.8)
    answer = "overridden" if fate in ("overridden", "converted") else "changed"
    pen.write("prescriber_answered", told="act", answer=answer, reason="one dose, supervised" if answer == "overridden" else "")
    if answer == "changed":
        order = pen.id("X")
        pen.wait(1, 0.4)
        pen.write("drug_ordered", id=order, drug=findings.TICAGRELOR)
        pen.wait(2, 0.6)
        pen.write("drug_dispensed", id=pen.id("Y"), order=order, drug=findings.TICAGRELOR, handed_over=True)
