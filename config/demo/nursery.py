"""The true courses of children: a newborn's screen, and a rapid genome in intensive care. A ward's sheet tells most of it.

Fates are local assumptions; about one screen in twenty-five is positive in a genomic programme (GUARDIAN, JAMA 2024), more here so that there is
something to see, and about two of five rapid genomes find a cause (Project Baby Bear).
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from .course import ZONES, Course, Pen
from .people import FAMILY, GIVEN, SyntheticPerson

SCREENING, GENOME = "newborn-screening", "nicu-rapid-genome"
SCREEN_FATES = (("in_range", 12), ("late_spot", 2), ("second_spot", 2), ("urgent", 1), ("positive", 2), ("refused", 1))
GENOME_FATES = (("cause", 5), ("no_cause", 5), ("no_trio", 2), ("untold", 1), ("died", 1), ("declined", 1))
WEEKS_OLD = timedelta(days=70)  # in intensive care for long: a birth that is no news any more, and so no newborn to screen


def _child(person: SyntheticPerson, born: datetime, dice: random.Random) -> SyntheticPerson:
    """The invented person as a child whose mother has the telephone, if there is one."""
    mother = dice.choice(GIVEN["female"])
    family = person.family or dice.choice(FAMILY["en"])
    return msgspec.structs.replace(
        person, family=family, born=born.date(), consents=False, mother=mother, mothers_phone=person.phone, phone="", payer="Medicaid"
    )


class _Ward:
    """Writes a child's days in order: hours after the start, moved on to an hour when somebody writes, no two things at one moment."""

    def __init__(self, person: SyntheticPerson, dice: random.Random, start: datetime) -> None:
        self.pen = Pen(person, dice, start)
        self.start = self.last = self.pen.now

    def write(self, kind: str, hours: float, **data: Any) -> datetime:
        at = self.last = max(self.pen.in_hours(self.start + timedelta(hours=hours)), self.last + timedelta(minutes=20))
        self.pen.write(kind, at, sheet=True, **data)
        return at


def screening(person: SyntheticPerson, fate: str, dice: random.Random, start: datetime) -> Course:
    """`start` is the day of birth."""
    born = Pen(person, dice, start).now
    ward = _Ward(_child(person, born, dice), dice, start)
    order = ward.pen.id("N")
    day_after = datetime.combine(born.date() + timedelta(days=1), time(), ZoneInfo(ZONES[person.site]))
    ward.pen.write("born", told="unseen", day_is_over=day_after.astimezone(UTC))
    ward.write("test_ordered", 2, id=order, text="Newborn screening panel")
    if fate == "refused":
        ward.write("screening_refused", 4, reason="wish of the parents", form="signed")
        ward.pen.write("exited", ward.pen.in_hours(ward.start + timedelta(hours=50)), told="act", reason="declined_test")
        return ward.pen.course(SCREENING, fate)
    spot = ward.pen.id("S")
    hours = 120 if fate == "late_spot" else 28
    _spot(ward, spot, order, hours)
    if fate == "second_spot":
        ward.write(
            "specimen_rejected", hours + 30, id=spot, specimen=spot, order=order, specimen_class="dried_blood_spot", reason="quantity"
        )
        spot, hours = ward.pen.id("S"), 200
        _spot(ward, spot, ward.pen.id("N"), hours)
    positive = fate in ("urgent", "positive")
    urgency = {"criticality": "time_critical" if fate == "urgent" else "other"} if positive else {}
    answer = "out_of_range" if positive else "in_range"
    known = ward.write("screen_result", hours + 72, id=ward.pen.id("R"), specimen=spot, answer=answer, **urgency)
    if positive:
        _follow(ward, _hours(ward, known), urgent=fate == "urgent")
    return ward.pen.course(SCREENING, fate)


def _spot(ward: _Ward, spot: str, order: str, hours: float) -> None:
    ward.write("specimen_collected", hours, id=spot, specimen=spot, order=order, specimen_class="dried_blood_spot")
    ward.write("specimen_received", hours + 20, id=spot, specimen=spot, order=order, specimen_class="dried_blood_spot")


def _follow(ward: _Ward, hours: float, *, urgent: bool) -> None:
    """Doctor, family, specialist, diagnosis, treatment: an urgent one in hours, another slowly."""
    about = {"programme": SCREENING}
    ward.write("provider_notified", hours + 1, to="paediatrician", how="phone", **about)
    ward.write("result_communicated", hours + (3 if urgent else 26), to="mother", how="phone", **about)
    ward.write("consulted", hours + (6 if urgent else 26 + 12 * 24), specialty="Metabolic disease")
    ward.write("diagnosis_resolved", hours + (6 * 24 if urgent else 28 * 24), outcome="true_positive" if urgent else "false_positive")
    if urgent:
        ward.write("management_recorded", hours + 6 * 24 + 2, action="diet", **about)


def genome(person: SyntheticPerson, fate: str, dice: random.Random, start: datetime) -> Course:
    """`start` is the day on which the team says that the child meets the criteria."""
    born = Pen(person, dice, start).now - WEEKS_OLD
    ward = _Ward(_child(person, born, dice), dice, start)
    about = {"programme": GENOME}
    ward.write("eligibility_flagged", 0, reason="seizures without a cause", **about)
    ward.write("consulted", 5, specialty="Medical genetics")
    decision = "revoked" if fate == "declined" else "granted"
    ward.write("consent_recorded", 20, consent_kind="genetic_test", decision=decision, **about)
    if fate == "declined":
        ward.pen.write("exited", ward.pen.in_hours(ward.start + timedelta(hours=70)), told="act", reason="declined_test")
        return ward.pen.course(GENOME, fate)
    order = ward.pen.id("G")
    ward.write("test_ordered", 22, id=order, text="Rapid whole genome sequencing, trio")
    for donor, after in (("", 23), ("mother", 24)):
        ward.write("specimen_collected", after, id=ward.pen.id("B"), order=order, specimen_class="blood", donor=donor)
    if fate == "no_trio":
        sampled = 9 * 24
        ward.write("parent_unavailable", sampled, parent="father", reason="cannot be found")
    else:
        sampled = 27
        ward.write("specimen_collected", sampled, id=ward.pen.id("B"), order=order, specimen_class="blood", donor="father")
    _answer(ward, fate, order, sampled)
    return ward.pen.course(GENOME, fate)


def _hours(ward: _Ward, at: datetime) -> float:
    return (at - ward.start).total_seconds() / 3600


def _answer(ward: _Ward, fate: str, order: str, sampled: float) -> None:
    if fate == "died":
        ward.pen.write("death", ward.pen.in_hours(ward.start + timedelta(hours=sampled + 30)))
    found = {"gene": "KCNQ2", "alteration": "p.Ala294Val", "presence": "present", "significance": "pathogenic"} if fate == "cause" else {}
    report = {"order": order, "text": "Rapid genome", **found}
    heard = ward.write("result_partial", sampled + 66, id=ward.pen.id("P"), **report)
    hours = _hours(ward, heard)
    _tell(ward, hours, late=fate == "untold")
    ward.write(
        "management_recorded",
        hours + (8 * 24 if fate == "untold" else 24),
        action="medication" if fate == "cause" else "none",
        programme=GENOME,
    )
    final = ward.write("result_final", sampled + (9 if fate == "no_trio" else 6) * 24, id=ward.pen.id("F"), **report)
    again = _hours(ward, final)
    _tell(ward, again, late=False)
    if fate == "died":
        return
    ward.write("discharged", again + 7 * 24, facility="NICU")
    ward.write("consulted", again + 27 * 24, specialty="Medical genetics")


def _tell(ward: _Ward, hours: float, *, late: bool) -> None:
    ward.write("provider_notified", hours + 1, to="neonatology", how="phone", read_back="yes", programme=GENOME)
    ward.write("result_communicated", hours + (6 * 24 if late else 3), to="parents", how="in person", programme=GENOME)
