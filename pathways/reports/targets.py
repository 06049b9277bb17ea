"""How many arrive in time, against each target of the definition with its source.

A target is measured as deadlines are: in working days of the site's own calendar where it says so, by the site's clock. Each journey's
time is counted in parts of its own allowance (1 is due), so that one curve answers for all, and those who still wait count for as long
as they have waited. Exits compete: who left did not arrive in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.utils.translation import gettext as _

from pathways.deadlines import Clock, Duration, clock_of, parse
from pathways.reports.cohort import Cohort, Question, cohort, definition_of, step_of
from pathways.reports.columns import ACTIVE, DAY, EPOCH, Ints, moment
from pathways.reports.estimators import UNSAID, Estimate, Floats, aalen_johansen, design_effect, incidence_at, kaplan_meier, median
from pathways.reports.passages import ARRIVED, Mask, Timed, between
from pathways.timeline import Calendar
from patients.calendars import calendar_for_site
from patients.templatetags.finalmile import translated

QUARTER_HOUR = 900_000_000
LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One target. `n` journeys entered it, `in_time` is the share that arrives within it; `late_open` wait now and are past it."""

    start: str
    end: str
    label: str
    within: str
    source: str
    n: int
    happened: int
    backwards: int
    late_open: int
    median_days: Estimate
    in_time: Estimate


def measured(question: Question) -> Cohort:
    """The cohort with the milestones that the targets of the definition in force lie between."""
    definition = definition_of(question.pathway)
    names = dict.fromkeys(name for one in definition.targets for name in (one.from_, one.to))
    return cohort(question, steps=[step_of(definition, name) for name in names])


def targets(found: Cohort) -> tuple[TargetRow, ...]:
    """Every target, of a cohort that `measured` loaded or a part of it."""
    names = [step.name for step in found.steps]
    return tuple(
        _row(found, names.index(one.from_), names.index(one.to), translated(one.label), one.within, one.source.text)
        for one in definition_of(found.question.pathway).targets
    )


@dataclass(frozen=True, slots=True)
class Aimed:
    """Those whom a target is asked of: how long each took, in days and in parts of what it allows them, and who waits past it."""

    timed: Timed
    parts: Floats
    parts_entry: Floats | None
    late_open: Mask

    def in_time(self) -> Estimate:
        """The share that arrives within what it is allowed."""
        curve, whose = aalen_johansen(self.parts, self.timed.cause, self.parts_entry), self.timed.person
        rows = self.parts, self.timed.cause, self.parts_entry
        return incidence_at(curve, ARRIVED, 1.0, 1.0 if whose is None else design_effect(curve, ARRIVED, 1.0, rows, whose))

    def sides(self) -> dict[str, Ints]:
        """Whom each figure of the row counts, as places in the cohort."""
        timed = self.timed
        return {
            "n": timed.rows[timed.seen],
            "happened": timed.rows[timed.seen & (timed.cause == ARRIVED)],
            "late_open": timed.rows[self.late_open],
            "backwards": timed.early,
        }


def aimed(found: Cohort, start: int, end: int, within: str) -> Aimed:
    """From one milestone to another of those that `measured` loaded."""
    columns, as_of = found.columns, moment(found.question.as_of)
    timed = between(found, start, end)
    began = columns.times[timed.rows, start]
    allowed = np.maximum((due(began, columns.site[timed.rows], parse(within)) - began) / DAY, LEAST)
    late_open = (timed.cause != ARRIVED) & (columns.status[timed.rows] == ACTIVE) & ((as_of - began) / DAY > allowed)
    return Aimed(timed, timed.days / allowed, None if timed.entry is None else timed.entry / allowed, late_open)


def members(found: Cohort, number: int, figure: str) -> Ints:
    """The places in the cohort behind a figure of a target. Raises KeyError, IndexError."""
    names = [step.name for step in found.steps]
    one = definition_of(found.question.pathway).targets[number]
    return aimed(found, names.index(one.from_), names.index(one.to), one.within).sides()[figure]


def _row(found: Cohort, start: int, end: int, label: str, within: str, source: str) -> TargetRow:
    one = aimed(found, start, end, within)
    timed, figures = one.timed, {name: len(rows) for name, rows in one.sides().items()}
    known = bool(figures["n"])
    return TargetRow(
        start=found.steps[start].name,
        end=found.steps[end].name,
        label=label or _("%(first)s to %(last)s") % {"first": found.steps[start].label, "last": found.steps[end].label},
        within=within,
        source=source,
        **figures,
        median_days=median(kaplan_meier(timed.days, timed.cause == ARRIVED, timed.entry, timed.person)) if known else UNSAID,
        in_time=one.in_time() if known else UNSAID,
    )


def due(starts: Ints, sites: Ints, within: Duration) -> Ints:
    """When each should have arrived, by its site's calendar. Days are asked once per site and quarter of an hour: no clock changes within."""
    if within.unit == "hours":
        return starts + within.amount * (DAY // 24)
    exact = within.unit == "working_hours"
    answers = np.empty(len(starts), dtype=np.int64)
    for site in np.unique(sites):
        clock, here = _clock(int(site)), sites == site
        asked, place = np.unique(starts[here] if exact else starts[here] // QUARTER_HOUR * QUARTER_HOUR, return_inverse=True)
        answers[here] = np.array([_after(clock, at, within) for at in asked.tolist()], dtype=np.int64)[place]
    return answers


def _after(clock: Clock, at: int, within: Duration) -> int:
    return moment(clock.after(EPOCH + timedelta(microseconds=at), within))


def _clock(site_id: int) -> Clock:
    calendar = calendar_for_site(site_id)
    return clock_of(Calendar(zone=calendar.zone, holidays=calendar.holidays))
