"""Who said that we may text, or not: the append-only ledger beside the permissions that follow from it. The only writer of both.

STOP works on the number and beats every permission on it; stopping an address does the same there, and neither touches the other. Consents
never mix: the kind `text` makes permissions to text, `email` those to e-mail, the others none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

import msgspec
from django.db import transaction

from . import contacts, permissions
from .models import ConsentEntry, ConsentKind, ContactPoint, Mailbox, MailPermission, Patient, Permission, Person, Phone, User
from .permissions import GRANTED, HOLDS, REFUSED, REVOKED, Decision, Row, may_mail, may_text

__all__ = [
    "Evidence",
    "Heard",
    "Started",
    "become_strictest",
    "grant",
    "may_mail",
    "may_text",
    "record",
    "record_all",
    "revoke",
    "start",
    "stop",
    "stop_mail",
    "users_of",
]


PERMITS: Mapping[str, type[Row]] = {ConsentKind.TEXT: Permission, ConsentKind.EMAIL: MailPermission}


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
    mailbox: Mailbox | None = None,
    programme: str = "",
    by: User | None = None,
) -> ConsentEntry:
    """Write the ledger, and for texts and e-mails the permissions. A consent that names no number (or address) covers the person's of now;
    a refusal that names none also the earlier ones."""
    with transaction.atomic():
        who, permits = person or (patient.person if patient else None), PERMITS.get(kind)
        if permits is not None and patient is not None and who is not None:
            named = phone if permits is Permission else mailbox
            addresses = [named.pk] if named else _addresses(who, patient, decision, permits)
            permissions.apply([Decision(who.pk, patient.pk, one, programme, decision, at) for one in addresses], to=permits)
            if decision == GRANTED and permits is MailPermission:
                _reopen(addresses, at)
        entry = _entry(decision, at, evidence, kind=kind, patient_id=None, person_id=None, programme=programme)
        entry.patient, entry.person, entry.phone, entry.mailbox, entry.by = patient, who, phone, mailbox, by
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
    asks, while a no is everybody's. `until`: the yes was given for a time, and ends by itself (`patients.lapsing`)."""

    patient: int
    decision: str
    at: datetime
    kind: str = ConsentKind.TEXT
    programme: str = ""
    reference: str = ""
    until: datetime | None = None


def record_all(heard: Collection[Heard], *, evidence: Evidence, by: User | None = None) -> int:
    """Many patients' decisions as a set, on the numbers and addresses they have now; how many entries were written. `reference` beats the
    evidence's."""
    if not heard:
        return 0
    with transaction.atomic():
        speakers = _speakers(heard)
        people = {person for each in speakers.values() for person in each}
        for kind, permits in PERMITS.items():
            addresses = _current(people, permits) if any(each.kind == kind for each in heard) else {}
            decisions = [
                Decision(person, each.patient, address, each.programme, each.decision, each.at, each.until)
                for each in heard
                if each.kind == kind and (len(speakers[each.patient]) == 1 or each.decision == REVOKED)
                for person in speakers[each.patient]
                for address in addresses.get(person, ())
            ]
            permissions.apply(decisions, to=permits)
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


def stop_mail(*, mailbox: Mailbox, now: datetime, evidence: Evidence, by: User | None = None) -> bool:
    """No more e-mails to this address, whoever reads it, until somebody agrees anew. Whether it was open before. Texts are not meant."""
    with transaction.atomic():
        newly = bool(Mailbox.objects.filter(pk=mailbox.pk, stopped_at=None).update(stopped_at=now))
        if newly:
            MailPermission.objects.filter(HOLDS, mailbox=mailbox).update(revoked_at=now)
            record(decision=REVOKED, at=now, evidence=evidence, kind=ConsentKind.EMAIL, mailbox=mailbox, by=by)
        return newly


class Started(msgspec.Struct, frozen=True):
    """`outcome` is started, ambiguous (several people use the number: a person must ask who wrote), unknown (nobody does) or overtaken (a STOP
    came after it was written)."""

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
        if stopped_at is not None and stopped_at > now:
            return Started("overtaken", tuple(people))
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
    """Two records became one: what either refused, both refuse, on every number and address; what only one allowed is not carried over."""
    for kind, permits in PERMITS.items():
        refused = {patient: _refused_programmes(patient, permits) for patient in (one, other)}
        for patient, refusals in ((one, refused[other]), (other, refused[one])):
            for programme in refusals:
                _refuse_everywhere(Patient.objects.get(pk=patient), programme, kind, permits, now=now)


def _restore(phone: Phone, writer: int, *, now: datetime) -> None:
    """What they had agreed to on this number, but nothing of a patient about whom they had refused all and never agreed to all."""
    refused = Permission.objects.filter(REFUSED, phone=phone, person=writer, programme="", granted_at=None).values("patient")
    agreed = Permission.objects.filter(phone=phone, person=writer, granted_at__isnull=False).exclude(patient__in=refused)
    agreed.update(granted_at=now, revoked_at=None)


def _silence_others(phone: Phone, writer: int, *, now: datetime, evidence: Evidence) -> None:
    for held in Permission.objects.filter(HOLDS, phone=phone).exclude(person=writer).select_related("person", "patient"):
        revoke(person=held.person, patient=held.patient, phone=phone, programme=held.programme, at=now, evidence=evidence)


def _reopen(mailboxes: Iterable[int], at: datetime) -> None:
    """Who agrees anew to an address that was stopped opens it again: the stop had ended everybody's permission there, so nobody else's holds."""
    Mailbox.objects.filter(pk__in=list(mailboxes), stopped_at__lte=at).update(stopped_at=None)


def _refused_programmes(patient: int, permits: type[Row]) -> list[str]:
    return sorted(set(permits._default_manager.filter(REFUSED, patient=patient).values_list("programme", flat=True)))


def _refuse_everywhere(patient: Patient, programme: str, kind: str, permits: type[Row], *, now: datetime) -> None:
    address = "phone" if permits is Permission else "mailbox"
    rows = permits._default_manager.filter(patient=patient)
    for person, where in {(each.person, getattr(each, address)) for each in rows.select_related("person", address)}:
        if not rows.filter(REFUSED, person=person, programme__in=("", programme), **{address: where}).exists():
            stated = {"person": person, "patient": patient, "programme": programme, "kind": kind, address: where}
            record(decision=REVOKED, at=now, evidence=Evidence("merge"), **stated)


def _addresses(person: Person, patient: Patient, decision: str, permits: type[Row]) -> list[int]:
    address = "phone_id" if permits is Permission else "mailbox_id"
    current = set(_current([person.pk], permits)[person.pk])
    if decision == REVOKED:
        current |= set(permits._default_manager.filter(person=person, patient=patient).values_list(address, flat=True))
    return sorted(current)


def _current(people: Iterable[int], permits: type[Row]) -> defaultdict[int, list[int]]:
    """The numbers, or addresses, that each person has now."""
    address = "phone_id" if permits is Permission else "mailbox_id"
    found = defaultdict(list)
    points = ContactPoint.objects.filter(person__in=set(people), until=None).exclude(**{address: None}).order_by("rank", "pk")
    for person, one in points.values_list("person_id", address):
        found[person].append(one)
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
