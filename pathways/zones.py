"""What follows when a site changes its clock or the days on which it is closed: every deadline there is told anew.

Processes remember calendars for a minute, so nothing is told before all of them know; then journeys are replayed some at a time, and the
place is kept on the site. What rang or was sent stays as it was; what is still to come moves.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Coalesce

from pathways import journeys
from pathways.models import Journey
from patients import calendars
from patients.models import Site

BATCH = 200
KNOWN_EVERYWHERE = timedelta(seconds=2 * calendars.KEPT_SECONDS)


def follow(*, now: datetime, batches: int = 5) -> int:
    """Goes on wherever a calendar changed; how many patients were told anew. `batches` bounds one call per site."""
    told = 0
    for site in Site.objects.filter(calendar_after__isnull=False).order_by("pk"):
        for _ in range(batches):
            found = _some(site.pk, now)
            told += found
            if not found:
                break
    return told


def _some(site_id: int, now: datetime) -> int:
    """One batch, in a transaction of its own with the place where it ended."""
    with transaction.atomic():
        site = Site.objects.select_for_update(skip_locked=True).filter(pk=site_id, calendar_after__isnull=False).first()
        if site is None:
            return 0
        if site.calendar_seen_at is None:
            Site.objects.filter(pk=site_id).update(calendar_seen_at=now)
            return 0
        if now < site.calendar_seen_at + KNOWN_EVERYWHERE:
            return 0
        calendars.forget(site_id)
        here = Journey.objects.filter(home_site=site_id, pk__gt=site.calendar_after or 0).exclude(status="void").order_by("pk")
        rows = list(here.values_list("pk", Coalesce("patient__survivor", "patient"))[:BATCH])
        patients = sorted({patient for _, patient in rows})
        journeys.settle(patients, now=now)
        Site.objects.filter(pk=site_id).update(calendar_after=rows[-1][0] if rows else None)
    return len(patients)
