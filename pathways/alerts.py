"""Verbs of alerts: withdrawing them. Ringing is `pathways.sweep`; what is planned from them is `notifications.plan`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pathways.writing.wire import execute

# Reasons for which something that was already sent or done was right when it was done; `settle` opens nothing for these.
PROGRESS = "progress"
CORRECTED = "corrected"
ENDED = "journey ended"
CLOSED = "matter closed"
MOVED = "deadline moved"
RETIRED = "definition retired"


def withdraw_of_stays(stay_ids: Sequence[int], *, reason: str, now: datetime) -> None:
    """Withdraws every standing alert of the stays; messages and items that rest on them alone can no longer be claimed."""
    _withdraw("stay_id", stay_ids, reason, now)


def withdraw_of_matters(matter_ids: Sequence[int], *, reason: str, now: datetime) -> None:
    _withdraw("matter_id", matter_ids, reason, now)


def withdraw_shadow(*, stays: Sequence[int], matters: Sequence[int], reason: str, now: datetime) -> None:
    """Withdraws what only the comparison saw; alerts that staff or patients were told of stand."""
    sql = (
        "UPDATE pathways_alert SET withdrawn_at = %s, reason = %s "
        "WHERE (stay_id = ANY(%s) OR matter_id = ANY(%s)) AND mode = 'shadow' AND withdrawn_at IS NULL"
    )
    execute(sql, [now, reason, list(stays), list(matters)])


def _withdraw(column: str, ids: Sequence[int], reason: str, now: datetime) -> None:
    if ids:
        sql = f"UPDATE pathways_alert SET withdrawn_at = %s, reason = %s WHERE {column} = ANY(%s) AND withdrawn_at IS NULL"
        execute(sql, [now, reason, list(ids)])
