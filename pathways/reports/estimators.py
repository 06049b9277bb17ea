"""Survival statistics that reports rest on, exact with ties (dates tie all the time). Times are days; nothing here knows a journey.

Kaplan-Meier with Greenwood variance and log-log limits, its quantiles by Brookmeyer and Crowley; Aalen-Johansen with competing exits and
delta-method variance; Wilson. All take delayed entry: who came under observation late is at risk only from then on. Formulas and
references: docs/statistics.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = Sequence[float] | NDArray[Any]
Z95 = 1.959963984540054
CENSORED = 0
HALF = 0.5
NEARLY, WIDEST = 1e-12, 700.0
"""A sum of shares that rounding keeps from 0 or 1 is 0 or 1; and e to the width must stay a number."""
BEFORE_ALL = -1.0
"""Entry of those observed from the start: they are at risk on day 0 too."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % limits; None where it is not reached or cannot be said."""

    value: float | None
    low: float | None
    high: float | None


UNSAID = Estimate(None, None, None)


@dataclass(frozen=True, slots=True)
class Survival:
    """S(t) just after each event time, with how many were at risk just before it."""

    times: Floats
    survival: Floats
    low: Floats
    high: Floats
    at_risk: Floats


@dataclass(frozen=True, slots=True)
class Incidence:
    """Cumulative incidence of each cause just after each event time. At any time they and `survival` sum to one."""

    times: Floats
    survival: Floats
    by_cause: dict[int, Floats]
    own: dict[int, Floats]
    at_risk: Floats
    known: dict[int, Floats] = field(default_factory=dict, repr=False)

    def variance(self, cause: int) -> Floats:
        """Of one cause's incidence just after each event time; worked out when first asked, since few ask it of every cause."""
        if cause not in self.known:
            before = np.concatenate(([1.0], self.survival))[: len(self.times)]
            self.known[cause] = _variance(
                self.by_cause[cause], before, self.at_risk, sum(self.own.values(), np.zeros(len(before))), self.own[cause]
            )
        return self.known[cause]


def kaplan_meier(durations: Numbers, happened: Sequence[bool] | NDArray[Any], entries: Numbers | None = None) -> Survival:
    """Survival of the event, the rest censored. `entries`: when each came under observation (delayed entry)."""
    until, since, kept = _observed(durations, entries)
    at = _events(until, np.asarray(happened, dtype=np.int64)[kept], since)
    deaths, at_risk = at.own[1] if at.own else at.at_risk, at.at_risk
    survival: Floats = np.cumprod(1.0 - deaths / at_risk, dtype=np.float64)
    low, high = _log_log(survival, survival * np.sqrt(np.cumsum(_hazard_variance(deaths, at_risk))))
    return Survival(at.times, survival, low, high, at_risk)


def aalen_johansen(
    durations: Numbers, causes: Sequence[int] | NDArray[Any], entries: Numbers | None = None, *, upto: float | None = None
) -> Incidence:
    """Cumulative incidence of each cause above 0; cause 0 is censored. Exits compete: nobody who left can still arrive.

    The curve ends at `upto`: whoever is followed for longer is at risk until then, and need not be sorted.
    """
    until, since, kept = _observed(durations, entries)
    at = _events(until, np.asarray(causes, dtype=np.int64)[kept], since, upto)
    every = sum(at.own.values(), np.zeros(len(at.times)))
    after: Floats = np.cumprod(1.0 - every / at.at_risk, dtype=np.float64)
    before = np.concatenate(([1.0], after))[: len(at.times)]
    by_cause = {kind: np.cumsum(before * own / at.at_risk) for kind, own in at.own.items()}
    return Incidence(at.times, after, by_cause, at.own, at.at_risk)


@dataclass(frozen=True, slots=True)
class Events:
    """The times at which anything happened: to how many of each cause, and how many were at risk just before."""

    times: Floats
    own: dict[int, Floats]
    at_risk: Floats


def _events(until: Floats, why: NDArray[Any], since: Floats | None, upto: float | None = None) -> Events:
    """One sort tells everything: the rows of one instant stand together, and those from the first of them on were at risk in it."""
    here = np.arange(len(until)) if upto is None else np.flatnonzero(until <= upto)
    order = here[np.argsort(until[here])]
    days, why = until[order], why[order]
    first = np.flatnonzero(np.diff(days, prepend=-np.inf) > 0)
    kinds = [kind for kind in np.flatnonzero(np.bincount(why)).tolist() if kind != CENSORED]
    own = {kind: np.add.reduceat((why == kind).astype(np.int32), first).astype(np.float64) for kind in kinds}
    happened = sum(own.values(), np.zeros(len(first))) > 0
    times, gone = days[first[happened]], first[happened]
    at_risk = (len(until) - gone).astype(np.float64) if since is None else _came(until, since, times) - gone
    return Events(times, {kind: counts[happened] for kind, counts in own.items()}, at_risk)


def _observed(durations: Numbers, entries: Numbers | None) -> tuple[Floats, Floats | None, NDArray[Any]]:
    """Durations, entries and which rows they are of: whoever was gone before coming under observation was never at risk."""
    until = np.asarray(durations, dtype=np.float64)
    if entries is None:
        return until, None, np.ones(len(until), dtype=bool)
    since = np.asarray(entries, dtype=np.float64)
    since = np.where(since <= 0.0, BEFORE_ALL, since)
    kept = since <= until
    return until[kept], since[kept], kept


def _came(until: Floats, since: Floats, times: Floats) -> Floats:
    """Under observation before each time. Who comes and goes within one instant was at risk in it."""
    come = np.searchsorted(np.sort(since), times, side="left")
    passing = np.sort(until[since == until])
    within = np.searchsorted(passing, times, side="right") - np.searchsorted(passing, times, side="left")
    return (come + within).astype(np.float64)


def _hazard_variance(deaths: Floats, at_risk: Floats) -> Floats:
    """Greenwood's term of each time; nothing where everybody at risk had the event."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(at_risk > deaths, deaths / (at_risk * (at_risk - deaths)), 0.0)


def _variance(incidence: Floats, before: Floats, at_risk: Floats, every: Floats, own: Floats) -> Floats:
    """Delta-method variance of F(t) at each event time; with one cause alone it is Greenwood's. Sums over times, as running totals:
    (F(t) - F_i)^2 a_i + b_i - 2 (F(t) - F_i) c_i."""
    a = _hazard_variance(every, at_risk)
    b = before**2 * own * (at_risk - own) / at_risk**3
    c = before * own / at_risk**2
    squares, crossed, plain = np.cumsum(a * incidence**2), np.cumsum(a * incidence), np.cumsum(a)
    spread = incidence**2 * plain - 2 * incidence * crossed + squares
    total: Floats = np.maximum(spread + np.cumsum(b) - 2 * (incidence * np.cumsum(c) - np.cumsum(c * incidence)), 0.0)
    return total


def _log_log(value: Floats, error: Floats) -> tuple[Floats, Floats]:
    """95 % limits by the complementary log-log transform, which keeps them between 0 and 1."""
    settled = (value <= NEARLY) | (value >= 1.0 - NEARLY) | (error == 0.0)
    inner = np.where(settled, HALF, value)
    width = np.exp(np.minimum(Z95 * error / (inner * np.abs(np.log(inner))), WIDEST))
    with np.errstate(under="ignore"):
        first, second = inner**width, inner ** (1.0 / width)
    return np.where(settled, value, np.minimum(first, second)), np.where(settled, value, np.maximum(first, second))


def limits(value: float, error: float) -> tuple[float, float]:
    """The same of one value."""
    low, high = _log_log(np.array([value]), np.array([error]))
    return float(low[0]), float(high[0])


def median(curve: Survival) -> Estimate:
    """First time by which half have had the event, with limits where the band crosses a half (Brookmeyer-Crowley). None: not reached."""
    return quantile(curve, HALF)


def quantile(curve: Survival, share: float) -> Estimate:
    """First time by which `share` have had the event, with limits where the band crosses it. None: not reached."""
    left = 1.0 - share
    return Estimate(
        _crossing(curve.times, curve.survival, left), _crossing(curve.times, curve.low, left), _crossing(curve.times, curve.high, left)
    )


def _crossing(times: Floats, values: Floats, left: float) -> float | None:
    below = np.nonzero(values <= left + NEARLY)[0]
    return float(times[below[0]]) if len(below) else None


def share_by(curve: Survival, day: float) -> Estimate:
    """The share that has had the event by a day, the rest censored: 1 - S."""
    at = int(np.searchsorted(curve.times, day, side="right")) - 1
    if at < 0:
        return Estimate(0.0, None, None)
    return Estimate(1.0 - float(curve.survival[at]), 1.0 - float(curve.high[at]), 1.0 - float(curve.low[at]))


def incidence_at(curve: Incidence, cause: int, day: float) -> Estimate:
    """The share to whom `cause` happened within `day` days, with 95 % limits."""
    value, error = incidence_with_error(curve, cause, day)
    return Estimate(value, *limits(value, error)) if value else Estimate(0.0, None, None)


def incidence_with_error(curve: Incidence, cause: int, day: float) -> tuple[float, float]:
    """The same with its standard error, for differences between groups."""
    at = int(np.searchsorted(curve.times, day, side="right")) - 1
    if at < 0 or cause not in curve.by_cause:
        return 0.0, 0.0
    return float(curve.by_cause[cause][at]), sqrt(float(curve.variance(cause)[at]))


FOLDS = 50


def clustered(
    curve: Incidence, cause: int, day: float, rows: tuple[Numbers, NDArray[Any], Floats | None], persons: NDArray[Any]
) -> Estimate:
    """`incidence_at` where one person may be in it several times: the variance is a jackknife that leaves out whole persons, some at a time."""
    value, _ = incidence_with_error(curve, cause, day)
    days, why, entries = np.asarray(rows[0]), rows[1], rows[2]
    folds = np.unique(persons, return_inverse=True)[1] % FOLDS
    used = np.unique(folds)
    if not value or len(used) < 2:
        return incidence_at(curve, cause, day)
    without = [_without(folds == one, days, why, entries, cause, day) for one in used.tolist()]
    spread = sum((one - value) ** 2 for one in without) * (len(used) - 1) / len(used)
    return Estimate(value, *limits(value, sqrt(spread)))


def _without(out: NDArray[Any], days: Floats, why: NDArray[Any], entries: Floats | None, cause: int, day: float) -> float:
    curve = aalen_johansen(days[~out], why[~out], None if entries is None else entries[~out])
    return incidence_with_error(curve, cause, day)[0]


def difference(first: tuple[float, float], second: tuple[float, float]) -> Estimate:
    """First minus second of two groups that share nobody, each with its standard error: Wald limits, kept between -1 and 1."""
    gap, half = first[0] - second[0], Z95 * sqrt(first[1] ** 2 + second[1] ** 2)
    return Estimate(gap, max(-1.0, gap - half), min(1.0, gap + half))


def wilson(hits: int, n: int) -> Estimate:
    """A share with Wilson's limits; None of nothing."""
    if n == 0:
        return UNSAID
    share, z2 = hits / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half))
