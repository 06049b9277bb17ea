"""Who said that we may text, or not: the append-only ledger and the rows that say what holds now. The only writer of both.

STOP works on the number and beats every permission on it. A permission is for one person, about one patient, on one number, for
one programme or (blank) all of them. It holds when a row for the programme or for all is granted and none of the two is refused;
a later decision therefore clears the older one that it overrules. Consents never mix: only the kind `text` makes permissions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec
from django.db import transaction
from django.db.models import Q

from . import sql
from .models import ConsentEntry, ConsentKind, ContactPoint, Patient, Permission, Person, Phone, User

GRANTED, REVOKED = ConsentEntry.Decision.GRANTED, ConsentEntry.Decision.REVOKED
HOLDS = Q(granted_at__isnull=False, revoked_at=None)
REFUSED = Q(revoked_at__isnull=False)


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
    """Write the ledger, and for texts the permissions. A consent to texts that names no number covers the person's numbers of now."""
    with transaction.atomic():
        who = person or (patient.person if patient else None)
        if kind == ConsentKind.TEXT and patient is not None and who is not None:
            for number in [phone] if phone else _numbers(who):
                _permit(person=who, patient=patient, phone=number, programme=programme, decision=decision, at=at)
        return _write(decision, at, evidence, kind=kind, patient=patient, person=who, phone=phone, programme=programme, by=by)


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
    with transaction.atomic():
        held = Permission.objects.filter(person=person, patient=patient).filter(**({"phone": phone} if phone else {}))
        if programme:
            held = held.filter(programme=programme)
        held.filter(revoked_at=None).exclude(granted_at__gt=at).update(revoked_at=at)
        return record(decision=REVOKED, at=at, evidence=evidence, patient=patient, person=person, phone=phone, programme=programme, by=by)


class Granted(msgspec.Struct, frozen=True):
    """One consent of a list: the person agreed at that time to texts about the patient on the number. Ids of rows."""

    person: int
    patient: int
    phone: int
    at: datetime


def grant_all(consents: Collection[Granted], *, evidence: Evidence) -> int:
    """A list of consents to texts of all programmes, with one evidence (a form's version, a batch), as a set. How many were stated.

    A pair may stand in the list once. Refusals of single programmes stay; they are taken back one by one.
    """
    if not consents:
        return 0
    columns = {"persons": [c.person for c in consents], "patients": [c.patient for c in consents], "phones": [c.phone for c in consents]}
    return sql.run("grant_permissions", {**columns, "at": [c.at for c in consents], **msgspec.structs.asdict(evidence)})


def stop(*, phone: Phone, now: datetime, evidence: Evidence, by: User | None = None) -> bool:
    """STOP: nothing goes to this number any more, whoever uses it. Whether the number was open before."""
    with transaction.atomic():
        newly = bool(Phone.objects.filter(pk=phone.pk, stopped_at=None).update(stopped_at=now))
        phone.stopped_at = phone.stopped_at or now
        if newly:
            _write(REVOKED, now, evidence, phone=phone, by=by)
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
        Phone.objects.select_for_update().get(pk=phone.pk)
        people = users_of(phone)
        writers = tuple([person.pk] if person else people)
        if len(writers) != 1:
            return Started("ambiguous" if writers else "unknown", tuple(people))
        _silence_others(phone, writers[0], now=now, evidence=evidence)
        Permission.objects.filter(phone=phone, person=writers[0], granted_at__isnull=False).update(granted_at=now, revoked_at=None)
        Phone.objects.filter(pk=phone.pk).update(stopped_at=None)
        phone.stopped_at = None
        _write(GRANTED, now, evidence, person=Person.objects.get(pk=writers[0]), phone=phone, by=by)
        return Started("started", writers)


def _silence_others(phone: Phone, writer: int, *, now: datetime, evidence: Evidence) -> None:
    if phone.stopped_at is None:
        return
    for held in Permission.objects.filter(HOLDS, phone=phone).exclude(person=writer).select_related("person", "patient"):
        revoke(person=held.person, patient=held.patient, phone=phone, programme=held.programme, at=now, evidence=evidence)


def users_of(phone: Phone) -> list[int]:
    """People who use a number now, or who have a permission on it."""
    used = ContactPoint.objects.filter(phone=phone, until=None).values_list("person", flat=True)
    return sorted({*used, *Permission.objects.filter(phone=phone).values_list("person", flat=True)})


def may_text(*, person: Person, patient: Patient, phone: Phone, programme: str) -> bool:
    """Whether somebody said yes, nobody said no, and the number is neither stopped nor bad. Asked again under lock when sending."""
    if phone.stopped_at is not None or phone.bad_since is not None:
        return False
    rows = Permission.objects.filter(person=person, patient=patient, phone=phone, programme__in=("", programme))
    states = [(granted is not None, revoked is not None) for granted, revoked in rows.values_list("granted_at", "revoked_at")]
    return any(granted for granted, _ in states) and not any(revoked for _, revoked in states)


def become_strictest(one: int, other: int, *, now: datetime) -> None:
    """Two records became one: what either refused, both refuse, on every number; what only one allowed is not carried over."""
    refused = {patient: _refused_programmes(patient) for patient in (one, other)}
    for patient, refusals in ((one, refused[other]), (other, refused[one])):
        for programme in refusals:
            _refuse_everywhere(Patient.objects.select_related("person").get(pk=patient), programme, now=now)


def _refused_programmes(patient: int) -> list[str]:
    return sorted(set(Permission.objects.filter(REFUSED, patient=patient).values_list("programme", flat=True)))


def _refuse_everywhere(patient: Patient, programme: str, *, now: datetime) -> None:
    held = Permission.objects.filter(patient=patient).select_related("person", "phone")
    for person, phone in {(permission.person, permission.phone) for permission in held}:
        if not Permission.objects.filter(REFUSED, person=person, patient=patient, phone=phone, programme__in=("", programme)).exists():
            revoke(person=person, patient=patient, phone=phone, programme=programme, at=now, evidence=Evidence("merge"))


def _numbers(person: Person) -> Iterable[Phone]:
    return Phone.objects.filter(contact_points__person=person, contact_points__until=None).order_by("e164").distinct()


def _permit(*, person: Person, patient: Patient, phone: Phone, programme: str, decision: str, at: datetime) -> None:
    """The newest decision holds, whatever arrives last; of two at one time the refusal."""
    held, made = Permission.objects.select_for_update().get_or_create(person=person, patient=patient, phone=phone, programme=programme)
    latest = max((moment for moment in (held.granted_at, held.revoked_at) if moment), default=None)
    if not made and latest is not None and (at < latest or (at == latest and decision == GRANTED)):
        return
    if decision == GRANTED:
        held.granted_at, held.revoked_at = at, None
        _overrule(held, at)
    else:
        held.revoked_at = at
    held.save(update_fields=["granted_at", "revoked_at"])


def _overrule(granted: Permission, at: datetime) -> None:
    """Yes to all programmes clears older refusals of single ones; yes to one clears an older refusal of all, without granting the rest."""
    rows = Permission.objects.filter(person=granted.person, patient=granted.patient, phone=granted.phone, revoked_at__lt=at)
    older = rows.exclude(programme="") if granted.programme == "" else rows.filter(programme="")
    older.update(granted_at=None, revoked_at=None)


def _write(
    decision: str,
    at: datetime,
    evidence: Evidence,
    *,
    kind: str = ConsentKind.TEXT,
    patient: Patient | None = None,
    person: Person | None = None,
    phone: Phone | None = None,
    programme: str = "",
    by: User | None = None,
) -> ConsentEntry:
    return ConsentEntry.objects.create(
        person=person,
        patient=patient,
        phone=phone,
        kind=kind,
        programme=programme,
        decision=decision,
        at=at,
        how=evidence.how,
        by=by,
        wording_version=evidence.wording_version,
        language=evidence.language,
        evidence=evidence.reference,
    )
