"""Verbs of matters that a person settles. Opening and closing by facts is the writer's (`pathways.writing.matters`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from pathways.models import Matter, MatterKind
from pathways.timeline import Calendar
from pathways.writing.matters import ladder_times
from pathways.writing.store import close_matters
from patients.calendars import calendar_for
from patients.models import Patient, Site, User


class AlreadySettled(Exception):
    """Someone else settled the matter first."""


def close(*, matter: Matter, reason: str, by: User, now: datetime) -> None:
    """Settles a matter: its alerts are withdrawn, and it says who settled it and why.

    Raises:
        AlreadySettled: the matter is closed.
    """
    with transaction.atomic():
        lock_open(matter)
        close_matters([matter.pk], reason=reason, now=now, by_id=by.pk)


def open_for_site(*, kind: MatterKind, subject: str, site: Site, mode: str, detail: Mapping[str, Any], now: datetime) -> bool:
    """Asks the staff of a site something that is about no patient. False: it is being asked already."""
    before = Matter.objects.filter(kind=kind, subject=subject, closed_at=None).exists()
    open_by_hand(kind=kind, subject=subject, site=site, mode=mode, detail=detail, now=now)
    return not before


def open_by_hand(
    *, kind: MatterKind, subject: str, site: Site, mode: str, detail: Mapping[str, Any], now: datetime, patient: Patient | None = None
) -> Matter:
    """Opens a matter that no fact asked for, or gives back the one that is open."""
    plain = calendar_for(site)
    due_at, rung_at = ladder_times(kind, now, Calendar(zone=plain.zone, holidays=frozenset(plain.holidays)))
    times = {"opened_at": now, "due_at": due_at, "rung_at": rung_at, "attention_at": rung_at[0]}
    stated = {"site": site, "patient": patient, "mode": mode, "detail": dict(detail), **times}
    return Matter.objects.get_or_create(kind=kind, subject=subject, closed_at=None, defaults=stated)[0]


def lock_open(matter: Matter) -> Matter:
    """The row under lock, still open. Raises AlreadySettled."""
    locked = Matter.objects.select_for_update().get(pk=matter.pk)
    if locked.closed_at is not None:
        raise AlreadySettled(_("settled before: %(reason)s") % {"reason": locked.reason})
    return locked
