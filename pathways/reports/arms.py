"""Two groups that only the lot told apart: how many moved on within a horizon in each, the difference, and what it means for one patient.

Everybody counts where the lot put them, whatever came after. Exits compete; whoever is open or handed over is censored. Formulas and
references: docs/statistics.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pathways.reports.estimators import UNSAID, Z95, Estimate, aalen_johansen, incidence_with_error, kaplan_meier, median

OPEN, MOVED, LEFT = 0, 1, 2
NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Follow:
    """One row a patient: `days` from the lot (or the rung) until `cause`, `could` until as-of: how long they could be followed."""

    days: NDArray[Any]
    cause: NDArray[Any]
    could: NDArray[Any]

    def where(self, chosen: NDArray[Any]) -> Follow:
        return Follow(self.days[chosen], self.cause[chosen], self.could[chosen])


@dataclass(frozen=True, slots=True)
class Arm:
    """`share` moved on within the horizon; None before anybody could be followed so long. `mean_days` are days waited of the horizon."""

    n: int
    moved: int
    left: int
    waiting: int
    share: Estimate
    median_days: Estimate
    mean_days: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Effect:
    """`difference`: more of the first moved on; `saved`: days they waited less of the horizon; `needed`: how many must be contacted for one
    more to move on, said only where the interval of the difference leaves no doubt which way it goes."""

    first: Arm
    second: Arm
    difference: Estimate
    saved: Estimate
    needed: Estimate


def arm(follow: Follow, horizon: float) -> Arm:
    """One group. Counts are those within the horizon; what happened later counts as waiting at it."""
    within = follow.days <= horizon
    moved, left = (int(np.count_nonzero(within & (follow.cause == kind))) for kind in (MOVED, LEFT))
    n = len(follow.days)
    return Arm(
        n=n,
        moved=moved,
        left=left,
        waiting=n - moved - left,
        share=_share(follow, horizon),
        median_days=median(kaplan_meier(follow.days, follow.cause == MOVED)) if n else UNSAID,
        mean_days=restricted_mean(follow, horizon),
    )


def effect(first: Follow, second: Follow, horizon: float) -> Effect:
    """The first group against the second."""
    one, other = arm(first, horizon), arm(second, horizon)
    gap = hybrid(one.share, other.share)
    saved = _saved(one, other) if gap.value is not None else UNSAID
    return Effect(one, other, gap, saved, needed(gap))


def hybrid(first: Estimate, second: Estimate) -> Estimate:
    """First minus second with Newcombe's limits: the distances of each share to its own limits, squared and added."""
    if None in (first.value, first.low, first.high, second.value, second.low, second.high):
        return UNSAID
    p, low, high = (float(one or 0) for one in (first.value, first.low, first.high))
    q, under, over = (float(one or 0) for one in (second.value, second.low, second.high))
    gap = p - q
    return Estimate(gap, gap - sqrt((p - low) ** 2 + (over - q) ** 2), gap + sqrt((high - p) ** 2 + (q - under) ** 2))


def needed(gap: Estimate) -> Estimate:
    """One over the difference. An interval that holds 0 turned over would have a hole in its middle and is not given: no number is needed
    to treat where nobody knows that it helps."""
    if gap.value is None or gap.low is None or gap.high is None or gap.low <= 0 <= gap.high or gap.value == 0:
        return UNSAID
    return Estimate(1 / gap.value, 1 / gap.high, 1 / gap.low)


def at_best(gap: Estimate) -> float:
    """How few it may take at best where the interval holds 0; infinite where nothing is said."""
    return 1 / gap.high if gap.high and gap.high > 0 else inf


def restricted_mean(follow: Follow, horizon: float) -> tuple[float, float]:
    """Mean days waited within the horizon, exits censored, with its standard error: the area under Kaplan-Meier's curve."""
    if not len(follow.days):
        return 0.0, 0.0
    happened = follow.cause == MOVED
    curve = kaplan_meier(follow.days, happened)
    inside = curve.times < horizon
    times, survival, at_risk = curve.times[inside], curve.survival[inside], curve.at_risk[inside]
    steps = np.diff(np.concatenate((times, [horizon]))) * survival
    before = float(times[0]) if len(times) else horizon
    after = np.cumsum(steps[::-1])[::-1]
    deaths = np.array([np.count_nonzero(happened & (follow.days == time)) for time in times], dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(at_risk > deaths, deaths / (at_risk * (at_risk - deaths)), 0.0)
    return before + float(steps.sum()), sqrt(float((after**2 * hazard).sum()))


def _saved(one: Arm, other: Arm) -> Estimate:
    """Wald limits; days have no bounds near."""
    gap = other.mean_days[0] - one.mean_days[0]
    half = Z95 * sqrt(one.mean_days[1] ** 2 + other.mean_days[1] ** 2)
    return Estimate(gap, gap - half, gap + half)


def _share(follow: Follow, horizon: float) -> Estimate:
    """Aalen-Johansen with Wilson's limits for as many as its variance is worth; where everybody was followed these are all of them."""
    known = (follow.could >= horizon) & ((follow.days >= horizon) | (follow.cause != OPEN))
    if not len(follow.days) or not known.any():
        return UNSAID
    value, error = incidence_with_error(aalen_johansen(follow.days, follow.cause), MOVED, horizon)
    if not NEAR < value < 1 - NEAR or error <= NEAR:  # all or none: what is left of a variance there is noise of the arithmetic
        return _wilson(float(round(value)) if abs(value - round(value)) <= NEAR else value, float(np.count_nonzero(known)))
    return _wilson(value, min(value * (1 - value) / error**2, float(len(follow.days))))


def _wilson(share: float, n: float) -> Estimate:
    z2 = Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half))
