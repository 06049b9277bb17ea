"""What a tick finds to do, seen at one look: the parts that wait for somebody's act or for a date are left alone on most ticks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from notifications import hands
from pathways import heartbeats
from pathways.sql import load, prepared
from patients.models import Role
from patients.models.staff import CARE


class AtHand(msgspec.Struct, frozen=True):
    """Which parts have something to do, in the order of `at_hand.sql`. True may be in vain; False never is."""

    doors: bool
    outcomes: bool
    families: bool
    turns: bool
    catching_up: bool
    rereading: bool
    calendars: bool
    hand_overs: bool
    hands: bool
    consents: bool


def at_hand(*, now: datetime) -> AtHand:
    params: dict[str, Any] = {
        "now": now,
        "unread_before": now - heartbeats.UNREAD_AFTER,
        "offered_before": now - hands.LAPSES_AFTER,
        "idle_before": now - hands.IDLE,
        "incidents": [kind.value for kind in heartbeats.KINDS],
        "roles": [role.value for role in CARE],
        "lead": Role.LEAD.value,
    }
    with prepared() as cursor:
        cursor.execute(load("notifications.sql", "at_hand"), params)
        row = cursor.fetchone()
    assert row is not None
    return AtHand(*row)
