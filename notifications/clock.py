"""Whether our clock can be believed. A machine whose clock runs ahead would ring and text months early; nothing takes that back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

AGREE_WITHIN = timedelta(minutes=5)


class ClocksDisagree(RuntimeError):
    """This machine and the database tell different times: nothing rings and nothing is sent until somebody has looked."""


def apart(now: datetime) -> timedelta:
    """How far our clock is from the database's; what both share (one machine for both) does not show here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    theirs: datetime = row[0]
    return abs(now - theirs)


def believed(now: datetime) -> datetime:
    """`now`, if the database agrees.

    Raises:
        ClocksDisagree: by more than `AGREE_WITHIN`.
    """
    if (difference := apart(now)) > AGREE_WITHIN:
        raise ClocksDisagree(f"this machine and the database are {difference} apart")
    return now
