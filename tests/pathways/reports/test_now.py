"""The snapshot: open journeys by where they wait."""

from __future__ import annotations

from datetime import timedelta

from pathways.models import Stage, Stay
from pathways.reports.now import AGES, members, now

from .conftest import DAY_0, Ward


def waits(ward: Ward, stage: Stage, *, since: float, due: float | None, **more: object) -> None:
    journey = ward.journey(since, **more)  # type: ignore[arg-type]
    Stay.objects.create(
        journey=journey,
        stage=stage,
        track=stage.track,
        root_lineage="x",
        entered_at=journey.opened_at,
        due_at=None if due is None else DAY_0 + timedelta(days=due),
        rung_at=[DAY_0 + timedelta(days=80)],
    )


def test_open_overdue_held_and_age(ward: Ward) -> None:
    stage = Stage.objects.create(version=ward.version, track="main", name="waiting", problem="no-order", label="waiting", ball="clinic")
    waits(ward, stage, since=0, due=14)
    waits(ward, stage, since=10, due=24)
    waits(ward, stage, since=0, due=14, held_until=DAY_0 + timedelta(days=90))
    waits(ward, stage, since=0, due=14, ended=5)
    report = now(ward.ask(20))
    (row,) = report.stages
    assert (report.journeys, row.open, row.overdue, row.held) == (3, 3, 1, 1)
    assert (row.oldest_days, row.median_days) == (20, 20)
    assert (row.first_week, row.second_week) == (1, 0)
    assert row.ages == {name: {"7 to 13 days": 1, "14 to 29 days": 2}.get(name, 0) for name in AGES}
    assert sum(row.ages.values()) == row.open
    (owner,) = report.owners
    assert (owner.name, owner.open, owner.overdue, owner.first_week) == ("nobody", 3, 1, 1)
    assert len(members(ward.ask(20), track="main", stage="waiting")) == row.open
