"""Matched over all clinician-confirmed actionable-now: the figure that is always shown. Only a void leaves its denominator.

What a rule flagged and what a clinician confirmed are two columns; received and start confirmed are two lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pathways.models.event import FINDINGS
from pathways.reports.cohort import EXIT_CLASSES, Cohort, Question
from pathways.reports.columns import ACTIVE, COMPLETED, Ints, pairs
from pathways.reports.estimators import Estimate, wilson
from pathways.sql import load

HANDED_OVER = "handed over"
CONFIRMED = 1
BIT = {kind: 1 << n for n, kind in enumerate(FINDINGS, 1)}
"""The findings of a journey travel as a sum of these; CONFIRMED: the start of its matched therapy is."""


@dataclass(frozen=True, slots=True)
class Matched:
    """`not_matched` gives the rest of `confirmed` by class or open state. `flagged` and `flagged_matched` are the rules' column.

    `cannot_say`, `later_line` and `not_actionable` count journeys that stand there: never among the not matched. `reopened` had ended
    before and went on: many of them beside many closures say that journeys are closed too easily.
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
    reopened: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What is found of the journeys of a programme by as-of: sums of BIT by journey, in the order of their ids."""

    id: Ints
    has: Ints

    def of(self, ids: Ints) -> Ints:
        if not len(self.id):
            return np.zeros(len(ids), dtype=np.int64)
        place = np.minimum(np.searchsorted(self.id, ids), len(self.id) - 1)
        return np.where(self.id[place] == ids, self.has[place], 0)


def standing(question: Question) -> Standing:
    """One pass over the programme's findings, whatever part of it is asked."""
    statement = load("pathways.sql", "report_findings").format(kinds=", ".join(f"'{kind}'" for kind in FINDINGS))
    parameters = {"pathway": question.pathway, "kinds": list(FINDINGS), "as_of": question.as_of, "hindsight": question.hindsight}
    ids, has = pairs(statement, parameters)
    order = np.argsort(ids)
    return Standing(ids[order], has[order])


def of_cohort(found: Cohort, known: Standing) -> Matched:
    has = known.of(found.columns.id)
    elsewhere = _is_reason(found, "completed_elsewhere")
    received = _has(has, "matched_therapy") | elsewhere
    confirmed, flagged = _has(has, "actionable_confirmed"), _has(has, "flagged_actionable")
    started = ((has & CONFIRMED) != 0) | _has(has, "first_dose_attested") | _is_reason(found, "matched_therapy")
    later, nothing = _has(has, "later_line_actionable"), _has(has, "not_actionable")
    return Matched(
        confirmed=_count(confirmed),
        received=_count(confirmed & received),
        start_confirmed=_count(confirmed & received & started),
        share=wilson(_count(confirmed & received), _count(confirmed)),
        not_matched=_why(found, confirmed & ~received),
        flagged=_count(flagged),
        flagged_matched=_count(flagged & received),
        flagged_share=wilson(_count(flagged & received), _count(flagged)),
        cannot_say=_count(~flagged & _has(has, "cannot_say") & ~nothing & ~later),
        later_line=_count(~flagged & later & ~nothing),
        not_actionable=_count(~flagged & nothing),
        reopened=_count(_has(has, "reopened")),
    )


def _has(has: Ints, kind: str) -> NDArray[Any]:
    found: NDArray[Any] = (has & BIT[kind]) != 0
    return found


def _count(chosen: NDArray[Any]) -> int:
    return int(np.count_nonzero(chosen))


def _is_reason(found: Cohort, reason: str) -> NDArray[Any]:
    """Journeys that ended so: received elsewhere is attested (where, what, when, told by whom)."""
    hashes = [kind for kind, text in found.reasons.items() if text == reason]
    ended: NDArray[Any] = found.columns.status != ACTIVE
    matches: NDArray[Any] = np.isin(found.columns.reason, hashes) & ended
    return matches


def _why(found: Cohort, missing: NDArray[Any]) -> dict[str, int]:
    """Those who are not matched by class or open state, the commonest first."""
    columns = found.columns
    over = missing & (columns.status != ACTIVE)
    handed = over & (columns.status != COMPLETED) & _is_reason(found, "transferred")
    left = over & (columns.status != COMPLETED) & ~handed
    counts = {
        "open": _count(missing & (columns.status == ACTIVE) & (columns.held == 0)),
        "held": _count(missing & (columns.status == ACTIVE) & (columns.held == 1)),
        "completed otherwise": _count(over & (columns.status == COMPLETED)),
        HANDED_OVER: _count(handed),
        **{name: _count(left & (columns.exit_class == n)) for n, name in enumerate(EXIT_CLASSES, 1)},
    }
    return dict(sorted(((why, n) for why, n in counts.items() if n), key=lambda one: -one[1]))
