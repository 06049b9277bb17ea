"""The true course of a patient under surveillance after surgery: a draw every three months, some missed, a few that find disease."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from pathways.deadlines import add_months

from .course import Course, Pen
from .people import SyntheticPerson

PATHWAY = "mrd-surveillance"
FATES = (("kept", 8), ("misses", 5), ("positive", 3), ("not_ordered", 2))
"""Local assumption: no adherence to serial draws is published."""

TEST = "Minimal residual disease, tumor-informed ctDNA"
MOST_DRAWS = 8


def course(person: SyntheticPerson, fate: str, dice: random.Random, start: datetime) -> Course:
    """`start` is the day of surgery."""
    pen = Pen(person, dice, start)
    operated = pen.now
    pen.write("surgery_done", id=pen.id("OP"), text="Right hemicolectomy")
    if fate == "not_ordered":
        pen.wait(70, 0.2)
        pen.write("exited", told="act", reason="not_ordered")
        return pen.course(PATHWAY, fate)
    pen.wait(14, 0.4)
    order = pen.id("M")
    pen.write("test_ordered", id=order, accession=f"{order}B", test=TEST, specimen_class="plasma")
    pen.wait(6, 0.5)
    _draw(pen, order, f"{order}B", found=False, turnaround=27)
    missed = dice.randint(1, 2)
    for number in range(1, MOST_DRAWS + 1):
        due = _due(pen, operated, number)
        late = fate == "misses" and number == missed
        pen.now = max(
            pen.in_hours(due + timedelta(days=dice.uniform(22, 45) if late else dice.uniform(-9, 9))), pen.now + timedelta(days=1)
        )
        found = fate == "positive" and number == missed
        _draw(pen, order, f"{order}{number}", found=found, turnaround=7)
        if found:
            _answer(pen)
            break
    return pen.course(PATHWAY, fate)


def _due(pen: Pen, operated: datetime, number: int) -> datetime:
    return datetime.combine(add_months(operated.astimezone(pen.zone).date(), 3 * number), datetime.min.time().replace(hour=11), pen.zone)


def _draw(pen: Pen, order: str, accession: str, *, found: bool, turnaround: float) -> None:
    pen.collect(accession, specimen_class="plasma", order=order, test=TEST)
    pen.wait(turnaround, 0.25)
    answer = "Detected" if found else "Not detected"
    pen.report("result_final", accession, id=f"{accession}R", order=order, test=TEST, answers=((TEST, answer),), specimen_class="plasma")
    pen.wait(1.5, 0.8)
    pen.write("result_communicated", told="act", how="phone")


def _answer(pen: Pen) -> None:
    """A positive draw: looked at, pictured, decided, and the journey handed over to treatment."""
    pen.write("result_reviewed", pen.now + timedelta(minutes=5), told="act", clinician="Lund")
    pen.wait(9, 0.5)
    pen.write("imaging_done", id=pen.id("CT"), text="CT of the trunk")
    pen.wait(7, 0.6)
    pen.write("treatment_decided", decision="other")
    pen.wait(3, 0.4)
    pen.write("exited", told="act", reason="recurrence_treated")
