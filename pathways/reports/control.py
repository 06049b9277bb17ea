"""Statistical process control: is a change more than chance? Shewhart charts with the rules that the NHS reads them by.

p-chart: mean of all, limits of three standard errors for each period's own size. XmR: mean, limits of 2.66 mean moving ranges; ranges
above 3.267 times their mean are left out of it once, so that one jump does not widen the limits it is judged by.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from django.utils.translation import gettext_noop

RUN = 7
BASELINE = 12
"""Points that limits need to mean something; below it the chart is a run chart and gives no signal."""
OUTSIDE, SHIFT, DRIFT, NEAR = (
    gettext_noop("outside the limits"),
    gettext_noop("seven on one side"),
    gettext_noop("seven in one direction"),
    gettext_noop("two of three near a limit"),
)


@dataclass(frozen=True, slots=True)
class Point:
    """`signal` names the rule that the point is part of; blank: nothing but chance is to be seen."""

    value: float
    mean: float
    low: float
    high: float
    signal: str


def p_chart(hits: Sequence[float], of: Sequence[int]) -> list[Point]:
    """Shares with limits of their own size, between 0 and 1. `of` must be above zero."""
    total = sum(of)
    if not total:
        return []
    mean = sum(hits) / total
    spread = [3 * sqrt(mean * (1 - mean) / n) for n in of]
    values = [hit / n for hit, n in zip(hits, of, strict=True)]
    lows, highs = [max(0.0, mean - one) for one in spread], [min(1.0, mean + one) for one in spread]
    return _judged(values, mean, lows, highs, [mean + 2 / 3 * one for one in spread], [mean - 2 / 3 * one for one in spread])


def xmr(values: Sequence[float]) -> list[Point]:
    """Single values with limits from how much one differs from the next."""
    if not values:
        return []
    mean = sum(values) / len(values)
    ranges = [abs(b - a) for a, b in itertools.pairwise(values)]
    usual = sum(ranges) / len(ranges) if ranges else 0.0
    kept = [one for one in ranges if one <= 3.267 * usual]
    spread = 2.66 * (sum(kept) / len(kept)) if kept else 0.0
    n = len(values)
    return _judged(values, mean, [mean - spread] * n, [mean + spread] * n, [mean + spread * 2 / 3] * n, [mean - spread * 2 / 3] * n)


def _judged(
    values: Sequence[float], mean: float, lows: Sequence[float], highs: Sequence[float], upper: Sequence[float], lower: Sequence[float]
) -> list[Point]:
    told = signals(values, mean, lows, highs, upper, lower) if len(values) >= BASELINE else [""] * len(values)
    return [Point(value, mean, low, high, signal) for value, low, high, signal in zip(values, lows, highs, told, strict=True)]


def signals(
    values: Sequence[float], mean: float, lows: Sequence[float], highs: Sequence[float], upper: Sequence[float], lower: Sequence[float]
) -> list[str]:
    """Per point the first rule that it breaks. All points of a run or a drift are marked, and those two of three that lie near."""
    told = [""] * len(values)

    def mark(places: Sequence[int], rule: str) -> None:
        for i in places:
            told[i] = told[i] or rule

    mark([i for i, value in enumerate(values) if value > highs[i] or value < lows[i]], OUTSIDE)
    sides = [(value > mean) - (value < mean) for value in values]
    for start in range(len(values) - RUN + 1):
        window = range(start, start + RUN)
        if abs(sum(sides[i] for i in window)) == RUN:
            mark(window, SHIFT)
        steps = [(values[i + 1] > values[i]) - (values[i + 1] < values[i]) for i in window[:-1]]
        if abs(sum(steps)) == RUN - 1:
            mark(window, DRIFT)
    for start in range(len(values) - 2):
        three = range(start, start + 3)
        for near in ([i for i in three if values[i] > upper[i]], [i for i in three if values[i] < lower[i]]):
            if len(near) >= 2:
                mark(near, NEAR)
    return told
