"""Whom to ask about texts at the next visit: nobody agreed, nobody may be told yet, or the yes is older than a birthday that counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

import msgspec
from django.utils.translation import gettext as _

from . import contacts
from .models import Authority, Patient, PatientSite, Permission, Person


class Question(msgspec.Struct, frozen=True):
    """`whom` are the persons to ask; empty where first must be found out who may be told."""

    patient: Patient
    whom: tuple[Person, ...]
    why: str


def questions(patients: Collection[int], *, on: date) -> list[Question]:
    """Of patients whom no text can reach, those for whom asking may change that, in the order of their names. Who said no is not asked again."""
    found = Patient.objects.filter(pk__in=patients, died_hi=None, death_hold_since=None, is_test=False).select_related("person")
    told = contacts.recipients_of([patient.pk for patient in found], on=on)
    people = Person.objects.in_bulk({each.person_id for group in told.values() for each in group})
    return [
        question
        for patient in found.order_by("person__family", "person__given", "pk")
        if (question := _question(patient, [people[each.person_id] for each in told[patient.pk]], on)) is not None
    ]


def _question(patient: Patient, whom: list[Person], on: date) -> Question | None:
    if patient.person.birth_hi is None:
        return Question(patient, (), _("birth date unknown: is this a child?"))
    if not whom:
        limited = Authority.objects.filter(patient=patient, until=None).exclude(limits="").exists()
        return Question(patient, (), _("custody or court limit: who may be told?") if limited else _("nobody may be told yet"))
    rows = list(Permission.objects.filter(patient=patient, person__in=whom))
    open_to_ask = [one for one in whom if not any(row.person_id == one.pk and row.revoked_at for row in rows)]
    if not open_to_ask:
        return None
    granted = [row for row in rows if row.granted_at and not row.revoked_at]
    if granted and outgrown(patient, min(row.granted_at.date() for row in granted if row.granted_at), on=on):
        return Question(patient, tuple(open_to_ask), _("agreed before a birthday that counts: ask anew"))
    reachable = [one for one in open_to_ask if contacts.best_phone(one)]
    return Question(patient, tuple(open_to_ask), _("not asked yet") if reachable else _("no number that works"))


def outgrown(patient: Patient, agreed: date, *, on: date) -> bool:
    """Whether a yes of that day dates from before the last birthday after which a site of the patient asks anew."""
    born = patient.person.birth_lo
    passed = [day for age in _ages(patient) if born is not None and (day := contacts.birthday(born, age)) <= on]
    return bool(passed) and agreed < max(passed)


def _ages(patient: Patient) -> Iterable[int]:
    return {age for ages in PatientSite.objects.filter(patient=patient).values_list("site__reconsent_ages", flat=True) for age in ages}
