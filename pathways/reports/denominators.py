"""The five counts that are mixed up most often, each with its own denominator in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext, gettext_noop

from pathways.reports.cohort import Cohort
from pathways.reports.columns import NEVER, NOT_APPLICABLE
from pathways.reports.estimators import Estimate, wilson
from pathways.reports.passages import Mask

WORDS = {
    "ordered": ("tested", gettext_noop("a test was ordered, of all who entered and to whom a test applies")),
    "sampled": ("adequate", gettext_noop("a usable specimen was there, of the tested")),
    "resulted": ("resulted", gettext_noop("a usable result came, of those with a usable specimen")),
}
AFTER = {
    "actionable": gettext_noop("confirmed by a clinician as actionable now, of the resulted"),
    "matched": gettext_noop("the matched therapy was received, of all confirmed as actionable now"),
}


@dataclass(frozen=True, slots=True)
class Denominator:
    """`count` of `of`, by as-of: a state of affairs, not a rate at a horizon, since some of the rest are still on the way."""

    name: str
    words: str
    count: int
    of: int
    share: Estimate


def chosen(found: Cohort, who: Mapping[str, Mask]) -> dict[str, tuple[Mask, Mask]]:
    """Tested, adequate, resulted, actionable, matched: those who are, and of whom; each of the one before, but the last, which is of all
    confirmed as actionable. `who` as `matched.chosen` gives it."""
    columns, names = found.columns, [step.name for step in found.steps]
    inside, pairs = np.ones(found.n, dtype=bool), {}
    for phase, (name, _) in WORDS.items():
        if phase in names:
            i = names.index(phase)
            of = inside & (columns.states[:, i] != NOT_APPLICABLE)
            inside = of & (columns.times[:, i] != NEVER)
            pairs[name] = inside, of
    if pairs:
        pairs["actionable"] = inside & who["confirmed"], inside
    return {**pairs, "matched": (who["received"], who["confirmed"])}


def denominators(found: Cohort, who: Mapping[str, Mask]) -> tuple[Denominator, ...]:
    said = {**dict(WORDS.values()), **AFTER}
    return tuple(_row(name, gettext(said[name]), int(one.sum()), int(of.sum())) for name, (one, of) in chosen(found, who).items())


def _row(name: str, words: str, count: int, of: int) -> Denominator:
    return Denominator(name, words, count, of, wilson(count, of))
