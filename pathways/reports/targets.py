"""How many arrive in time, against each target of the definition with its source.

A target is measured as deadlines are: in working days of the site's own calendar where it says so, by the site's clock. Each journey's
time is counted in parts of its own allowance (1 is due), so that one curve answers for all, and those who still wait count for as long
as they have waited. Exits compete: who left did not arrive in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from pathways.deadlines import Clock, Duration, clock_of, parse
from pathways.reports.cohort import Cohort, Question, cohort, definition_of, step_of
from pathways.reports.columns import ACTIVE, DAY, EPOCH, NEVER, NOT_APPLICABLE, Ints, moment
from pathways.reports.drop_off import ARRIVED, followed
from pathways.reports.estimators import UNSAID, Estimate, aalen_johansen, incidence_at, kaplan_meier, median
from pathways.timeline import Calendar
from patients.calendars import calendar_for_site

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
        _row(found, names.index(one.from_), names.index(one.to), one.label, one.within, one.source.text)
        for one in definition_of(found.question.pathway).targets
    )


def _row(found: Cohort, start: int, end: int, label: str, within: str, source: str) -> TargetRow:
    columns, as_of = found.columns, moment(found.question.as_of)
    began, reached = columns.times[:, start], columns.times[:, end]
    asked = (began != NEVER) & (columns.states[:, end] != NOT_APPLICABLE)
    backwards = asked & (reached < began)
    chosen = np.nonzero(asked & ~backwards)[0]
    arrived = reached[chosen] != NEVER
    timed = followed(found, chosen, began[chosen], arrived, reached[chosen])
    allowed = np.maximum((due(began[chosen], columns.site[chosen], parse(within)) - began[chosen]) / DAY, LEAST)
    waits = ~arrived & (columns.status[chosen] == ACTIVE)
    parts = aalen_johansen(timed.days / allowed, timed.cause, None if timed.entry is None else timed.entry / allowed)
    n = int(np.count_nonzero(timed.seen))
    return TargetRow(
        start=found.steps[start].name,
        end=found.steps[end].name,
        label=label or f"{found.steps[start].label} to {found.steps[end].label}",
        within=within,
        source=source,
        n=n,
        happened=int(np.count_nonzero(arrived & timed.seen)),
        backwards=int(np.count_nonzero(backwards)),
        late_open=int(np.count_nonzero(waits & ((as_of - began[chosen]) / DAY > allowed))),
        median_days=median(kaplan_meier(timed.days, timed.cause == ARRIVED, timed.entry)) if n else UNSAID,
        in_time=incidence_at(parts, ARRIVED, 1.0) if n else UNSAID,
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
