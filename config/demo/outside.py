"""The true course of a result from outside: a consumer's raw data, confirmed in a clinical laboratory or not."""

from __future__ import annotations

import random
from datetime import datetime

from .course import Course, Pen
from .people import SyntheticPerson

PATHWAY = "external-result"
FATES = (("not_confirmed", 6), ("confirmed", 5), ("nothing", 3), ("forgotten", 2), ("declined", 2))
"""Two in five variants of raw data are not there when a clinical laboratory looks (Tandy-Connor 2018); the rest is a local assumption."""

TEST = "BRCA1 known variant, confirmatory single site analysis"


def course(person: SyntheticPerson, fate: str, dice: random.Random, start: datetime) -> Course:
    """`start` is the day on which the document comes in."""
    pen = Pen(person, dice, start)
    pen.write(
        "external_result", id=pen.id("E"), document_class="dtc_raw", gene="BRCA1", presence="present", text="Raw data of a consumer test"
    )
    if fate == "forgotten":
        return pen.course(PATHWAY, fate)
    pen.wait(3, 0.7)
    pen.write("triaged", told="act", decision="nothing" if fate == "nothing" else "confirm")
    if fate != "nothing":
        _confirm(pen, fate)
    return pen.course(PATHWAY, fate)


def _confirm(pen: Pen, fate: str) -> None:
    pen.wait(6, 0.7)
    if fate == "declined":
        pen.write("exited", told="act", reason="declined_test")
        return
    order = pen.id("K")
    pen.write("test_ordered", id=order, accession=f"{order}B", test=TEST, specimen_class="blood")
    pen.wait(6, 0.7)
    pen.collect(f"{order}B", specimen_class="blood", order=order, test=TEST)
    pen.wait(20, 0.3)
    answer = "Pathogenic variant detected" if fate == "confirmed" else "Not detected"
    pen.report("result_final", f"{order}B", id=f"{order}R", order=order, test=TEST, answers=((TEST, answer),), specimen_class="blood")
    pen.wait(2, 0.7)
    pen.write("confirmation_concluded", told="act", conclusion=fate, gene="BRCA1")
    pen.wait(5, 0.6)
    pen.write("result_communicated", told="act", how="visit")
    if fate == "confirmed":
        pen.wait(3, 0.6)
        pen.write("handed_over", told="act", to="hereditary-cancer", accepted=True)
