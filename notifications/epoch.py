"""Whether this is still the database that we sent from. A restored one has forgotten texts that went out after its backup, and would send
them again; a copied one would text the patients of the original: until the outbox was set against the provider's list (`restoring`), nothing
goes."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from notifications import endings, halts
from notifications.models import Epoch
from pathways.sql import load
from patients.models import Site


def fingerprint() -> str:
    """What PostgreSQL says of itself: cluster, timeline, database, the outbox's table."""
    with connection.cursor() as cursor:
        cursor.execute(load("notifications.sql", "fingerprint"))
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


def home() -> str:
    """The address under which texts are answered; of an installation for development nobody expects any."""
    return str(settings.PUBLIC_BASE_URL)[:200] if settings.PRODUCTION else ""


def _is_older_form(found: str, mine: str) -> bool:
    """Written before the table's number belonged to it."""
    return found.count(":") == 2 and mine.startswith(f"{found}:")


def is_ours(*, now: datetime) -> bool:
    """Whether texts were last sent from this very database by this very installation; if not, everything is halted, with one alarm. The
    first one is adopted."""
    found, mine = Epoch.objects.order_by("pk").last(), fingerprint()
    if found is None or _is_older_form(found.fingerprint, mine) or (found.fingerprint == mine and not found.home and home()):
        adopt(now=now)
        return True
    if (found.fingerprint, found.home) == (mine, home()):
        return True
    reason = "restored database" if found.fingerprint != mine else "database of another installation"
    with transaction.atomic():
        if not halts.stands(halts.RESTORE) and halts.trip(halts.RESTORE, reason=reason, now=now):
            site = Site.objects.filter(is_training=False).exclude(sender_name="").order_by("pk").values_list("pk", flat=True).first()
            endings.alarm(halts.RESTORE, "the database was restored, moved or copied", site=site, now=now)
    return False


def adopt(*, now: datetime) -> None:
    """From now on texts are sent from this database, by this installation."""
    Epoch.objects.create(fingerprint=fingerprint(), home=home(), since=now)
