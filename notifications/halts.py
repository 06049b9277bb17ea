"""What keeps texts from going out, and who says when they go again. The only writer of halts.

A provider that refuses our account, a carrier that filters a wording, a database that was restored: each stops what it concerns, once,
and loses nothing. Messages stay `pending`; what would come too late becomes a call, as always.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count

from notifications.models import Halt, Message, MessageState
from pathways.sql import load, prepared
from patients.models import User

PROVIDER = "provider"
MAIL = "mail"
RESTORE = "restore"
STAFF = "staff"
EVERYTHING = (RESTORE, STAFF, PROVIDER)
EVERY_MAIL = (RESTORE, STAFF, MAIL)
WORDING = "wording:"
OF_A_WORDING = "wording stopped by carriers"  # as `claim_messages.sql` says it of a text


def trip(key: str, *, reason: str, now: datetime, rest: timedelta | None = None) -> bool:
    """Texts stop. Whether they went before: the moment to tell somebody."""
    with connection.cursor() as cursor:
        params: dict[str, Any] = {"key": key[:70], "reason": reason[:60], "now": now, "rest": rest}
        cursor.execute(load("notifications.sql", "trip_halt"), params)
        row = cursor.fetchone()
    return bool(row and row[0])


def lift(key: str, *, now: datetime, by: User | None = None, reason: str = "") -> bool:
    """Texts go again; whether they had stopped."""
    return bool(Halt.objects.filter(key=key, lifted_at=None).update(lifted_at=now, lifted_by=by, lifted_reason=reason[:200]))


def standing() -> list[Halt]:
    """All that stops texts now, the oldest first."""
    return list(Halt.objects.filter(lifted_at=None).select_related("opened_by").order_by("opened_at", "pk"))


def behind(*, now: datetime) -> Counter[str]:
    """How many texts wait behind each: behind what stops everything all that are due, behind a wording its own."""
    waiting = Message.objects.filter(state=MessageState.PENDING, shadow=False)
    due = dict(waiting.filter(not_before__lte=now).values_list("wording").annotate(n=Count("pk")).order_by())
    held = dict(waiting.filter(not_before__gt=now, reason=OF_A_WORDING).values_list("wording").annotate(n=Count("pk")).order_by())
    found = Counter({WORDING + wording: n for wording, n in due.items()})
    found.update({WORDING + wording: n for wording, n in held.items()})
    found.update(dict.fromkeys(EVERYTHING, sum(due.values()) + sum(held.values())))
    return found


def stands(key: str) -> bool:
    return Halt.objects.filter(key=key, lifted_at=None).exists()


def of_everything() -> Halt | None:
    """What stops all texts now: of several the one that only a person ends. Asked before each batch, and nearly always nothing does."""
    with prepared() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM notifications_halt WHERE lifted_at IS NULL)")
        if cursor.fetchone() == (False,):
            return None
    halts = Halt.objects.filter(lifted_at=None, key__in=EVERYTHING)
    return min(halts, key=lambda halt: EVERYTHING.index(halt.key), default=None)


def of_mail(now: datetime) -> bool:
    """Whether e-mails rest now. One that ends by itself is tried again when its time has come."""
    return any(halt.again_at is None or now < halt.again_at for halt in Halt.objects.filter(lifted_at=None, key__in=EVERY_MAIL))
