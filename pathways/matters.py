"""Verbs of matters that a person settles. Opening and closing by facts is the writer's (`pathways.writing.matters`)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pathways.models import Matter
from pathways.writing.store import close_matters
from patients.models import User


class AlreadySettled(Exception):
    """Someone else settled the matter first."""


def close(*, matter: Matter, reason: str, by: User, now: datetime) -> None:
    """Settles a matter: its alerts are withdrawn, and it says who settled it and why.

    Raises:
        AlreadySettled: the matter is closed.
    """
    with transaction.atomic():
        lock_open(matter)
        close_matters([matter.pk], reason=reason, now=now)
        Matter.objects.filter(pk=matter.pk).update(closed_by=by)


def lock_open(matter: Matter) -> Matter:
    """The row under lock, still open. Raises AlreadySettled."""
    locked = Matter.objects.select_for_update().get(pk=matter.pk)
    if locked.closed_at is not None:
        raise AlreadySettled(f"settled before: {locked.reason}")
    return locked
