"""A relative who has not agreed to be known: a record without name, number, birth date or phone, and how it becomes a person's own.

Until then the record answers to a word that says nothing; kinship and degree stand on the link between the journeys.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

import msgspec
from django.db import transaction

from patients.demographics import Demographics
from patients.models import Patient, PatientSite, Person, Site

from . import writing
from .by_hand import LooksAlike, add_what_is_new
from .matching import match
from .merging import Merged, merge
from .resolving import resolve, update

LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"


class NoPseudonym(ValueError):
    """The record is somebody's own already."""


class Lifted(msgspec.Struct, frozen=True):
    """Whose record it is now; `merged` where we knew them. Without a patient nothing was changed, and `explanation` says why."""

    patient_id: int | None
    merged: Merged | None = None
    explanation: str = ""


def open_pseudonym(*, site: Site, now: datetime) -> Patient:
    """A record of somebody who is not known, for `site` to see. It says nothing of the person whose relative it is."""
    word = "".join(secrets.choice(LETTERS) for _ in range(5))
    with transaction.atomic():
        patient = Patient.objects.create(person=Person.objects.create(), pseudonym=f"Relative {word}", registered_at=now)
        PatientSite.objects.create(patient=patient, site=site, since=now)
    return patient


def lift_pseudonym(
    *,
    patient_id: int,
    said: Demographics,
    site: Site,
    now: datetime,
    source: str,
    known: int | None = None,
    looked_at: Collection[int] | None = None,
) -> Lifted:
    """The relative agreed: the record becomes theirs, or part of the one that we have under their number, or that a person says is theirs
    (`known`). At a screen `looked_at` are those at whom somebody has looked: whoever else may be meant is shown first.

    Raises:
        NoPseudonym: the record has a name already.
        LooksAlike: somebody may be meant who is not in `looked_at`.
    """
    with transaction.atomic():
        writing.lock([patient_id])
        if not Patient.objects.filter(pk=patient_id, survivor=None).exclude(pseudonym="").exists():
            raise NoPseudonym("The record is somebody's own already.")
        numbers = {(number.authority, number.value): number.type for number in said.identifiers}
        writing.lock_numbers(numbers)
        if known is not None:
            add_what_is_new(patient=Patient.objects.select_related("person").get(pk=known), said=said, site=site, now=now)
            return _seen_through(patient_id, known, now=now, source=source)
        alike = [one for one in match(said) if not one.certain] if looked_at is not None else []
        if any(one.patient_id not in (looked_at or ()) for one in alike):
            raise LooksAlike(alike)
        if writing.find(numbers, site=site).owners:
            return _join_known(patient_id, said, site=site, now=now, source=source)
        update(patient_id=patient_id, said=said, now=now, source=source, site=site)
        writing.add_numbers({number: (patient_id, kind) for number, kind in numbers.items()}, now=now)
        Patient.objects.filter(pk=patient_id).update(pseudonym="")
        return Lifted(patient_id)


def _join_known(patient_id: int, said: Demographics, *, site: Site, now: datetime, source: str) -> Lifted:
    """Somebody whom we know as a patient: their record stays, this one is seen through it. Unresolved where the numbers contradict."""
    found = resolve([said], site=site, may_register=True, now=now, source=source)[0]
    if found.patient_id is None:
        return Lifted(None, explanation=found.explanation)
    return _seen_through(patient_id, found.patient_id, now=now, source=source)


def _seen_through(patient_id: int, known: int, *, now: datetime, source: str) -> Lifted:
    merged = merge(loser_id=patient_id, survivor_id=known, at=now, source=source, now=now)
    Patient.objects.filter(pk=patient_id).update(pseudonym="")
    return Lifted(known, merged)
