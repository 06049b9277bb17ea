"""Permissions that were given for a time, and end by themselves when it is over. The ledger says so, as of every other end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from . import consent
from .models import Permission
from .permissions import HOLDS, REVOKED

ENDED = consent.Evidence(how="ended", reference="given until then")
AT_ONCE = 500


def lapse(*, now: datetime) -> int:
    """Ends what is over at `now`, the longest over first; how many permissions ended. Two at once do not end one twice."""
    return sum(_lapse(kind, now) for kind in consent.PERMITS)


def _lapse(kind: str, now: datetime) -> int:
    permits = consent.PERMITS[kind]
    address = "phone" if permits is Permission else "mailbox"
    with transaction.atomic():
        over = permits._default_manager.filter(HOLDS, until__lte=now).select_related("person", "patient", address)
        rows: list[Any] = list(over.select_for_update(of=("self",), skip_locked=True).order_by("until", "pk")[:AT_ONCE])
        for row in rows:
            ended = max(moment for moment in (row.until, row.granted_at) if moment is not None)
            where = {address: getattr(row, address)}
            consent.record(
                decision=REVOKED,
                at=ended,
                evidence=ENDED,
                kind=kind,
                person=row.person,
                patient=row.patient,
                programme=row.programme,
                **where,
            )
    return len(rows)
