"""How long steps take, how many are in time, and whose turn it was."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from pathways.deadlines import parse
from pathways.models import Stage, Stay
from pathways.reports.columns import as_datetime, moment
from pathways.reports.targets import due
from pathways.reports.time import times
from patients.models import Site

from .conftest import DAY_0, Ward


def test_the_share_in_time_counts_who_still_waits_and_who_left(ward: Ward) -> None:
    """Ordered to resulted within 21 days: two in time, one late, one left on day 5, one has waited for ten days and is not late.

    By hand: after the one who left S = 4/5; day 7, one of four arrives: F = 1/5, S = 3/5; day 10 censored; day 20, one of two: F = 1/2.
    """
    for resulted in (7, 20, 40):
        ward.journey(0, 1, 2, 1 + resulted)
    ward.journey(0, 1, ended=6)
    ward.journey(344, 345)
    (target,) = times(ward.ask(355)).targets
    assert (target.n, target.happened, target.late_open) == (5, 3, 0)
    assert target.in_time.value == pytest.approx(1 / 2)
    assert (target.within, target.source) == ("21 days", "NHS England")


def test_who_waits_past_the_target_is_late_today(ward: Ward) -> None:
    ward.journey(0, 1)
    (target,) = times(ward.ask(30)).targets
    assert (target.late_open, target.in_time.value) == (1, 0)


def test_a_target_in_working_days_passes_over_the_weekend_and_the_sites_holidays(ward: Ward) -> None:
    """Monday 5 January 2026 and ten working days: Martin Luther King's day lies between; the clock of the site closes at five."""
    site = np.array([ward.site.pk], dtype=np.int64)
    answer = as_datetime(int(due(np.array([moment(DAY_0)]), site, parse("10 working days"))[0]))
    assert answer == (DAY_0 + timedelta(days=15)).replace(hour=22)
    hours = as_datetime(int(due(np.array([moment(DAY_0)]), site, parse("72 hours"))[0]))
    assert hours == DAY_0 + timedelta(hours=72)


def test_each_site_has_its_own_clock(ward: Ward) -> None:
    west = Site.objects.create(code="west", name="West", time_zone="America/Los_Angeles")
    starts = np.full(2, moment(DAY_0), dtype=np.int64)
    east_at, west_at = due(starts, np.array([ward.site.pk, west.pk]), parse("1 working day")).tolist()
    assert west_at - east_at == 3 * 3_600_000_000


def test_quantiles_of_those_who_got_there(ward: Ward) -> None:
    for day in (1, 2, 3, 4):
        ward.journey(0, day)
    interval = times(ward.ask()).intervals[0]
    assert [interval.quantiles[share].value for share in (0.25, 0.75, 0.9)] == [1, 3, 4]


def test_every_day_belongs_to_one_party_and_waits_that_overlap_are_lost_once(ward: Ward) -> None:
    """Thirty days at the lab, ten with the payer, then open. Two waits are past due on days 20 to 30, one of them on days 25 to 35 too."""
    day = [DAY_0 + timedelta(days=n) for n in range(50)]
    balls = [["lab", day[0].isoformat(), day[30].isoformat()], ["payer", day[30].isoformat(), None]]
    journey = ward.journey(0, 1, balls=balls)
    for track, since, due_on, left in (("main", 0, 20, 30), ("tissue", 0, 25, 35)):
        stage = Stage.objects.create(version=ward.version, track=track, name=track, problem="late", label=track, ball="lab")
        Stay.objects.create(
            journey=journey, stage=stage, track=track, root_lineage="x", entered_at=day[since], due_at=day[due_on], left_at=day[left]
        )
    turns = {one.party: one for one in times(ward.ask(40)).turns}
    assert (turns["lab"].days, turns["payer"].days) == (30, 10)
    assert (turns["lab"].lost, turns["payer"].lost) == (10, 5)
    assert sum(one.share for one in turns.values()) == pytest.approx(1)
