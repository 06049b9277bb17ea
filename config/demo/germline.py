"""The true courses of hereditary cancer and of population screening, with relatives. The genetics clinic's sheet tells most of it.

Fates are local assumptions; what was published of such programmes is in `docs/pathways.md` and beside the definitions' targets.
"""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

from .course import Course, Pen
from .people import SyntheticPerson

FAMILY, SCREEN = "hereditary-cancer", "population-screening"
FAMILY_FATES = (("not_referred", 3), ("not_counselled", 3), ("nothing_found", 4), ("uncertain", 3), ("told_late", 2), ("managed", 5))
SCREEN_FATES = (("no_sample", 3), ("nothing_found", 6), ("known_before", 1), ("not_reached", 2), ("managed", 3))
RELATIVES = ("sister", "brother", "daughter")


class _Clinic:
    """Writes what happens a while after the last thing, at an hour when somebody works."""

    def __init__(self, person: SyntheticPerson, dice: random.Random, start: datetime) -> None:
        self.pen = Pen(person, dice, start)

    def write(self, kind: str, after: float = 0.0, **data: Any) -> None:
        if after:
            self.pen.wait(after, 0.15)
        self.pen.write(kind, sheet=True, **data)

    def act(self, kind: str, after: float, **data: Any) -> None:
        self.pen.wait(after, 0.15)
        self.pen.write(kind, told="act", **data)

    def test(self, text: str, taken: float, reported: float, **found: str) -> None:
        """Ordered, blood taken, reported: one gene is named, as found or as absent."""
        order, sample = self.pen.id("G"), self.pen.id("B")
        about = {"order": order, "specimen_class": "blood"}
        self.write("test_ordered", 0.2, id=order, text=text, **about)
        self.write("specimen_collected", taken, id=sample, specimen=sample, **about)
        self.write("result_final", reported, id=self.pen.id("R"), text=text, **about, **found)


def found(gene: str, significance: str) -> dict[str, str]:
    return {"gene": gene, "alteration": "p.Ser1982Argfs", "presence": "present", "significance": significance}


def family(person: SyntheticPerson, fate: str, dice: random.Random, start: datetime) -> Course:
    """`start` is the day on which the ovarian cancer is diagnosed."""
    clinic = _Clinic(person, dice, start)
    clinic.pen.write("diagnosis", id=clinic.pen.id("D"), code="C56.1", text="Malignant neoplasm of right ovary")
    if fate == "not_referred":
        clinic.act("exited", 30, reason="not_referred")
        return clinic.pen.course(FAMILY, fate)
    clinic.write("referral", 2, text="Cancer genetics")
    if fate == "not_counselled":
        clinic.act("exited", 60, reason="lost_to_follow_up")
        return clinic.pen.course(FAMILY, fate)
    clinic.write("counselled", 14, how="video")
    reading = {"nothing_found": {"gene": "BRCA1", "presence": "absent"}, "uncertain": found("BRCA2", "vus")}
    clinic.test("Germline hereditary cancer panel", 2, 17, **reading.get(fate, found("BRCA2", "pathogenic")))
    clinic.write("result_communicated", 20 if fate == "told_late" else 4, how="in person")
    if fate in ("told_late", "managed"):
        _manage(clinic)
    return clinic.pen.course(FAMILY, fate)


def screened(person: SyntheticPerson, fate: str, dice: random.Random, start: datetime) -> Course:
    """`start` is the day on which the person agrees to be screened."""
    clinic = _Clinic(person, dice, start)
    clinic.write("consent_recorded", consent_kind="research", decision="granted", programme=SCREEN)
    if fate == "no_sample":
        clinic.act("exited", 50, reason="lost_to_follow_up")
        return clinic.pen.course(SCREEN, fate)
    nothing = fate == "nothing_found"
    clinic.test("Population genomic screen", 4, 25, **({"gene": "LDLR", "presence": "absent"} if nothing else found("LDLR", "pathogenic")))
    if nothing:
        clinic.write("result_communicated", 10, how="portal")
    elif fate == "known_before":
        clinic.write("already_known", 0.3, reason="told elsewhere")
    else:
        _return(clinic, fate)
    return clinic.pen.course(SCREEN, fate)


def _return(clinic: _Clinic, fate: str) -> None:
    """The doctor hears first; the person is called, and written to where nobody answers."""
    clinic.write("provider_told", 0.3, to="own doctor")
    if fate == "not_reached":
        for channel, after in (("phone", 1.0), ("portal", 1.0), ("letter", 2.5)):
            clinic.act("contact_attempted", after, channel=channel, outcome="no_answer")
        clinic.act("exited", 9, reason="lost_to_follow_up")
        return
    clinic.act("contact_attempted", 1.0, channel="phone", outcome="reached")
    clinic.write("result_communicated", 5, how="in person")
    clinic.write("counselled", 12, how="video")
    _manage(clinic)


def _manage(clinic: _Clinic) -> None:
    """The plan, the problem list, the relatives and the first act."""
    clinic.write("consent_recorded", 0.5, consent_kind="family_contact", decision="granted")
    clinic.act("relative_named", 1, kinship=clinic.pen.dice.choice(RELATIVES))
    clinic.write("management_planned", 6)
    clinic.write("problem_listed", 2)
    clinic.write("risk_managed", 30, text="First examination of the plan")
