"""Cohorts with a truth that is known because we made it: what the reports read, drawn at random, without a database.

Everybody enters over a year, half of them too late for the horizon. Arrival at each step, death, preventable and appropriate exits have
constant rates a day; transfers and the as-of date censor. In group B tissue comes at half the pace: the gap opens there and nowhere else. Some
come from elsewhere and are seen only from then on. After a week without a drug half of those who wait are, by lot, reminded, which helps; after
a week without a decision half are reminded, which does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from pathways.reports.cohort import Cohort, Question, Step
from pathways.reports.columns import ACTIVE, ALWAYS, DAY, EXITED, NEVER, REACHED, UNKNOWN, Columns, moment
from pathways.reports.matched import Standing

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
STEPS = ("identified", "ordered", "sampled", "resulted", "decided", "started")
PACE = {"ordered": 1 / 8, "sampled": 1 / 6, "resulted": 1 / 12, "decided": 1 / 7, "started": 1 / 10}
EXITS = {4: 1 / 200, 1: 1 / 120, 3: 1 / 400, 5: 1 / 300}
"""By the class of exit: death, preventable, appropriate; a transfer censors."""
LEAVING = sum(rate for kind, rate in EXITS.items() if kind != 5)
GAP_AT, GAP, SHARE_B = "sampled", 0.5, 0.3
HELPS, HELPLESS, AFTER, HELP = "started", "decided", 7.0, 2.0
HORIZON = 45
A, B = 1, 2


@dataclass(frozen=True)
class Drawn:
    """`asked[step]` are the rows that were waiting when lots were drawn; `reminded` those that drew the reminder."""

    cohort: Cohort
    asked: dict[str, Any]
    reminded: dict[str, Any]


def standing() -> Standing:
    return Standing(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


def draw(seed: int, n: int) -> Drawn:
    dice = np.random.default_rng(seed)
    group = np.where(dice.random(n) < SHARE_B, B, A)
    opened = -dice.uniform(0, 365, n)
    leaves, kind = _first_exit(dice, n)
    times = np.full((n, len(STEPS)), np.inf)
    times[:, 0] = 0.0
    asked, reminded = {}, {}
    for i, step in enumerate(STEPS[1:], 1):
        wait = dice.exponential(1 / PACE[step], n) / np.where((step == GAP_AT) & (group == B), GAP, 1.0)
        lot = dice.random(n) < 0.5
        if step == HELPS:
            wait = np.where(lot & (wait > AFTER), AFTER + (wait - AFTER) / HELP, wait)
        times[:, i] = times[:, i - 1] + wait
        asked[step], reminded[step] = times[:, i - 1] + AFTER, lot
    observed = np.where(dice.random(n) < 0.1, dice.uniform(2, 25, n), 0.0)
    reached = times <= np.minimum(leaves, -opened)[:, None]
    done = reached[:, -1]
    left = ~done & (leaves <= -opened)
    ended = np.where(done, times[:, -1], leaves)
    there = ((done | left) & (ended >= observed)) | (~done & ~left & (observed <= -opened))
    columns = _columns(opened, times, reached, left | done, done, ended, kind, observed, group)
    cohort = Cohort(Question("lung", AS_OF, HORIZON, by="race"), tuple(Step(one, one, one) for one in STEPS), columns.where(there))
    cohort.__dict__["reasons"] = {0: "not stated"}
    return Drawn(cohort, {step: at[there] for step, at in asked.items()}, {step: lot[there] for step, lot in reminded.items()})


def _first_exit(dice: np.random.Generator, n: int) -> tuple[Any, Any]:
    """When each would leave, and how: the first of the competing clocks."""
    kinds = list(EXITS)
    clocks = np.stack([dice.exponential(1 / EXITS[kind], n) for kind in kinds], axis=1)
    return clocks.min(axis=1), np.array(kinds)[clocks.argmin(axis=1)]


def _columns(opened: Any, times: Any, reached: Any, over: Any, done: Any, ended: Any, kind: Any, observed: Any, group: Any) -> Columns:
    n, start = len(opened), moment(AS_OF) + (opened * DAY).astype(np.int64)
    at = start[:, None] + (np.where(reached, times, 0) * DAY).astype(np.int64)
    zeros = np.zeros(n, dtype=np.int64)
    return Columns(
        id=np.arange(n), site=zeros, version=zeros, opened=start, reason=zeros, stratum=group.astype(np.int64), person=np.arange(n), held=zeros.astype(np.int16),
        observed=np.where(observed > 0, start + (observed * DAY).astype(np.int64), ALWAYS),
        ended=np.where(over, start + (np.where(over, ended, 0) * DAY).astype(np.int64), NEVER),
        status=np.where(done, 1, np.where(over, EXITED, ACTIVE)).astype(np.int16),
        exit_class=np.where(over & ~done, kind, 5).astype(np.int16),
        states=np.where(reached, REACHED, UNKNOWN).astype(np.int16),
        times=np.where(reached, at, NEVER),
    )  # fmt: skip


def arrives(pace: float, days: float, *, leaving: float = LEAVING) -> float:
    """The share that arrives within `days` of a step, exits competing: constant rates."""
    return float(pace / (pace + leaving) * (1 - np.exp(-(pace + leaving) * days)))


def arrives_reminded(pace: float, days: float) -> float:
    """The same where the pace is doubled after a week."""
    stays = float(np.exp(-(pace + LEAVING) * AFTER))
    return arrives(pace, AFTER) + stays * arrives(pace * HELP, days - AFTER)


def true_step(step: str, group: int | None = None) -> float:
    """Conversion within the horizon of entering the step; of one group, or of the mixture that enters it."""
    pace = PACE[step]
    if step == GAP_AT:
        of = {A: arrives(pace, HORIZON), B: arrives(pace * GAP, HORIZON)}
        return of[group] if group else (1 - SHARE_B) * of[A] + SHARE_B * of[B]
    if step == HELPS:
        return (arrives(pace, HORIZON) + arrives_reminded(pace, HORIZON)) / 2
    return arrives(pace, HORIZON)


def true_whole(days: float = HORIZON, grid: float = 0.02) -> float:
    """From entry to drug within `days`, by convolution of the waiting times, exits competing."""
    at = np.arange(0, days, grid) + grid / 2

    def density(pace: float, *, reminded: bool = False) -> Any:
        alive = np.exp(-(pace + LEAVING) * at)
        if reminded:
            late = at > AFTER
            alive[late] = np.exp(-(pace + LEAVING) * AFTER) * np.exp(-(pace * HELP + LEAVING) * (at[late] - AFTER)) * HELP
        return pace * alive

    total = 0.0
    for group, share in ((A, 1 - SHARE_B), (B, SHARE_B)):
        path = density(PACE["ordered"])
        for step in STEPS[2:-1]:
            path = np.convolve(path, density(PACE[step] * (GAP if step == GAP_AT and group == B else 1)))[: len(at)] * grid
        last = (density(PACE["started"]) + density(PACE["started"], reminded=True)) / 2
        total += share * float(np.convolve(path, last)[: len(at)].sum()) * grid * grid
    return total


def true_help(days: float) -> float:
    """What the reminder that helps brings among those who still wait after a week, within `days` of the lot."""
    return arrives(PACE[HELPS] * HELP, days) - arrives(PACE[HELPS], days)


def true_days_saved(days: float, grid: float = 0.01) -> float:
    """Days waited less of so many, among those who still wait after a week: what leaves is censored, so only the pace counts."""
    at = np.arange(0, days, grid) + grid / 2
    return float(sum(np.exp(-PACE[HELPS] * at) - np.exp(-PACE[HELPS] * HELP * at)) * grid)
