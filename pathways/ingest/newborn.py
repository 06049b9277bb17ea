"""Reports of newborn screening: one overall answer, the quality of the spot, what was out of range; and when a child was born. Pure.

Codes of LOINC's newborn screening panel as public health laboratories send it. Which conditions are urgent is the programme's to say: a
report that marks its answer as critical is time-critical, one that does not leaves it open, and the pathway then takes the shorter clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from pathways.facts import Moment, Rank

from . import codes
from .codes import Coded
from .statement import Statement, clean
from .when import moment

OVERALL, QUALITY, CONDITIONS = "57130-7", "57718-9", "57131-5"
IN_RANGE, OUT_OF_RANGE, ACCEPTABLE = "LA12428-1", "LA18944-1", "LA12432-3"
OUT_WORDS = re.compile(
    r"out of range|out-of-range|abnormal|presumptive positive|screen positive|\bcritical\b|\bborderline\b|"
    r"\b(not|isn.t|outside)\b[\w\s]{0,20}\b(in range|normal|limits)",
    re.IGNORECASE,
)
"""*Not normal* is said too; whatever is not plainly in range is looked at by a person."""
IN_WORDS = re.compile(r"in range|within normal|\bnormal\b|negative", re.IGNORECASE)
URGENT_WORDS = re.compile(r"\bcritical\b|immediate|urgent", re.IGNORECASE)
URGENT_FLAGS = frozenset({"AA", "HH", "LL"})
PADDED = re.compile(r"(\d{8})0{4,6}(?:\.0+)?(?:[+-]\d{4})?")
NEWBORN = timedelta(days=60)
"""A birth is news for so long; an adult's birth date in every message is none."""


class Line(msgspec.Struct, frozen=True):
    """What was asked, what was answered, and how the line is flagged (OBX-8, Observation.interpretation)."""

    test: Coded
    value: Coded
    flags: tuple[str, ...] = ()


def answer(lines: Iterable[Line]) -> dict[str, Any] | None:
    """The body of `screen_result`; None where the report gives no overall answer."""
    said = list(lines)
    overall = next((line for line in said if line.test.code("loinc") == OVERALL), None)
    if overall is None:
        return None
    words = f"{overall.value.words} {' '.join(code for _, code, _ in overall.value.codings)}"
    if OUT_OF_RANGE in words or (IN_RANGE not in words and OUT_WORDS.search(words)):
        found = [line.value.label for line in said if line.test.code("loinc") == CONDITIONS and line.value.label]
        urgent = bool(URGENT_WORDS.search(words)) or any(not URGENT_FLAGS.isdisjoint(line.flags) for line in said)
        body = {"answer": "out_of_range", "condition": clean(", ".join(dict.fromkeys(found)), 400), "text": clean(overall.value.label, 400)}
        return body | ({"criticality": "time_critical"} if urgent else {})
    if IN_RANGE in words or IN_WORDS.search(words):
        return {"answer": "in_range", "text": clean(overall.value.label, 400)}
    return None


def refused(lines: Iterable[Line]) -> str:
    """Why the spot could not be used, in the report's words; blank where its quality is acceptable or not spoken of."""
    for line in lines:
        if line.test.code("loinc") == QUALITY and line.value.label:
            acceptable = any(code == ACCEPTABLE for _, code, _ in line.value.codings) or line.value.label.casefold() == "acceptable"
            return "" if acceptable else clean(line.value.words or line.value.label, 400)
    return ""


def state(
    statement: Statement,
    name: str,
    when: Moment | None,
    lines: Iterable[Line],
    *,
    keys: tuple[str, ...],
    rank: int,
    issued: datetime | None,
) -> None:
    """States the answer, and the spot's refusal."""
    said = list(lines)
    if words := refused(said):
        body = {"specimen_class": "dried_blood_spot", "reason": codes.reject_reason(words), "text": words}
        statement.say("specimen_rejected", name, when, body, keys=keys, issued_at=issued)
    if body_of_answer := answer(said):
        statement.say("screen_result", name, when, body_of_answer, keys=keys, rank=rank, issued_at=issued)


def born(statement: Statement, written: str) -> None:
    """That a child was born, if that is news. A sender who knows the hour says more than one who knows the day, or pads it with zeros."""
    heard, padded = statement.message_at or statement.profile.received_at, PADDED.fullmatch(written)
    birth = moment(padded[1] if padded else written, statement.profile.time_zone)
    if birth is None or heard is None or not birth.lo <= heard < birth.hi + NEWBORN:
        return
    exact = birth.lo == birth.hi
    statement.say("born", "patient", birth, {"dated": "hour" if exact else "day"}, rank=Rank.FINAL if exact else Rank.PRELIMINARY)
