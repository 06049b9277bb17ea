"""Comparisons by lot of when a reminder goes out, as the outbox lives them: the plan draws (`sql/lots.sql`), a lead may end one at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.backends.utils import CursorWrapper

from notifications.models import Allocation, Message, MessageState
from pathways import trials
from pathways.definitions.lots import lot
from pathways.models import Journey, Trial
from patients.models import User
from patients.violations import Violation

PUT_OFF = "put off by an approved comparison"
LOCK = 7261_0006
"""One planner at a time draws lots: a site's positions follow each other without a gap."""


def take_turns(cursor: CursorWrapper, *, now: datetime) -> None:
    """Waits for its turn where a comparison runs; where none does planners go side by side."""
    running = "SELECT FROM pathways_trial WHERE stopped_at IS NULL AND (%s::timestamptz AT TIME ZONE 'UTC')::date BETWEEN since AND until"
    cursor.execute(f"SELECT pg_advisory_xact_lock(%s) WHERE EXISTS ({running})", [LOCK, now])


def stop(trial: Trial, *, by: User, why: str, now: datetime) -> int:
    """Ends a comparison and lets every text go that waits for it; how many. Raises trials.Refused."""
    with transaction.atomic():
        ended = trials.stop(trial, by=by, why=why, now=now)
        waiting = Message.objects.filter(rung__trial=ended, state=MessageState.PENDING, reason=PUT_OFF, not_before__gt=now)
        return waiting.update(not_before=now, reason="")


def put_off(journey: Journey, *, now: datetime) -> list[Message]:
    """Reminders of a journey that an approved comparison makes wait now, with `rung.trial`."""
    held = Message.objects.filter(journey=journey, state=MessageState.PENDING, reason=PUT_OFF, not_before__gt=now, shadow=False)
    return list(held.select_related("rung__trial", "rung__stage").order_by("not_before"))


def misdrawn() -> Iterator[Violation]:
    """Stored lots that the comparison's key does not give again, drawn anew by the pure function; and positions of a site that are missing.

    Both together make the balance: every whole block of a site holds as many who hear later as was declared.
    """
    drawn = Allocation.objects.order_by("trial", "site", "position").values_list(
        "pk", "trial__key", "site__code", "position", "waits", "trial__held", "trial__block"
    )
    met = Counter[tuple[str, str]]()
    for pk, key, site, position, waits, held, block in drawn.iterator():
        row = f"notifications_allocation {pk}"
        if position != met[key, site]:
            yield Violation("a site's lots follow each other", row, f"position {position} where {met[key, site]} comes next")
        if waits != lot(key, site, position, held=held, block=block):
            yield Violation("a lot is the one that its key gives", row, "the key puts this position into the other group")
        met[key, site] = position + 1
