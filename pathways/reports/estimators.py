"""Survival statistics that reports rest on, exact with ties (dates tie all the time). Times are days; nothing here knows a journey.

Kaplan-Meier with Greenwood variance and log-log limits; Aalen-Johansen with competing exits and delta-method variance; Wilson.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Z95 = 1.959963984540054
CENSORED = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % limits; None where it is not reached or cannot be said."""

    value: float | None
    low: float | None
    high: float | None


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
    variance: dict[int, Floats]
    at_risk: Floats


def _counts(durations: Floats, entries: Floats, times: Floats) -> Floats:
    """At risk just before each time: entered before it and not yet gone."""
    at_risk = (entries[None, :] < times[:, None]) & (durations[None, :] >= times[:, None])
    # Whoever comes and goes within the same instant was at risk in it.
    at_risk |= (entries == durations)[None, :] & (durations[None, :] == times[:, None])
    counted: Floats = at_risk.sum(axis=1).astype(np.float64)
    return counted


def _arrays(durations: Sequence[float], entries: Sequence[float] | None) -> tuple[Floats, Floats]:
    until = np.asarray(durations, dtype=np.float64)
    since = np.full(len(until), -1.0) if entries is None else np.asarray(entries, dtype=np.float64)
    return until, since


def _number_at_risk(durations: Floats, entries: Floats, times: Floats, *, delayed: bool) -> Floats:
    if delayed:
        return _counts(durations, entries, times)
    ordered = np.sort(durations)
    return (len(ordered) - np.searchsorted(ordered, times, side="left")).astype(np.float64)


def kaplan_meier(durations: Sequence[float], happened: Sequence[bool], entries: Sequence[float] | None = None) -> Survival:
    """Survival of the event, the rest censored. `entries`: when each came under observation (delayed entry)."""
    until, since = _arrays(durations, entries)
    event = np.asarray(happened, dtype=bool)
    times, deaths = np.unique(until[event], return_counts=True)
    at_risk = _number_at_risk(until, since, times, delayed=entries is not None)
    survival: Floats = np.cumprod(np.asarray(1.0 - deaths / at_risk, dtype=np.float64), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(np.where(at_risk > deaths, deaths / (at_risk * (at_risk - deaths)), 0.0))
    limits = [_log_log(float(s), float(s) * sqrt(float(v))) for s, v in zip(survival, greenwood, strict=True)]
    low, high = np.array([one[0] for one in limits]), np.array([one[1] for one in limits])
    return Survival(times, survival, low, high, at_risk)


NEARLY, WIDEST = 1e-12, 700.0
"""A sum of shares that rounding keeps from 0 or 1 is 0 or 1; and e to the width must stay a number."""


def _log_log(value: float, error: float) -> tuple[float, float]:
    """95 % limits by the complementary log-log transform, which keeps them between 0 and 1."""
    if value <= NEARLY or value >= 1.0 - NEARLY or error == 0.0:
        return value, value
    width = min(Z95 * error / (value * abs(log(value))), WIDEST)
    first, second = value ** exp(width), value ** exp(-width)
    return min(first, second), max(first, second)


def median(curve: Survival) -> Estimate:
    """First time by which half have had the event, with limits where the band crosses a half (Brookmeyer-Crowley). None: not reached."""
    return Estimate(_crossing(curve.times, curve.survival), _crossing(curve.times, curve.low), _crossing(curve.times, curve.high))


def _crossing(times: Floats, values: Floats) -> float | None:
    below = np.nonzero(values <= 0.5 + 1e-12)[0]
    return float(times[below[0]]) if len(below) else None


def aalen_johansen(durations: Sequence[float], causes: Sequence[int], entries: Sequence[float] | None = None) -> Incidence:
    """Cumulative incidence of each cause above 0; cause 0 is censored. Exits compete: nobody who left can still arrive."""
    until, since = _arrays(durations, entries)
    why = np.asarray(causes, dtype=np.int64)
    times = np.unique(until[why != CENSORED])
    at_risk = _number_at_risk(until, since, times, delayed=entries is not None)
    kinds = sorted({int(cause) for cause in why if cause != CENSORED})
    deaths = {kind: _tally(until[why == kind], times) for kind in kinds}
    every = sum(deaths.values(), np.zeros(len(times)))
    after: Floats = np.cumprod(np.asarray(1.0 - every / at_risk, dtype=np.float64), dtype=np.float64)
    before = np.concatenate(([1.0], after))[: len(times)]
    by_cause = {kind: np.cumsum(before * deaths[kind] / at_risk) for kind in kinds}
    variance = {kind: _variance(by_cause[kind], before, at_risk, every, deaths[kind]) for kind in kinds}
    return Incidence(times, after, by_cause, variance, at_risk)


def _tally(happened: Floats, times: Floats) -> Floats:
    found, counts = np.unique(happened, return_counts=True)
    tally = np.zeros(len(times))
    tally[np.searchsorted(times, found)] = counts
    return tally


def _variance(incidence: Floats, before: Floats, at_risk: Floats, every: Floats, own: Floats) -> Floats:
    """Delta-method variance of F(t) at each event time; with one cause alone it is Greenwood's. Sums over times, as running totals:
    (F(t) - F_i)^2 a_i + b_i - 2 (F(t) - F_i) c_i."""
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.where(at_risk > every, every / (at_risk * (at_risk - every)), 0.0)
    b = before**2 * own * (at_risk - own) / at_risk**3
    c = before * own / at_risk**2
    squares, crossed, plain = np.cumsum(a * incidence**2), np.cumsum(a * incidence), np.cumsum(a)
    spread = incidence**2 * plain - 2 * incidence * crossed + squares
    total: Floats = np.maximum(spread + np.cumsum(b) - 2 * (incidence * np.cumsum(c) - np.cumsum(c * incidence)), 0.0)
    return total


def incidence_at(curve: Incidence, cause: int, day: float) -> Estimate:
    """The share to whom `cause` happened within `day` days, with 95 % limits."""
    if cause not in curve.by_cause:
        return Estimate(0.0, None, None)
    at = int(np.searchsorted(curve.times, day, side="right")) - 1
    if at < 0:
        return Estimate(0.0, None, None)
    value, error = float(curve.by_cause[cause][at]), sqrt(float(curve.variance[cause][at]))
    low, high = _log_log(value, error)
    return Estimate(value, low, high)


def wilson(hits: int, n: int) -> Estimate:
    """A share with Wilson's limits; None of nothing."""
    if n == 0:
        return Estimate(None, None, None)
    share, z2 = hits / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half))
