"""Candidates: people who may belong on a pathway. A person accepts or refuses; the demo does it through the same verbs."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from pathways import journeys, matters
from pathways.definitions import registry as definitions
from pathways.models import Journey, Matter, MatterKind, Rollout
from pathways.writing.store import close_matters
from pathways.writing.wire import one_trip
from patients import registry
from patients.models import Patient, Site, User

CANDIDATE_KINDS = (MatterKind.CANDIDATE, MatterKind.STAGE_MISSING, MatterKind.GERMLINE_CANDIDATE)
REFUSALS = {
    "not_eligible": gettext_noop("not eligible"),
    "already_followed": gettext_noop("already followed elsewhere"),
    "not_this_disease": gettext_noop("not this disease"),
    "duplicate": gettext_noop("already on the pathway"),
}


AlreadySettled = matters.AlreadySettled


def accept(*, matter: Matter, by: User, now: datetime) -> Journey:
    """Puts the candidate on the pathway.

    Raises:
        AlreadySettled: the matter is closed.
    """
    assert matter.patient is not None
    with transaction.atomic(), one_trip():
        registry.lock([matter.patient.pk])  # before the matter, as whoever writes what messages say
        detail = _open(matter).detail
        close_matters([matter.pk], reason="accepted", now=now, by_id=by.pk)
        return journeys.enrol(
            patient=matter.patient,
            pathway=detail["pathway"],
            entry=detail["entry"],
            site=matter.site,
            now=now,
            by=by,
            primary_group=detail["primary_group"],
            found_by=detail["found_by"],
            opened_at=datetime.fromisoformat(detail["opened_at"]),
            basis_lineage=detail["basis"],
            laterality=detail.get("laterality", ""),
        )


def propose(*, patient: Patient, pathway: str, site: Site, found_by: str, opened_at: datetime, by: User, now: datetime) -> Matter:
    """A person names somebody who may belong on a programme in force; who is asked already stays one candidate."""
    definition = definitions.published()[pathway].definition
    entry = next((name for name, one in definition.entries.items() if one.by == "candidate"), next(iter(definition.entries)))
    group = next((rule.group for rule in definition.enrol if rule.entry == entry and rule.group), definition.primary_group)
    rollout = Rollout.objects.filter(site=site, pathway=pathway).first()
    detail = {
        "pathway": pathway,
        "entry": entry,
        "primary_group": group,
        "found_by": found_by,
        "opened_at": opened_at.isoformat(),
        "laterality": "",
        "basis": "",
        "named_by": by.pk,
    }
    subject = f"{patient.pk}:{pathway}:{group}:{found_by}"
    mode = rollout.mode if rollout else Rollout.Mode.OFF
    return matters.open_by_hand(kind=MatterKind.CANDIDATE, subject=subject, site=site, mode=mode, detail=detail, now=now, patient=patient)


def refuse(*, matter: Matter, reason: str, by: User, now: datetime) -> None:
    """Says why the candidate does not belong on the pathway.

    Raises:
        ValueError: `reason` is none of `REFUSALS`.
        AlreadySettled: the matter is closed.
    """
    if reason not in REFUSALS:
        raise ValueError(f"reason: {reason!r} is none of {', '.join(REFUSALS)}")
    with transaction.atomic():
        matters.close(matter=_open(matter), reason=f"refused: {reason}", by=by, now=now)


def _open(matter: Matter) -> Matter:
    locked = matters.lock_open(matter)
    if locked.kind not in CANDIDATE_KINDS:
        raise ValueError(f"matter: {locked.kind} is no candidate")
    return locked
