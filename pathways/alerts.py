"""Verbs of alerts: withdrawing them. Ringing is `pathways.sweep`; what is planned from them is `notifications.plan`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

# Reasons for which something that was already sent or done was right when it was done; `settle` opens nothing for these.
PROGRESS = "progress"
CORRECTED = "corrected"
ENDED = "journey ended"
CLOSED = "matter closed"
MOVED = "deadline moved"


def withdraw_of_stays(stay_ids: Sequence[int], *, reason: str, now: datetime) -> int:
    """Withdraws every standing alert of the stays; messages and items that rest on them alone can no longer be claimed."""
    return _withdraw("stay_id", stay_ids, reason, now)


def withdraw_of_matters(matter_ids: Sequence[int], *, reason: str, now: datetime) -> int:
    return _withdraw("matter_id", matter_ids, reason, now)


def _withdraw(column: str, ids: Sequence[int], reason: str, now: datetime) -> int:
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE pathways_alert SET withdrawn_at = %s, reason = %s WHERE {column} = ANY(%s) AND withdrawn_at IS NULL",
            [now, reason, list(ids)],
        )
        return int(cursor.rowcount)
