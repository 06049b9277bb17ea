"""Somebody is registered at a desk. Whom we know already is shown first: there is never a silent second patient."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from patients import alike, contacts
from patients.demographics import Demographics
from patients.models import Patient, Site

from . import writing
from .matching import Candidate, match
from .resolution import Resolution
from .resolving import register


class LooksAlike(Exception):
    """Patients who may be meant, and at whom nobody has looked yet; or one whose number was typed."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        super().__init__(f"{len(candidates)} may be meant")
        self.candidates = tuple(candidates)


class NumberOfAnother(ValueError):
    """The number that was typed is another patient's."""


def register_by_hand(person: Demographics, *, site: Site, looked_at: Collection[int], now: datetime, source: str) -> Resolution:
    """A new patient, after somebody has looked at everybody who may be meant. Two clicks, or two desks, make one patient.

    Raises:
        LooksAlike: somebody may be meant who is not in `looked_at`, or has the very number.
    """
    with transaction.atomic():
        writing.lock_numbers({("by hand", f"{alike.plain(person.family)}|{person.birth_lo}")})
        found = match(person)
        if any(one.certain or one.patient_id not in looked_at for one in found):
            raise LooksAlike(found)
        return register(person, site=site, now=now, source=source)


def add_what_is_new(*, patient: Patient, said: Demographics, site: Site, now: datetime) -> None:
    """It is somebody whom we know: a new number of theirs and a new phone are added, and the site sees them. Nothing is replaced.

    Raises:
        NumberOfAnother: a number that was typed is another patient's.
    """
    with transaction.atomic():
        writing.lock([patient.pk])
        numbers = {(number.authority, number.value): (patient.pk, number.type) for number in said.identifiers}
        writing.lock_numbers(numbers)
        owners = writing.find(numbers, site=site).owners
        if set(owners.values()) - {patient.pk}:
            raise NumberOfAnother(_("This record number is another patient’s."))
        writing.add_numbers({number: whose for number, whose in numbers.items() if number not in owners}, now=now)
        writing.add_site([patient.pk], site=site, now=now)
        known = {phone.e164 for phone in contacts.numbers_of(patient.person)}
        for rank, number in enumerate(said.phones, start=len(known) + 1):
            if number not in known:
                contacts.add(person=patient.person, number=number, now=now, rank=rank, zone=site.time_zone)
