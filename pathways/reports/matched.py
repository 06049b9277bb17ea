"""Matched over all clinician-confirmed actionable-now: the figure that is always shown. Only a void leaves its denominator.

What a rule flagged and what a clinician confirmed are two columns; received and start confirmed are two lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from pathways.reports.cohort import Cohort, Member, Question
from pathways.reports.estimators import Estimate, wilson
from pathways.sql import load

KINDS = (
    "flagged_actionable",
    "actionable_confirmed",
    "not_actionable_confirmed",
    "not_actionable",
    "later_line_actionable",
    "cannot_say",
    "matched_therapy",
    "first_dose_attested",
)
HANDED_OVER = "handed over"
CONFIRMED = "start confirmed"


@dataclass(frozen=True, slots=True)
class Matched:
    """`not_matched` gives the rest of `confirmed` by class or open state. `flagged` and `flagged_matched` are the rules' column.

    `cannot_say`, `later_line` and `not_actionable` count journeys that stand there: never among the not matched.
    """

    confirmed: int
    received: int
    start_confirmed: int
    share: Estimate
    not_matched: Mapping[str, int]
    flagged: int
    flagged_matched: int
    flagged_share: Estimate
    cannot_say: int
    later_line: int
    not_actionable: int


def of_cohort(found: Cohort) -> Matched:
    seen = _seen([member.id for member in found.members], found.question)
    confirmed = [member for member in found.members if "actionable_confirmed" in seen.get(member.id, ())]
    flagged = [member for member in found.members if "flagged_actionable" in seen.get(member.id, ())]
    received = [member for member in confirmed if _is_matched(member, seen)]
    flagged_matched = sum(_is_matched(member, seen) for member in flagged)
    undecided = [member for member in found.members if "flagged_actionable" not in seen.get(member.id, ())]
    return Matched(
        confirmed=len(confirmed),
        received=len(received),
        start_confirmed=sum(_start_confirmed(member, seen) for member in received),
        share=wilson(len(received), len(confirmed)),
        not_matched=dict(Counter(_why(member) for member in confirmed if not _is_matched(member, seen)).most_common()),
        flagged=len(flagged),
        flagged_matched=flagged_matched,
        flagged_share=wilson(flagged_matched, len(flagged)),
        cannot_say=_standing(undecided, seen, "cannot_say", ("not_actionable", "later_line_actionable")),
        later_line=_standing(undecided, seen, "later_line_actionable", ("not_actionable",)),
        not_actionable=_standing(undecided, seen, "not_actionable", ()),
    )


def _standing(members: Sequence[Member], seen: Mapping[int, Mapping[str, Any]], kind: str, over: Sequence[str]) -> int:
    return sum(kind in seen.get(member.id, ()) and not any(one in seen.get(member.id, ()) for one in over) for member in members)


def _is_matched(member: Member, seen: Mapping[int, Mapping[str, Any]]) -> bool:
    """Received here, or attested elsewhere (where, what, when, told by whom)."""
    return "matched_therapy" in seen.get(member.id, ()) or "completed_elsewhere" in (member.exit_reason, member.outcome)


def _start_confirmed(member: Member, seen: Mapping[int, Mapping[str, Any]]) -> bool:
    """An infusion was given, a first dose attested, or therapy was continued: not merely a drug handed over."""
    known = seen.get(member.id, {})
    return CONFIRMED in known or "first_dose_attested" in known or member.outcome == "matched_therapy"


def _why(member: Member) -> str:
    if member.is_open:
        return "held" if member.held else "open"
    if member.status == "completed":
        return "completed otherwise"
    return HANDED_OVER if member.exit_reason == "transferred" else member.exit_class or "not stated"


def _seen(journeys: Sequence[int], question: Question) -> dict[int, dict[str, Any]]:
    """Per journey the kinds of its findings with their first time."""
    if not journeys:
        return {}
    parameters: dict[str, Any] = {"journeys": list(journeys), "kinds": list(KINDS), "as_of": question.as_of}
    found: dict[int, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(load("pathways.sql", "report_findings"), parameters)
        for journey, kind, first, confirmed in cursor.fetchall():
            found.setdefault(journey, {})[kind] = first
            if confirmed and kind == "matched_therapy":
                found[journey][CONFIRMED] = first
    return found
