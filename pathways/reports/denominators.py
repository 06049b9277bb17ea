"""The five counts that are mixed up most often, each with its own denominator in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pathways.reports.cohort import Cohort
from pathways.reports.columns import NEVER, NOT_APPLICABLE
from pathways.reports.estimators import Estimate, wilson
from pathways.reports.matched import Matched

WORDS = {
    "ordered": ("tested", "a test was ordered, of all who entered and to whom a test applies"),
    "sampled": ("adequate", "a usable specimen was there, of the tested"),
    "resulted": ("resulted", "a usable result came, of those with a usable specimen"),
}


@dataclass(frozen=True, slots=True)
class Denominator:
    """`count` of `of`, by as-of: a state of affairs, not a rate at a horizon, since some of the rest are still on the way."""

    name: str
    words: str
    count: int
    of: int
    share: Estimate


def denominators(found: Cohort, matched: Matched) -> tuple[Denominator, ...]:
    """Tested, adequate, resulted, actionable, matched: each of the one before, but the last, which is of all confirmed as actionable."""
    columns, names = found.columns, [step.name for step in found.steps]
    inside = np.ones(found.n, dtype=bool)
    rows = []
    for phase, (name, words) in WORDS.items():
        if phase not in names:
            continue
        i = names.index(phase)
        of = inside & (columns.states[:, i] != NOT_APPLICABLE)
        inside = of & (columns.times[:, i] != NEVER)
        rows.append(_row(name, words, int(np.count_nonzero(inside)), int(np.count_nonzero(of))))
    if rows:
        resulted = rows[-1].count
        rows.append(
            _row("actionable", "confirmed by a clinician as actionable now, of the resulted", min(matched.confirmed, resulted), resulted)
        )
    rows.append(
        _row("matched", "the matched therapy was received, of all confirmed as actionable now", matched.received, matched.confirmed)
    )
    return tuple(rows)


def _row(name: str, words: str, count: int, of: int) -> Denominator:
    return Denominator(name, words, count, of, wilson(count, of))
