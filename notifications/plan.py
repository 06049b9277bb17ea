"""Who gets told: alerts become work items and messages. Called right after `pathways.sweep.ring`, by the same task."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from django.db import transaction

from notifications import comparing
from notifications.models import Message, MessageState, WorkItem
from pathways.models.edges import edges
from pathways.sql import load, planned_once

BATCH = 500


class Counts(msgspec.Struct, frozen=True):
    """Alerts taken, causes that got or kept a work item, messages made or found again."""

    alerts: int = 0
    items: int = 0
    messages: int = 0

    def plus(self, other: Counts) -> Counts:
        return Counts(self.alerts + other.alerts, self.items + other.items, self.messages + other.messages)


def plan(*, now: datetime, batch: int = BATCH) -> Counts:
    """Plans every alert that rang, a transaction per batch; several planners may run at once and each alert is planned once."""
    total, after = Counts(), 0
    while True:
        done, after = plan_after(after, now=now, batch=batch)
        total = total.plus(done)
        if done.alerts < batch:
            return total


def plan_after(after: int, *, now: datetime, batch: int = BATCH) -> tuple[Counts, int]:
    """One batch of alerts with ids above `after`, and the last id taken. What another planner holds is left to it."""
    with transaction.atomic(), planned_once() as cursor:
        comparing.take_turns(cursor, now=now)
        parameters = {"now": now, "batch": batch, "after": after, "put_off": comparing.PUT_OFF, **_edges()}
        cursor.execute(load("notifications.sql", "plan_reactions"), parameters)
        alerts, items, messages, last = cursor.fetchone() or (0, 0, 0, None)
    return Counts(alerts, items, messages), last or after


@cache
def _edges() -> dict[str, Any]:
    """What the state machines allow, handed to the statement so that it cannot allow more."""
    items = edges(WorkItem, "state")
    revives = (MessageState.WITHDRAWN.value, MessageState.PENDING.value) in edges(Message, "state")
    return {"sources": [source for source, _ in items], "targets": [target for _, target in items], "revives": revives}
