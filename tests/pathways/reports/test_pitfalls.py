"""The fifteen pitfalls of measuring drop-off, each a test by its number."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from pathways.deadlines import parse
from pathways.models import Binding, Event
from pathways.reports.cohort import BY
from pathways.reports.columns import as_datetime, moment
from pathways.reports.drop_off import drop_off
from pathways.reports.estimators import aalen_johansen, difference, incidence_at, incidence_with_error, kaplan_meier, share_by
from pathways.reports.targets import due
from pathways.reports.time import times

from .conftest import DAY_0, Ward


def step(ward: Ward, name: str, **asked: Any) -> Any:
    return next(one for one in drop_off(ward.ask(**asked)).steps if one.name == name)


def tell(ward: Ward, journey: Any, kind: str, on: float = 5) -> None:
    at = DAY_0 + timedelta(days=on)
    event = Event.objects.create(
        patient=journey.patient, kind=kind, lineage=f"x|{kind}|{journey.pk}", rank=2, digest=kind, grade=2, occurred_lo=at, occurred_hi=at, received_at=at
    )  # fmt: skip
    Binding.objects.create(event=event, journey=journey, how="rule", at=at)


def test_01_an_open_journey_is_no_drop_off(ward: Ward) -> None:
    ward.journey(0)
    ward.journey(0, 5)
    row = step(ward, "ordered")
    assert (row.lost, row.cells["open"], row.conversion.value) == (0, 1, 1 / 2)


def test_02_recent_cohorts_are_not_mature_and_do_not_look_worse(ward: Ward) -> None:
    """All order on day 20; half of them came ten days ago. The naive share is a half, ours stays one, and what is not due is said."""
    for _ in range(4):
        ward.journey(0, 20)
        ward.journey(355)
    row = step(ward, "ordered", horizon_days=30)
    assert (row.conversion.value, row.matured, row.not_due) == (1.0, 4, 4)
    assert row.cells["reached"] / row.entered == 1 / 2


def test_03_the_median_counts_those_who_still_wait(ward: Ward) -> None:
    for day in (2, 4, 6):
        ward.journey(0, day)
    for _ in range(3):
        ward.journey(0)
    interval = times(ward.ask(100)).intervals[0]
    assert interval.median_days.value == 6
    assert np.median([2, 4, 6]) == 4


def test_04_death_competes_and_one_minus_kaplan_meier_says_too_much() -> None:
    days, cause = [5, 10, 15, 20], [2, 1, 2, 1]
    competing = incidence_at(aalen_johansen(days, cause), 1, 20).value
    censored = share_by(kaplan_meier(days, [one == 1 for one in cause]), 20).value
    assert (competing, censored) == (1 / 2, 1.0)


def test_05_nobody_is_at_risk_before_coming_under_observation(ward: Ward) -> None:
    """Immortal time: those from elsewhere had to last until they came. Counted from their opening they make the first days look safe."""
    for day in (1, 2, 3, 30):
        ward.journey(0, day)
    late = [ward.journey(0, 40, observed_from=DAY_0 + timedelta(days=20)) for _ in range(4)]
    assert step(ward, "ordered", horizon_days=10).conversion.value == 3 / 4
    for journey in late:
        journey.observed_from = None
        journey.save()
    assert step(ward, "ordered", horizon_days=10).conversion.value == 3 / 8
    # And nobody is grouped by what happened to them later: navigated or not, tested or not.
    assert set(BY) == {"site", "sex", "race", "ethnicity", "payer", "rurality", "language", "age", "month", "entry", "found_by"}


def test_06_who_was_chosen_because_they_stalled_gets_better_by_itself() -> None:
    """Regression to the mean. Waits vary from one step to the next by chance alone; those who waited long are reminded, which does nothing.

    Before against after shows a fall; two arms drawn by lot show none.
    """
    dice = np.random.default_rng(3)
    before, after = dice.exponential(10, 4000), dice.exponential(10, 4000)
    stalled = before > 14
    naive = np.median(before[stalled]) - np.median(after[stalled])
    assert naive > 10
    lot = dice.random(4000) < 0.5
    arms = [
        incidence_with_error(aalen_johansen(after[stalled & (lot == arm)], np.ones((stalled & (lot == arm)).sum())), 1, 10)
        for arm in (True, False)
    ]
    brought = difference(arms[0], arms[1])
    assert (brought.low or 0) < 0 < (brought.high or 0)


def test_07_each_number_names_the_one_it_is_of(ward: Ward) -> None:
    """Tested of all, adequate of the tested, resulted of the adequate, actionable of the resulted, matched of the actionable."""
    for reached in ([0], [0, 1], [0, 1, 2], [0, 1, 2, 3]):
        ward.journey(*reached)
    known = ward.journey(0, 1, 2, 3)
    tell(ward, known, "actionable_confirmed")
    told = drop_off(ward.ask()).denominators
    assert [(one.name, one.count, one.of) for one in told] == [
        ("tested", 4, 5), ("adequate", 3, 4), ("resulted", 2, 3), ("actionable", 1, 2), ("matched", 0, 1),
    ]  # fmt: skip
    assert all(" of " in one.words for one in told)


def test_08_nothing_actionable_is_no_failure(ward: Ward) -> None:
    ward.journey(0, 1, 2, 3, 4, 5)
    passed_over = {name: ["not_applicable", None, ""] for name in ("decided", "started")}
    quiet = ward.journey(0, 1, 2, 3, milestones=passed_over, status="completed", outcome="no_actionable_alteration", ended_at=DAY_0)
    tell(ward, quiet, "not_actionable")
    report = drop_off(ward.ask())
    assert report.steps[-1].conversion.value == 1.0
    assert (report.steps[-1].lost, report.matched.not_actionable, report.matched.confirmed) == (0, 1, 0)


def test_09_days_are_the_sites_own(ward: Ward) -> None:
    """Working days pass over weekends and holidays; a deadline keeps its wall time over the change of clocks; a date alone is a whole day."""
    site = np.array([ward.site.pk], dtype=np.int64)
    friday = moment(DAY_0.replace(month=7, day=2))
    monday = as_datetime(int(due(np.array([friday]), site, parse("1 working day"))[0]))
    assert monday is not None
    assert monday.isoformat() == "2026-07-06T21:00:00+00:00"  # Friday the 3rd is Independence Day as observed
    spring = as_datetime(int(due(np.array([moment(DAY_0.replace(month=3, day=6))]), site, parse("3 days"))[0]))
    assert spring is not None
    assert spring.hour == 21  # 17 o'clock in New York, in summer time from the 8th
    ward.journey(0, 0)
    assert times(ward.ask()).intervals[0].median_days.value == 0


def test_10_what_runs_backwards_is_counted_never_dropped_in_silence(ward: Ward) -> None:
    ward.journey(0, 10, 4)
    ward.journey(0, 10, 15)
    row = step(ward, "sampled")
    assert (row.entered, row.cells["reached"], row.already, row.measured) == (2, 2, 1, 1)
    assert times(ward.ask()).intervals[1].backwards == 1


def test_11_a_skipped_step_is_implied_or_unknown_as_the_definition_says(ward: Ward) -> None:
    """A result implies order and sample. A specimen never implies an order: that stays unknown, and is said."""
    ward.journey(0, 3, 3, 3, milestones={"ordered": ["implied", (DAY_0 + timedelta(days=3)).isoformat(), "r"]})
    ward.journey(0, None, 2)
    row = step(ward, "ordered")
    assert (row.implied, row.cells["reached"], row.cells["open"], row.unknown) == (1, 1, 1, 1)


def test_12_who_comes_in_the_middle_is_followed_from_there(ward: Ward) -> None:
    """Ordered and sampled elsewhere before we saw them: reached, not measured here; from then on they count."""
    ward.journey(0, 5, 8, 30, observed_from=DAY_0 + timedelta(days=20))
    ward.journey(0, 5, 8, 30)
    report = {row.name: row for row in drop_off(ward.ask()).steps}
    assert (report["ordered"].cells["reached"], report["ordered"].measured, report["ordered"].unseen) == (2, 1, 1)
    assert (report["resulted"].measured, report["resulted"].unseen) == (2, 0)


def test_13_the_unit_is_the_first_episode_and_all_episodes_are_clustered(ward: Ward) -> None:
    """The same ten people three times over are no thirty people: with all episodes the interval is no narrower than theirs alone."""
    for n in range(10):
        patient = ward.patient()
        for episode in range(3):
            ward.journey(
                episode,
                episode + 3 if n % 2 else None,
                patient=patient,
                episode_no=episode + 1,
                status="exited",
                ended_at=DAY_0 + timedelta(days=90),
            )
    first, every = step(ward, "ordered"), step(ward, "ordered", every_episode=True)
    assert (first.entered, every.entered) == (10, 30)
    width = [(one.conversion.high or 0) - (one.conversion.low or 0) for one in (first, every)]
    assert width[1] == pytest.approx(width[0], rel=0.15)


def test_14_many_strata_make_a_difference_by_chance_and_the_report_says_so(ward: Ward) -> None:
    from pathways.reports.sheets import drop_off as sheet

    for payer in ("A", "B", "C", "D"):
        ward.journey(0, 1, patient=ward.patient(payer=payer))
    said = " ".join(sheet(ward.ask(by="payer"), exact=True).notes)
    assert "4 groups" in said
    assert "by chance" in said


def test_15_closing_in_bulk_shows_as_reasons_and_as_reopened(ward: Ward) -> None:
    for _ in range(3):
        ward.journey(0, ended=20)
    back = ward.journey(0)
    tell(ward, back, "reopened")
    report = drop_off(ward.ask())
    assert {(end.kind, end.reason): end.count for end in report.ends} == {("preventable", "lost_to_follow_up"): 3}
    assert report.matched.reopened == 1
    assert report.steps[1].lost == 3
