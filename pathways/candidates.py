"""Candidates: people who may belong on a pathway. A person accepts or refuses; the demo does it through the same verbs."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pathways import journeys
from pathways.models import Journey, Matter, MatterKind
from pathways.writing.store import close_matters
from patients.models import User

CANDIDATE_KINDS = (MatterKind.CANDIDATE, MatterKind.STAGE_MISSING)
REFUSALS = {
    "not_eligible": "not eligible",
    "already_followed": "already followed elsewhere",
    "not_this_disease": "not this disease",
    "duplicate": "already on the pathway",
}


class AlreadySettled(Exception):
    """Someone else accepted or refused the candidate first."""


def accept(*, matter: Matter, by: User, now: datetime) -> Journey:
    """Puts the candidate on the pathway.

    Raises:
        AlreadySettled: the matter is closed.
    """
    with transaction.atomic():
        locked = _open(matter)
        assert locked.patient is not None
        detail = locked.detail
        journey = journeys.enrol(
            patient=locked.patient,
            pathway=detail["pathway"],
            entry=detail["entry"],
            site=locked.site,
            now=now,
            by=by,
            primary_group=detail["primary_group"],
            found_by=detail["found_by"],
            opened_at=datetime.fromisoformat(detail["opened_at"]),
            basis_lineage=detail["basis"],
            laterality=detail.get("laterality", ""),
        )
        close_matters([matter.pk], reason="accepted", now=now)
    return journey


def refuse(*, matter: Matter, reason: str, by: User, now: datetime) -> None:
    """Says why the candidate does not belong on the pathway.

    Raises:
        ValueError: `reason` is none of `REFUSALS`.
        AlreadySettled: the matter is closed.
    """
    if reason not in REFUSALS:
        raise ValueError(f"reason: {reason!r} is none of {', '.join(REFUSALS)}")
    with transaction.atomic():
        _open(matter)
        close_matters([matter.pk], reason=f"refused: {reason}", now=now)
        Matter.objects.filter(pk=matter.pk).update(detail={**matter.detail, "refused_by": by.pk})


def _open(matter: Matter) -> Matter:
    locked = Matter.objects.select_for_update().get(pk=matter.pk)
    if locked.closed_at is not None or locked.kind not in CANDIDATE_KINDS:
        raise AlreadySettled(f"candidate was settled: {locked.reason}")
    return locked
