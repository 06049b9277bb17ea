"""Survival statistics that reports rest on, exact with ties (dates tie all the time). Times are days; nothing here knows a journey.

Kaplan-Meier with Greenwood variance and log-log limits, its quantiles by Brookmeyer and Crowley; Aalen-Johansen with competing exits and
delta-method variance; Wilson. All take delayed entry: who came under observation late is at risk only from then on. Formulas and
references: docs/statistics.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
NEARLY, NOTHING, WIDEST = 1e-12, 1e-15, 700.0
"""A sum of shares that rounding keeps from 0 or 1 is 0 or 1, a variance that it keeps from 0 is 0; and e to the width must stay a number."""
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
        """Of one cause's incidence just after each event time; worked out when first asked, since few ask it of every time."""
        if cause not in self.known:
            self.known[cause] = self._variance(cause, len(self.times), np.cumsum)
        return self.known[cause]

    def variance_after(self, cause: int, at: int) -> float:
        """The same just after the event time at one place, without all the others."""
        return float(self.known[cause][at] if cause in self.known else self._variance(cause, at + 1, np.sum))

    def _variance(self, cause: int, upto: int, total: Callable[[Floats], Any]) -> Any:
        """Delta-method variance of F(t); with one cause alone it is Greenwood's. Totals over times, running or of all of them:
        (F(t) - F_i)^2 a_i + b_i - 2 (F(t) - F_i) c_i."""
        incidence, at_risk, own = self.by_cause[cause][:upto], self.at_risk[:upto], self.own[cause][:upto]
        before = np.concatenate(([1.0], self.survival))[:upto]
        every = sum((one[:upto] for one in self.own.values()), np.zeros(upto))
        a = _hazard_variance(every, at_risk)
        b = before**2 * own * (at_risk - own) / at_risk**3
        c = before * own / at_risk**2
        now = incidence if total is np.cumsum else incidence[-1]
        spread = now**2 * total(a) - 2 * now * total(a * incidence) + total(a * incidence**2)
        return np.maximum(spread + total(b) - 2 * (now * total(c) - total(c * incidence)), 0.0)


def kaplan_meier(
    durations: Numbers, happened: Sequence[bool] | NDArray[Any], entries: Numbers | None = None, persons: NDArray[Any] | None = None
) -> Survival:
    """Survival of the event, the rest censored. `entries`: when each came under observation (delayed entry). `persons`: whose rows they
    are, where one may have several; the band is widened by the design effect at the median, or where the curve ends above it."""
    until, since, kept = _observed(durations, entries)
    at = _events(until, np.asarray(happened, dtype=np.int64)[kept], since)
    deaths, at_risk = at.own[1] if at.own else at.at_risk, at.at_risk
    survival: Floats = np.cumprod(1.0 - deaths / at_risk, dtype=np.float64)
    effect = 1.0 if persons is None else _effect_at_median(durations, np.asarray(happened, dtype=np.int64), entries, persons)
    low, high = _log_log(survival, survival * np.sqrt(effect * np.cumsum(_hazard_variance(deaths, at_risk))))
    return Survival(at.times, survival, low, high, at_risk)


def _effect_at_median(durations: Numbers, happened: NDArray[Any], entries: Numbers | None, persons: NDArray[Any]) -> float:
    curve = aalen_johansen(durations, happened, entries)
    if not len(curve.times):
        return 1.0
    at = min(int(np.searchsorted(-curve.survival, -HALF - NEARLY)), len(curve.times) - 1)
    return design_effect(curve, 1, float(curve.times[at]), (durations, happened, entries), persons)


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
    """Sorted values tell everything, which takes a tenth of sorting the rows: the first place of a time among all of them is how many were
    gone before it."""
    inside = np.ones(len(until), dtype=bool) if upto is None else until <= upto
    kinds = [kind for kind in np.flatnonzero(np.bincount(why[inside])).tolist() if kind != CENSORED]
    days = np.sort(until[inside])
    first = np.flatnonzero(np.diff(days, prepend=-np.inf) > 0)
    places = {kind: np.searchsorted(days[first], np.sort(until[inside & (why == kind)])) for kind in kinds}
    own = {kind: np.bincount(place, minlength=len(first)).astype(np.float64) for kind, place in places.items()}
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


def incidence_at(curve: Incidence, cause: int, day: float, effect: float = 1.0) -> Estimate:
    """The share to whom `cause` happened within `day` days, with 95 % limits; `effect` is that of several rows a person."""
    value, error = incidence_with_error(curve, cause, day)
    return Estimate(value, *limits(value, error * sqrt(effect))) if value else Estimate(0.0, None, None)


def incidence_with_error(curve: Incidence, cause: int, day: float) -> tuple[float, float]:
    """The same with its standard error, for differences between groups."""
    at = int(np.searchsorted(curve.times, day, side="right")) - 1
    if at < 0 or cause not in curve.by_cause:
        return 0.0, 0.0
    return float(curve.by_cause[cause][at]), sqrt(curve.variance_after(cause, at))


Rows = tuple[Numbers, NDArray[Any], Numbers | None]
"""Durations, causes and entries, as `aalen_johansen` takes them."""


def design_effect(curve: Incidence, cause: int, day: float, rows: Rows, persons: NDArray[Any]) -> float:
    """How many times its variance among independent rows that of `incidence_at` is, where one person may be in several of them."""
    value, error = incidence_with_error(curve, cause, day)
    until, since, kept = _observed(rows[0], rows[2])
    who = np.unique(persons[kept], return_inverse=True)[1]
    count = int(who.max(initial=0)) + 1
    if not value or error**2 < NOTHING or count < 2:
        return 1.0
    by_person = np.bincount(who, weights=_influence(curve, cause, day, until, np.asarray(rows[1])[kept], since))
    return float((by_person**2).sum()) * count / (count - 1) / error**2


def _influence(curve: Incidence, cause: int, day: float, until: Floats, why: NDArray[Any], since: Floats | None) -> Floats:
    """How much one row more would move the incidence by `day`: by its own event, and by being at risk at every time before it."""
    upto = int(np.searchsorted(curve.times, day, side="right"))
    times, risk = curve.times[:upto], curve.at_risk[:upto]
    before = np.concatenate(([1.0], curve.survival))[:upto]
    own, every = curve.own[cause][:upto], sum(curve.own.values(), np.zeros(len(curve.times)))[:upto]
    arriving = before / risk
    leaving = np.where(risk > every, (curve.by_cause[cause][upto - 1] - curve.by_cause[cause][:upto]) / np.maximum(risk - every, 1.0), 0.0)
    waiting = np.concatenate(([0.0], np.cumsum((arriving * own - leaving * every) / risk)))
    last = np.searchsorted(times, until, side="right")
    first = 0 if since is None else np.searchsorted(times, since, side="right") - (np.isin(since, times) & (since == until))
    happened = (why != CENSORED) & (until <= day)
    at = np.where(happened, last - 1, 0)
    moved: Floats = np.where(happened, np.where(why == cause, arriving[at], 0.0) - leaving[at], 0.0) - (waiting[last] - waiting[first])
    return moved


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
