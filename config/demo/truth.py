"""What truly happened, told without the product: who waited where from when to when, and which waits truly became stalls.

An account of its own, written from the steps of the story and never from messages or rows. It knows the programmes' clocks by heart
(`CLOCKS`); a test holds them against the published definitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from pathways.deadlines import due, parse
from pathways.timeline import Calendar

from . import germline, lung, monitoring, nursery, on_file, outside, pgx, tumours
from .accounts import Wait, waits
from .course import Course

TOLD_AND_PLANNED = {"main.to_collect": "7 days", "main.to_act": "12 months", "family.to_ask": "30 days", "problem_list.to_list": "30 days"}
CLOCKS: dict[str, dict[str, str]] = {
    lung.PATHWAY: {
        "main.to_biopsy": "14 days",
        "main.to_diagnose": "10 days",
        "main.to_order": "2 working days",
        "main.awaiting_result": "21 days",
        "main.to_review": "2 working days",
        "main.to_complete": "5 working days",
        "main.to_decide": "5 days",
        "main.to_prescribe": "1 working day",
        "main.drug": "7 days",
        "main.confirm_start": "7 days",
        "main.confirm_end": "5 working days",
        "tissue.to_send": "3 working days",
        "tissue.in_transit": "3 working days",
        "tissue.at_lab": "10 working days",
        "tissue.qns": "2 working days",
        "tissue.failed": "2 working days",
        "plasma.to_draw": "5 working days",
        "plasma.at_lab": "10 working days",
        "confirmation.to_confirm": "2 working days",
        "untreated.waiting": "21 days",
        "visit.missed": "2 working days",
        "payer_drug.submitted": "72 hours",
        "payer_drug.denied": "2 working days",
        "payer_drug.appealed": "7 days",
    },
    pgx.PATHWAY: {
        "main.to_order": "1 working day",
        "main.to_sample": "1 working day",
        "main.awaiting_result": "5 days",
        "main.to_recommend": "4 working hours",
        "main.to_answer": "1 working day",
        "main.to_verify": "14 days",
    },
    monitoring.PATHWAY: {
        "main.to_order": "28 days",
        "main.to_sample": "14 days",
        "main.awaiting_first": "35 days",
        "main.confirm_end": "5 working days",
        "draws.missed": "2 working days",
        "sample.at_lab": "10 days",
        "sample.to_tell": "3 working days",
        "positive.to_review": "2 working days",
        "positive.to_image": "14 days",
        "positive.to_decide": "14 days",
    },
    on_file.PATHWAY: {
        "main.to_recommend": "4 working hours",
        "main.to_answer": "1 working day",
        "main.to_verify": "14 days",
    },
    outside.PATHWAY: {
        "main.to_triage": "5 working days",
        "main.to_order": "14 days",
        "main.to_sample": "14 days",
        "main.awaiting_result": "42 days",
        "main.to_conclude": "5 working days",
        "main.to_tell": "14 days",
        "main.to_hand_over": "5 working days",
    },
    germline.FAMILY: {
        **TOLD_AND_PLANNED,
        "main.to_refer": "5 working days",
        "main.to_counsel": "37 days",
        "main.to_order": "5 working days",
        "main.awaiting_result": "28 days",
        "main.to_disclose": "7 days",
        "main.to_tell": "14 days",
        "main.to_tell_uncertain": "14 days",
        "main.to_plan": "30 days",
    },
    germline.SCREEN: {
        **TOLD_AND_PLANNED,
        "main.to_order": "90 days",
        "main.awaiting_result": "6 months",
        "main.to_tell": "30 days",
        "main.to_tell_doctor": "1 working day",
        "main.to_phone": "5 days",
        "main.to_portal": "3 working days",
        "main.to_letter": "7 days",
        "main.letter_out": "14 days",
        "main.to_disclose": "30 days",
        "main.to_counsel": "60 days",
        "main.to_plan": "90 days",
    },
    nursery.SCREENING: {
        "main.to_offer": "24 hours",
        "main.to_collect": "48 hours",
        "main.in_transit": "24 hours",
        "main.at_lab": "7 days",
        "main.critical_notify": "4 hours",
        "main.critical_contact": "24 hours",
        "main.critical_confirm": "24 hours",
        "main.notify": "1 working day",
        "main.contact": "3 days",
        "main.confirm": "7 days",
        "main.resolve": "30 days",
        "main.treat": "30 days",
        "main.refusal": "3 working days",
        "repeat.to_recollect": "72 hours",
        "repeat.again_at_lab": "7 days",
    },
    nursery.GENOME: {
        "main.to_consult": "24 hours",
        "main.to_consent": "24 hours",
        "main.to_order": "4 hours",
        "main.to_trio": "24 hours",
        "main.at_lab": "72 hours",
        "main.to_notify": "4 hours",
        "main.to_tell": "24 hours",
        "main.after_death": "72 hours",
        "main.to_manage": "72 hours",
        "main.to_follow_up": "30 days",
        "main.refusal": "72 hours",
        "final.pending": "168 hours",
    },
}
"""Stages that are late after so long, by programme. What only watches is not here."""
for _tumour in (tumours.COLON, tumours.BREAST, tumours.PROSTATE):
    CLOCKS[_tumour.pathway] = {**CLOCKS[lung.PATHWAY], "main.to_sample": "14 days"}


class Stall(msgspec.Struct, frozen=True):
    """A wait that was still open when somebody first looked after it was due."""

    mrn: str
    pathway: str
    stage: str
    due: datetime
    left: datetime | None


def stalls(courses: Iterable[Course], *, looks: Sequence[datetime], calendars: dict[str, Calendar]) -> list[Stall]:
    """All stalls of the cohort. `looks` are the times of the daily look, ascending; the last one is today."""
    found = []
    for course in courses:
        calendar = calendars[course.person.site]
        for wait in waits(course, looks[-1]):
            clock = CLOCKS[course.pathway].get(wait.stage)
            due_at = due(wait.entered, parse(clock), calendar) if clock else None
            if due_at is not None and _was_late(wait, due_at, looks):
                found.append(Stall(course.person.mrn, course.pathway, wait.stage, due_at, wait.left))
    return found


def _was_late(wait: Wait, due_at: datetime, looks: Sequence[datetime]) -> bool:
    look = next((each for each in _from(looks, due_at)), None)
    return look is not None and (wait.left is None or wait.left > look)


def _from(looks: Sequence[datetime], moment: datetime) -> Iterable[datetime]:
    """Looks are a day apart: the first at or after `moment`."""
    skipped = max((moment - looks[0]).days, 0)
    return (look for look in looks[skipped : skipped + 3] if look >= moment)
