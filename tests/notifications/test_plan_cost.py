"""What a batch costs grows with the alerts in it, also where the statistics know of none that waits. Rows are counted, nothing is timed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from notifications import plan
from pathways.sql import load
from pathways.sweep import ring
from tests.benchmarks import sweep

JOURNEYS = 1_000
FEW, MANY = 40, 240

pytestmark = pytest.mark.django_db


@pytest.fixture
def planned_before() -> datetime:
    """A world where some alerts were planned and none waits, as the statistics saw it: the next are a surprise to the server."""
    sweep.fill(JOURNEYS)
    now = sweep.BASE + timedelta(seconds=49)
    sweep.ours(now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return now


def test_an_alert_costs_as_much_among_many_as_among_few(planned_before: datetime) -> None:
    each = {due: _looked_at(planned_before, due) / due for due in (FEW, MANY)}
    assert each[MANY] < 1.5 * each[FEW]


def _looked_at(before: datetime, due: int) -> float:
    """Rows that the steps of the statement gave on or threw away when `due` stays rang; nothing of it stays."""
    now = before + timedelta(seconds=due)
    parameters = {"now": now, "batch": plan.BATCH, "after": 0, "put_off": "", **plan._edges()}
    with transaction.atomic(), connection.cursor() as cursor:
        assert ring(now=now).alerts == 2 * due
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {load('notifications.sql', 'plan_reactions')}", parameters)
        (answer,) = cursor.fetchone() or ([],)
        transaction.set_rollback(True)
    return sum(_rows(step) for step in _steps(answer[0]["Plan"]))


def _steps(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for below in step.get("Plans", []):
        yield from _steps(below)


def _rows(step: dict[str, Any]) -> float:
    thrown_away = step.get("Rows Removed by Filter", 0) + step.get("Rows Removed by Join Filter", 0)
    return float(step["Actual Loops"] * (step["Actual Rows"] + thrown_away))
