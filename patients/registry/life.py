"""Death, hints of death, admission: what keeps texts from a patient."""

from __future__ import annotations

from datetime import datetime

from patients.models import Patient


def record_death(*, patient_id: int, lo: datetime, hi: datetime, source: str) -> bool:
    """An authoritative death between `lo` and `hi`; whether it was new. It settles any hint."""
    same = {"died_lo": lo, "died_hi": hi}
    states = {**same, "death_source": source[:60], "death_hold_since": None}
    return bool(Patient.objects.filter(pk=patient_id).exclude(**same).update(**states))


def reverse_death(*, patient_id: int, now: datetime) -> bool:
    """Entered in error: the patient lives. Only a person says so, and texts start again only by a new permission."""
    dead = Patient.objects.filter(pk=patient_id, died_hi__isnull=False)
    return bool(dead.update(died_lo=None, died_hi=None, death_source="", death_hold_since=None, death_hint_refuted_at=now))


def death_hint(*, patient_id: int, now: datetime, source: str) -> bool:
    """A reply, returned mail, a navigator's note: hold all texts until somebody knows; whether the hold is new."""
    alive = Patient.objects.filter(pk=patient_id, died_hi=None, death_hold_since=None)
    return bool(alive.update(death_hold_since=now, death_hint_source=source[:60]))


def settle_death_hint(
    *,
    patient_id: int,
    alive: bool,
    now: datetime,
    source: str,
    died_lo: datetime | None = None,
    died_hi: datetime | None = None,
) -> bool:
    """A person found out. Dead: the death lies between `died_lo` (else registration) and `died_hi` (else the hint). Whether a hold was open."""
    held = Patient.objects.filter(pk=patient_id, death_hold_since__isnull=False).first()
    if held is None or held.death_hold_since is None:
        return False
    if alive:
        Patient.objects.filter(pk=patient_id).update(death_hold_since=None, death_hint_refuted_at=now)
        return True
    return record_death(patient_id=patient_id, lo=died_lo or held.registered_at, hi=died_hi or held.death_hold_since, source=source)


def admit(*, patient_id: int, at: datetime) -> bool:
    """In hospital since `at`; no text goes to somebody whose team sees them daily. A repeated message keeps the first time."""
    return bool(Patient.objects.filter(pk=patient_id, admitted_since=None).update(admitted_since=at))


def discharge(*, patient_id: int, at: datetime) -> bool:
    """Out of hospital, unless the admission we know is later than `at` (messages overtake each other)."""
    return bool(Patient.objects.filter(pk=patient_id, admitted_since__lte=at).update(admitted_since=None))
