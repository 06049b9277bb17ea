"""What follows from alerts that were withdrawn: nothing unsaid is said any more, nothing unasked is asked, and what was already said
or done on a fact that changed comes to a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import msgspec
from django.db import transaction

from notifications.models import Message, WorkItem
from notifications.worklist import NewItem, open_items
from pathways.alerts import CORRECTED
from pathways.models import Journey
from pathways.models.edges import edges
from pathways.sql import load, prepared

BATCH = 500
CORRECTIONS = (CORRECTED,)  # only these make right what was done wrong; progress is no correction
ANSWER_WITHIN = timedelta(days=1)  # local default


class Settled(msgspec.Struct, frozen=True):
    """Alerts settled; messages and items withdrawn; claimed items marked; *result changed* items opened."""

    alerts: int = 0
    messages: int = 0
    items: int = 0
    reason_gone: int = 0
    result_changed: int = 0

    def plus(self, other: Settled) -> Settled:
        return Settled(*(mine + theirs for mine, theirs in zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)))


def settle(*, now: datetime, batch: int = BATCH) -> Settled:
    """Settles every withdrawn alert that can be had, a transaction per batch."""
    total = Settled()
    while True:
        done = settle_batch(now=now, batch=batch)
        total = total.plus(done)
        if done.alerts < batch:
            return total


def settle_batch(*, now: datetime, batch: int = BATCH) -> Settled:
    with transaction.atomic(), prepared() as cursor:
        cursor.execute(load("notifications.sql", "lock_withdrawn"), {"now": now, "batch": batch})
        alerts, messages, items = cursor.fetchone() or ([], [], [])
        if not alerts:
            return Settled()
        locked: dict[str, Any] = {"alerts": alerts, "messages": messages, "items": items}
        cursor.execute(load("notifications.sql", "settle_withdrawn"), {"now": now, "corrections": list(CORRECTIONS), **locked, **_edges()})
        settled, unsaid, unasked, orphaned, journeys = cursor.fetchone() or (0, 0, 0, 0, [])
        changed = open_items(_result_changed(journeys, now), now=now)
    return Settled(settled, unsaid, unasked, orphaned, len(changed))


def _result_changed(journey_ids: list[int], now: datetime) -> list[NewItem]:
    """Somebody was told, or somebody acted, and the reason was wrong: the clinician must know, at once."""
    return [
        NewItem(
            cause_kind="result_changed",
            cause_key=str(journey.pk),
            site=journey.home_site_id,
            patient=journey.patient_id,
            journey=journey.pk,
            problem="result-changed",
            audience="clinician" if journey.responsible and journey.responsible.user_id else "navigator",
            priority=1,
            due_at=now + ANSWER_WITHIN,
        )
        for journey in Journey.objects.filter(pk__in=journey_ids).select_related("responsible")
    ]


@cache
def _edges() -> dict[str, list[str]]:
    pairs = [
        (f"{name}:{source}", f"{name}:{target}")
        for name, model in (("message", Message), ("item", WorkItem))
        for source, target in edges(model, "state")
    ]
    return {"sources": [source for source, _ in pairs], "targets": [target for _, target in pairs]}
