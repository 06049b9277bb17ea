"""Whether this is still the database that we sent from. A restored one has forgotten texts that went out after its backup, and would send
them again: until the outbox was set against the provider's list (`restoring`), nothing goes."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from notifications import endings, halts
from notifications.models import Epoch
from pathways.sql import load
from patients.models import Site


def fingerprint() -> str:
    """What PostgreSQL says of itself: cluster, timeline, database."""
    with connection.cursor() as cursor:
        cursor.execute(load("notifications.sql", "fingerprint"))
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


def is_ours(*, now: datetime) -> bool:
    """Whether texts were last sent from this very database; if not, everything is halted, with one alarm. The first one is adopted."""
    found, mine = Epoch.objects.order_by("pk").values_list("fingerprint", flat=True).last(), fingerprint()
    if found is None:
        adopt(now=now)
        return True
    if found == mine:
        return True
    with transaction.atomic():
        if not halts.stands(halts.RESTORE) and halts.trip(halts.RESTORE, reason="restored database", now=now):
            site = Site.objects.filter(is_training=False).exclude(sender_name="").order_by("pk").values_list("pk", flat=True).first()
            endings.alarm(halts.RESTORE, "the database was restored or moved", site=site, now=now)
    return False


def adopt(*, now: datetime) -> None:
    """From now on texts are sent from this database."""
    Epoch.objects.create(fingerprint=fingerprint(), since=now)
