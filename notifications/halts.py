"""What keeps texts from going out, and who says when they go again. The only writer of halts.

A provider that refuses our account, a carrier that filters a wording, a database that was restored: each stops what it concerns, once,
and loses nothing. Messages stay `pending`; what would come too late becomes a call, as always.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from notifications.models import Halt
from pathways.sql import load
from patients.models import User

PROVIDER = "provider"
RESTORE = "restore"
STAFF = "staff"
EVERYTHING = (RESTORE, STAFF, PROVIDER)
WORDING = "wording:"


def trip(key: str, *, reason: str, now: datetime, rest: timedelta | None = None) -> bool:
    """Texts stop. Whether they went before: the moment to tell somebody."""
    with connection.cursor() as cursor:
        params: dict[str, Any] = {"key": key[:70], "reason": reason[:60], "now": now, "rest": rest}
        cursor.execute(load("notifications.sql", "trip_halt"), params)
        row = cursor.fetchone()
    return bool(row and row[0])


def lift(key: str, *, now: datetime, by: User | None = None) -> bool:
    """Texts go again; whether they had stopped."""
    return bool(Halt.objects.filter(key=key, lifted_at=None).update(lifted_at=now, lifted_by=by))


def standing() -> list[Halt]:
    """All that stops texts now, the oldest first."""
    return list(Halt.objects.filter(lifted_at=None).order_by("opened_at", "pk"))


def stands(key: str) -> bool:
    return Halt.objects.filter(key=key, lifted_at=None).exists()


def of_everything() -> Halt | None:
    """What stops all texts now: of several the one that only a person ends."""
    halts = [halt for halt in standing() if halt.key in EVERYTHING]
    return min(halts, key=lambda halt: EVERYTHING.index(halt.key), default=None)
