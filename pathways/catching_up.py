"""What a programme that was off did not look at: the facts kept meanwhile are put to its enrol rules, some patients at a time.

A switch leaves its place on the rollout (`enrolling_after`); the tick goes on from there, so that a killed process loses nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pathways import journeys
from pathways.definitions import registry
from pathways.models import Event, Rollout
from patients.models import PatientSite

BATCH = 200


def catch_up(*, now: datetime, batches: int = 5) -> int:
    """Goes on wherever a switch left patients to look at; how many were looked at. `batches` bounds one call."""
    looked_at = 0
    for rollout in Rollout.objects.filter(enrolling_after__isnull=False).select_related("site").order_by("pk"):
        for _ in range(batches):
            found = _some(rollout, now)
            looked_at += found
            if not found:
                break
    return looked_at


def _some(rollout: Rollout, now: datetime) -> int:
    """One batch, in a transaction of its own with the place where it ended."""
    with transaction.atomic():
        row = Rollout.objects.select_for_update(of=("self",), skip_locked=True).select_related("site").filter(pk=rollout.pk).first()
        if row is None or row.enrolling_after is None:
            return 0
        ids = _next(row)
        if ids and row.mode != Rollout.Mode.OFF:
            journeys.catch_up(ids, site=row.site, now=now)
        row.enrolling_after = ids[-1] if ids else None
        row.save(update_fields=["enrolling_after"])
    return len(ids)


def _next(row: Rollout) -> list[int]:
    """Patients of the site, after the place, of whom something is known that the programme's enrol rules hear."""
    registry.refresh()
    published = registry.published().get(row.pathway)
    if published is None:
        return []
    heard = Event.objects.filter(kind__in=published.definition.enrol_kinds).values("patient")
    here = PatientSite.objects.filter(site=row.site_id, patient__gt=row.enrolling_after, patient__in=heard, patient__survivor__isnull=True)
    return list(here.order_by("patient").values_list("patient", flat=True)[:BATCH])
