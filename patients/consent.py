"""Who said that we may text, or not: the append-only ledger beside the permissions that follow from it. The only writer of both.

STOP works on the number and beats every permission on it. Consents never mix: only the kind `text` makes permissions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

import msgspec
from django.db import transaction

from . import contacts, permissions
from .models import ConsentEntry, ConsentKind, ContactPoint, Patient, Permission, Person, Phone, User
from .permissions import GRANTED, HOLDS, REFUSED, REVOKED, Decision, may_text

__all__ = [
    "Evidence",
    "Heard",
    "Started",
    "become_strictest",
    "grant",
    "may_text",
    "record",
    "record_all",
    "revoke",
    "start",
    "stop",
    "users_of",
]


class Evidence(msgspec.Struct, frozen=True):
    """How we know: form, verbal, feed, reply, provider ...; which wording in which language; where the proof is kept."""

    how: str
    wording_version: str = ""
    language: str = ""
    reference: str = ""


def record(
    *,
    decision: str,
    at: datetime,
    evidence: Evidence,
    kind: str = ConsentKind.TEXT,
    patient: Patient | None = None,
    person: Person | None = None,
    phone: Phone | None = None,
    programme: str = "",
    by: User | None = None,
) -> ConsentEntry:
    """Write the ledger, and for texts the permissions. A consent that names no number covers the person's numbers of now; a
    refusal that names none also the earlier ones."""
    with transaction.atomic():
        who = person or (patient.person if patient else None)
        if kind == ConsentKind.TEXT and patient is not None and who is not None:
            phones = [phone.pk] if phone else _numbers(who, patient, decision)
            permissions.apply([Decision(who.pk, patient.pk, number, programme, decision, at) for number in phones])
        entry = _entry(decision, at, evidence, kind=kind, patient_id=None, person_id=None, programme=programme)
        entry.patient, entry.person, entry.phone, entry.by = patient, who, phone, by
        entry.save()
        return entry


def grant(
    *, person: Person, patient: Patient, phone: Phone, at: datetime, evidence: Evidence, programme: str = "", by: User | None = None
) -> ConsentEntry:
    """The person agrees to texts about the patient on this number."""
    return record(decision=GRANTED, at=at, evidence=evidence, patient=patient, person=person, phone=phone, programme=programme, by=by)


def revoke(
    *,
    person: Person,
    patient: Patient,
    at: datetime,
    evidence: Evidence,
    phone: Phone | None = None,
    programme: str = "",
    by: User | None = None,
) -> ConsentEntry:
    """No more texts about the patient; without a phone on none of the person's numbers, without a programme for none of them."""
    return record(decision=REVOKED, at=at, evidence=evidence, patient=patient, person=person, phone=phone, programme=programme, by=by)


class Heard(msgspec.Struct, frozen=True):
    """A decision about a patient as a feed or a list brings it: granted or revoked, for a programme or (blank) for all. An adult's is their
    own. A minor's is that of the one person who may speak for them; of several nobody can say who agreed, so a yes waits until somebody
    asks, while a no is everybody's."""

    patient: int
    decision: str
    at: datetime
    kind: str = ConsentKind.TEXT
    programme: str = ""
    reference: str = ""


def record_all(heard: Collection[Heard], *, evidence: Evidence, by: User | None = None) -> int:
    """Many patients' decisions as a set, on the numbers they have now; how many entries were written. `reference` beats the evidence's."""
    with transaction.atomic():
        speakers = _speakers(heard)
        numbers = _current_numbers(person for people in speakers.values() for person in people)
        permissions.apply(
            [
                Decision(person, each.patient, number, each.programme, each.decision, each.at)
                for each in heard
                if each.kind == ConsentKind.TEXT and (len(speakers[each.patient]) == 1 or each.decision == REVOKED)
                for person in speakers[each.patient]
                for number in numbers[person]
            ]
        )
        entries = [_heard_entry(each, speakers[each.patient], evidence, by) for each in heard]
        return len(ConsentEntry.objects.bulk_create(entries))


def _speakers(heard: Collection[Heard]) -> dict[int, list[int]]:
    """Whose word a decision about each patient is: persons by patient."""
    on = max((each.at for each in heard), default=datetime.min.replace(tzinfo=UTC)).date()
    patients = Patient.objects.filter(pk__in={each.patient for each in heard}).select_related("person")
    minors = {patient.pk for patient in patients if patient.person.birth_lo is not None and not contacts.is_adult(patient.person, on)}
    told = contacts.recipients_of(minors, on=on) if minors else {}
    return {
        patient.pk: [each.person_id for each in told[patient.pk]] if patient.pk in minors else [patient.person_id] for patient in patients
    }


def stop(*, phone: Phone, now: datetime, evidence: Evidence, by: User | None = None) -> bool:
    """STOP: nothing goes to this number any more, whoever uses it. Whether the number was open before."""
    with transaction.atomic():
        newly = bool(Phone.objects.filter(pk=phone.pk, stopped_at=None).update(stopped_at=now))
        phone.stopped_at = phone.stopped_at or now
        if newly:
            record(decision=REVOKED, at=now, evidence=evidence, phone=phone, by=by)
        return newly


class Started(msgspec.Struct, frozen=True):
    """`outcome` is started, ambiguous (several people use the number: a person must ask who wrote) or unknown (nobody does)."""

    outcome: str
    people: tuple[int, ...] = ()


def start(*, phone: Phone, now: datetime, evidence: Evidence, person: Person | None = None, by: User | None = None) -> Started:
    """START: the number opens again for the permissions of the person who wrote, and of nobody else.

    Others on the number fall silent by a refusal of their own, because it was the number's STOP that had silenced them.
    """
    with transaction.atomic():
        stopped_at = Phone.objects.select_for_update().get(pk=phone.pk).stopped_at
        people = users_of(phone)
        writers = tuple([person.pk] if person else people)
        if len(writers) != 1:
            return Started("ambiguous" if writers else "unknown", tuple(people))
        if stopped_at is not None:
            _silence_others(phone, writers[0], now=now, evidence=evidence)
        _restore(phone, writers[0], now=now)
        Phone.objects.filter(pk=phone.pk).update(stopped_at=None)
        phone.stopped_at = None
        record(decision=GRANTED, at=now, evidence=evidence, person=Person.objects.get(pk=writers[0]), phone=phone, by=by)
        return Started("started", writers)


def users_of(phone: Phone) -> list[int]:
    """People who use a number now, or who have a permission on it."""
    used = ContactPoint.objects.filter(phone=phone, until=None).values_list("person", flat=True)
    return sorted({*used, *Permission.objects.filter(phone=phone).values_list("person", flat=True)})


def become_strictest(one: int, other: int, *, now: datetime) -> None:
    """Two records became one: what either refused, both refuse, on every number; what only one allowed is not carried over."""
    refused = {patient: _refused_programmes(patient) for patient in (one, other)}
    for patient, refusals in ((one, refused[other]), (other, refused[one])):
        for programme in refusals:
            _refuse_everywhere(Patient.objects.get(pk=patient), programme, now=now)


def _restore(phone: Phone, writer: int, *, now: datetime) -> None:
    """What they had agreed to on this number, but nothing of a patient about whom they had refused all and never agreed to all."""
    refused = Permission.objects.filter(REFUSED, phone=phone, person=writer, programme="", granted_at=None).values("patient")
    agreed = Permission.objects.filter(phone=phone, person=writer, granted_at__isnull=False).exclude(patient__in=refused)
    agreed.update(granted_at=now, revoked_at=None)


def _silence_others(phone: Phone, writer: int, *, now: datetime, evidence: Evidence) -> None:
    for held in Permission.objects.filter(HOLDS, phone=phone).exclude(person=writer).select_related("person", "patient"):
        revoke(person=held.person, patient=held.patient, phone=phone, programme=held.programme, at=now, evidence=evidence)


def _refused_programmes(patient: int) -> list[str]:
    return sorted(set(Permission.objects.filter(REFUSED, patient=patient).values_list("programme", flat=True)))


def _refuse_everywhere(patient: Patient, programme: str, *, now: datetime) -> None:
    held = Permission.objects.filter(patient=patient).select_related("person", "phone")
    for person, phone in {(permission.person, permission.phone) for permission in held}:
        if not Permission.objects.filter(REFUSED, person=person, patient=patient, phone=phone, programme__in=("", programme)).exists():
            revoke(person=person, patient=patient, phone=phone, programme=programme, at=now, evidence=Evidence("merge"))


def _numbers(person: Person, patient: Patient, decision: str) -> list[int]:
    current = set(_current_numbers([person.pk])[person.pk])
    if decision == REVOKED:
        current |= set(Permission.objects.filter(person=person, patient=patient).values_list("phone_id", flat=True))
    return sorted(current)


def _current_numbers(people: Iterable[int]) -> defaultdict[int, list[int]]:
    found = defaultdict(list)
    points = ContactPoint.objects.filter(person__in=set(people), until=None, phone__isnull=False).order_by("rank", "pk")
    for person, phone in points.values_list("person_id", "phone_id"):
        if phone is not None:
            found[person].append(phone)
    return found


def _heard_entry(heard: Heard, people: list[int], evidence: Evidence, by: User | None) -> ConsentEntry:
    """Of several who may have spoken the ledger names none."""
    person = people[0] if len(people) == 1 else None
    entry = _entry(
        heard.decision, heard.at, evidence, kind=heard.kind, patient_id=heard.patient, person_id=person, programme=heard.programme
    )
    entry.evidence, entry.by = heard.reference[:200] or entry.evidence, by
    return entry


def _entry(
    decision: str, at: datetime, evidence: Evidence, *, kind: str, patient_id: int | None, person_id: int | None, programme: str
) -> ConsentEntry:
    return ConsentEntry(
        person_id=person_id,
        patient_id=patient_id,
        kind=kind,
        programme=programme,
        decision=decision,
        at=at,
        how=evidence.how[:40],
        wording_version=evidence.wording_version,
        language=evidence.language,
        evidence=evidence.reference[:200],
    )
