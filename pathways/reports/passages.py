"""How each journey goes through the steps of a funnel: where it stands, and how long each step took it. No number is made here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pathways.reports.cohort import EXIT_CLASSES, Cohort
from pathways.reports.columns import ACTIVE, COMPLETED, DAY, IMPLIED, NEVER, NOT_APPLICABLE, Codes, Columns, Ints, moment
from pathways.reports.estimators import Floats, Incidence, aalen_johansen, design_effect

Mask = NDArray[np.bool_]
NOBODY: Ints = np.zeros(0, dtype=np.int64)
CELLS = ("reached", "not_applicable", "completed", "open", "held", *EXIT_CLASSES)
HERE_REACHED, HERE_NOT_APPLICABLE, HERE_COMPLETED, HERE_OPEN, HERE_HELD, HERE_LEFT = range(6)
ARRIVED, LEFT = 1, 2
ADMINISTRATIVE = EXIT_CLASSES.index("administrative") + 1


@dataclass(frozen=True, slots=True)
class Passages:
    """How far each journey came: `at` is the step it did not reach (the number of steps: all), `cell` what became of it there,
    `entered` when it entered each step (NEVER: it did not)."""

    at: Codes
    cell: Codes
    entered: Ints


def passages(columns: Columns) -> Passages:
    """Follows each journey through the steps: it stands before the first that applies and is not reached, whatever came after."""
    n, steps = columns.times.shape
    at = np.full(n, steps, dtype=np.int16)
    entered = np.full((steps, n), NEVER, dtype=np.int64).T
    since, goes_on = columns.opened.copy(), np.ones(n, dtype=bool)
    for i in range(steps):
        np.copyto(entered[:, i], since, where=goes_on)
        applies = goes_on & (columns.states[:, i] != NOT_APPLICABLE)
        stops = applies & (columns.times[:, i] == NEVER)
        np.copyto(at, i, where=stops, casting="unsafe")
        goes_on &= ~stops
        np.maximum(since, columns.times[:, i], out=since, where=applies & ~stops)
    return Passages(at, _stood(columns), entered)


def _stood(columns: Columns) -> Codes:
    """What became of each journey, as a place in CELLS."""
    ended = np.where(columns.status == COMPLETED, HERE_COMPLETED, HERE_LEFT - 1 + columns.exit_class)
    return np.where(columns.status == ACTIVE, np.where(columns.held == 1, HERE_HELD, HERE_OPEN), ended).astype(np.int16)


def cells_of(columns: Columns, ways: Passages, i: int) -> Codes:
    """Which cell of step `i` each journey that entered it belongs to."""
    passed = np.where(columns.states[:, i] == NOT_APPLICABLE, HERE_NOT_APPLICABLE, HERE_REACHED)
    return np.where(ways.at == i, ways.cell, passed).astype(np.int16)


@dataclass(frozen=True, slots=True)
class Timed:
    """Days, cause, entry into the risk set and potential follow-up of those to whom a step applies and who have a time for it.

    `rows` are their places in the cohort, `seen` those of them under observation before they arrived or left; `early` are the places of those who
    had reached the step before they entered it and are left out. `person` tells whose they are where one may have several episodes.
    """

    rows: Ints
    early: Ints
    days: Floats
    cause: Codes
    entry: Floats | None
    potential: Floats
    seen: Mask
    person: Ints | None

    def curve(self, upto: float | None = None) -> Incidence:
        return aalen_johansen(self.days, self.cause, self.entry, upto=upto)

    def effect(self, curve: Incidence, day: float) -> float:
        """How much wider the limits are for the episodes of one person not being independent (1: each has one)."""
        if self.person is None:
            return 1.0
        return design_effect(curve, ARRIVED, day, (self.days, self.cause, self.entry), self.person)

    def at_risk(self, horizon: int) -> Ints:
        """How many were under observation and still on the way as each day began, up to the horizon."""
        seen = self.seen
        gone = _before(self.days[seen], horizon)
        come = (
            np.full(horizon + 1, np.count_nonzero(seen))
            if self.entry is None
            else _before(np.where(self.entry > 0, self.entry, -1.0)[seen], horizon)
        )
        return come - gone


def _before(days: Floats, horizon: int) -> Ints:
    """How many lie before each whole day, from day 0 to the horizon."""
    whole = np.minimum(np.floor(days), horizon).astype(np.int64) + 1
    return np.cumsum(np.bincount(whole, minlength=horizon + 2))[: horizon + 1]


def step_curve(found: Cohort, step: str) -> Incidence:
    """Arrival at a step from entering it, exits competing: what groups are compared by."""
    i = next(n for n, one in enumerate(found.steps) if one.name == step)
    return timed_step(i, passages(found.columns), found).curve()


def timed_step(i: int, ways: Passages, found: Cohort) -> Timed:
    columns = found.columns
    applies = (ways.at >= i) & (columns.states[:, i] != NOT_APPLICABLE)
    backwards = applies & (ways.at > i) & (columns.times[:, i] < ways.entered[:, i])
    chosen, early = np.nonzero(applies & ~backwards)[0], np.nonzero(backwards)[0]
    return followed(found, chosen, ways.entered[chosen, i], ways.at[chosen] > i, columns.times[chosen, i], early)


def between(found: Cohort, start: int, end: int) -> Timed:
    """From one step to another, for those who reached the first and to whom the second applies. `early` have the second before the first."""
    columns = found.columns
    began, reached = columns.times[:, start], columns.times[:, end]
    asked = (began != NEVER) & (columns.states[:, end] != NOT_APPLICABLE)
    backwards = asked & (reached < began)
    chosen, early = np.nonzero(asked & ~backwards)[0], np.nonzero(backwards)[0]
    return followed(found, chosen, began[chosen], reached[chosen] != NEVER, reached[chosen], early)


def followed(found: Cohort, chosen: Ints, start: Ints, arrived: Mask, reached: Ints, early: Ints = NOBODY) -> Timed:
    """How long each was followed from `start`, and what ended it. A transfer is censored at the hand-over, an open journey at as-of."""
    columns, as_of = found.columns, moment(found.question.as_of)
    status, ended = columns.status[chosen], columns.ended[chosen]
    until = np.where(arrived, reached, np.where(status == ACTIVE, as_of, ended))
    days = np.maximum(until - start, 0) / DAY
    transferred = (status != ACTIVE) & (status != COMPLETED) & (columns.exit_class[chosen] == ADMINISTRATIVE)
    cause = np.where(arrived, ARRIVED, np.where((status == ACTIVE) | transferred, 0, LEFT)).astype(np.int16)
    observed = columns.observed[chosen]
    late = observed > start
    entry = np.where(late, observed - np.where(late, start, 0), 0) / DAY if late.any() else None
    seen = np.ones(len(chosen), dtype=bool) if entry is None else entry <= days
    person = columns.person[chosen] if found.question.every_episode else None
    return Timed(chosen, early, days, cause, entry, (as_of - start) / DAY, seen, person)


def sides(i: int, ways: Passages, timed: Timed, found: Cohort) -> dict[str, Ints]:
    """Whom each figure beside the cells of step `i` counts, as places in the cohort. What they mean is said of `drop_off.StepRow`."""
    columns, horizon = found.columns, found.question.horizon_days
    stopped = np.nonzero(ways.at == i)[0]
    waits = stopped[columns.status[stopped] == ACTIVE]
    potential = (moment(found.question.as_of) - ways.entered[waits, i]) / DAY
    return {
        "implied": np.nonzero((ways.at > i) & (columns.states[:, i] == IMPLIED))[0],
        "measured": timed.rows[timed.seen],
        "already": timed.early,
        "unseen": timed.rows[~timed.seen],
        "matured": timed.rows[timed.seen & (timed.potential >= horizon)],
        "not_due": waits[potential < horizon],
        "unknown": stopped[(columns.times[stopped, i + 1 :] != NEVER).any(axis=1)],
    }
