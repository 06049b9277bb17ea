"""How far the lung cohort truly came along the published funnel (Sadik 2022), by a given day."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from . import lung
from .accounts import LungAccount
from .course import Course, Step


def funnel(courses: Iterable[Course], today: datetime) -> list[int]:
    """How many of the lung cohort truly got to each step of the published funnel by `today`, in order."""
    reached = [_furthest(course, today) for course in courses if course.pathway == lung.PATHWAY]
    return [sum(each >= step for each in reached) for step in range(8)]


def _furthest(course: Course, today: datetime) -> int:
    """Steps taken without a gap: 0 suspected, 1 biopsy, 2 tissue enough, 3 adequate, 4 ordered, 5 informative, 6 in time, 7 drug."""
    passed = 0
    for test in _STEPS:
        if not test(course, today):
            break
        passed += 1
    return passed


def _tissue(step: Step) -> bool:
    return bool(step.data.get("specimen_class", "tissue") == "tissue")


def _last_specimen_stands(course: Course, today: datetime, *, for_quantity: bool) -> bool:
    """Whether the last tissue taken was refused by nobody (for too little, or at all)."""
    stands = False
    for step in course.until(today):
        if step.kind == "specimen_collected" and _tissue(step):
            stands = True
        elif step.kind == "specimen_rejected" and (not for_quantity or step.data["reason"] == "QNS"):
            stands = False
    return stands


def _informative(course: Course, today: datetime) -> Step | None:
    results = ("result_partial", "result_final")
    return next((step for step in course.until(today) if step.kind in results), None)


def _in_time(course: Course, today: datetime) -> bool:
    result = _informative(course, today)
    given = course.first("drug_administered", today) or course.first("drug_dispensed", today)
    return result is not None and (given is None or given.at > result.at)


def _received(course: Course, today: datetime) -> bool:
    account = LungAccount()
    for step in course.until(today):
        if account.ended is None:
            account.hear(step)
    return account.treated is not None


_STEPS: tuple[Callable[[Course, datetime], bool], ...] = (
    lambda course, today: course.first("biopsy_done", today) is not None,
    lambda course, today: _last_specimen_stands(course, today, for_quantity=True),
    lambda course, today: _last_specimen_stands(course, today, for_quantity=False),
    lambda course, today: course.first("test_ordered", today) is not None,
    lambda course, today: _informative(course, today) is not None,
    _in_time,
    _received,
)
