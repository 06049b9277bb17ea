"""How to reach people: numbers, who uses them, whether they were proved, and whom a text about a patient goes to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

import msgspec
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from . import codes
from .models import Authority, ContactPoint, Mailbox, Patient, Person, Phone

ADULT_YEARS = 18


class Unreachable(ValueError):
    """The number cannot be dialled as it stands: too short, an extension, a short code, in no numbering plan."""


class Recipient(msgspec.Struct, frozen=True):
    """A person who may be told of the patient; `basis` is self, or the basis of the authority."""

    person_id: int
    patient_id: int
    basis: str


def add(*, person: Person, number: str, now: datetime, rank: int = 1, zone: str = "", region: str = "US") -> ContactPoint:
    """The person uses this number (as typed). One who uses it already only gets the new rank."""
    e164 = codes.phone(number, region)
    if not e164:
        raise Unreachable(gettext("This is no phone number that a text can reach. Write it with its area code and without an extension."))
    with transaction.atomic():
        phone, _ = Phone.objects.get_or_create(e164=e164, defaults={"zone": codes.phone_zone(e164, zone)})
        point, _ = ContactPoint.objects.update_or_create(
            person=person, phone=phone, until=None, defaults={"rank": rank}, create_defaults={"rank": rank, "since": now}
        )
        return point


def add_email(*, person: Person, address: str, now: datetime, rank: int = 1) -> ContactPoint:
    """The person reads mail at this address (as typed). One who does already only gets the new rank.

    Raises:
        Unreachable: it is no address.
    """
    known = codes.email(address)
    if not known:
        raise Unreachable("This is no e-mail address. It reads like name@place.org.")
    with transaction.atomic():
        mailbox, _ = Mailbox.objects.get_or_create(address=known)
        point, _ = ContactPoint.objects.update_or_create(
            person=person, mailbox=mailbox, until=None, defaults={"rank": rank}, create_defaults={"rank": rank, "since": now}
        )
        return point


def end_email(*, person: Person, mailbox: Mailbox, now: datetime) -> bool:
    """The person reads this address no more."""
    return bool(ContactPoint.objects.filter(person=person, mailbox=mailbox, until=None).update(until=now))


def mark_bounced(*, mailbox: Mailbox, reason: str, now: datetime) -> bool:
    """Mail to this address comes back: nothing goes there until a person clears it."""
    return bool(Mailbox.objects.filter(pk=mailbox.pk, bad_since=None).update(bad_since=now, bad_reason=reason[:60]))


def clear_bounced(*, mailbox: Mailbox) -> bool:
    """A person checked that the address works after all."""
    return bool(Mailbox.objects.filter(pk=mailbox.pk, bad_since__isnull=False).update(bad_since=None, bad_reason=""))


def live_in(*, person: Person, zone: str) -> bool:
    """A person said in which zone somebody lives: no address of a feed moves it. Blank: as the next address says."""
    changed = Person.objects.filter(pk=person.pk).exclude(time_zone=zone, zone_by_hand=bool(zone))
    return bool(changed.update(time_zone=zone, zone_by_hand=bool(zone)))


def replace(*, person: Person, old: Phone, number: str, now: datetime) -> ContactPoint:
    """A new number instead of the old one, which from now on reaches the person no more. Permission does not pass over: ask again."""
    with transaction.atomic():
        rank = ContactPoint.objects.filter(person=person, phone=old, until=None).values_list("rank", flat=True).first() or 1
        end(person=person, phone=old, now=now)
        return add(person=person, number=number, now=now, rank=rank, zone=old.zone)


def end(*, person: Person, phone: Phone, now: datetime) -> bool:
    """The person uses this number no more."""
    return bool(ContactPoint.objects.filter(person=person, phone=phone, until=None).update(until=now))


def verify(*, person: Person, phone: Phone, now: datetime) -> bool:
    """The person proved to be the one on this number (an answered call, a code sent back)."""
    return bool(ContactPoint.objects.filter(person=person, phone=phone, until=None).update(verified_at=now))


def speak(*, person: Person, language: str) -> bool:
    """The person wants to be written to in this language (BCP 47); whether that is new."""
    changed = Person.objects.filter(pk=person.pk).exclude(language=language).update(language=language)
    person.language = language
    return bool(changed)


def mark_bad(*, phone: Phone, reason: str, now: datetime) -> bool:
    """The provider says that the number is dead, a landline, somebody else's: nothing goes there until a person clears it."""
    return bool(Phone.objects.filter(pk=phone.pk, bad_since=None).update(bad_since=now, bad_reason=reason[:60]))


def clear_bad(*, phone: Phone) -> bool:
    """A person checked that the number works after all."""
    return bool(Phone.objects.filter(pk=phone.pk, bad_since__isnull=False).update(bad_since=None, bad_reason=""))


def numbers_of(person: Person | int) -> list[Phone]:
    """The numbers that the person uses now, in the order in which they are tried."""
    points = ContactPoint.objects.filter(person=person, until=None).select_related("phone").order_by("rank", "pk")
    return [point.phone for point in points if point.phone is not None]


def best_phone(person: Person | int) -> Phone | None:
    """The number to try: the lowest rank, among equals one that was proved, the newest. Bad and stopped numbers never.

    Whether we may text it is another question, see `consent.may_text`.
    """
    points = ContactPoint.objects.filter(person=person, until=None, phone__bad_since=None, phone__stopped_at=None, phone__isnull=False)
    usable = [(point, phone) for point in points.select_related("phone") if (phone := point.phone) is not None]
    ordered = sorted(usable, key=lambda each: (each[0].verified_at is None, each[0].rank, -each[0].since.timestamp(), -each[0].pk))
    return ordered[0][1] if ordered else None


def recipients(patient: Patient, *, on: date) -> list[Recipient]:
    """Whom texts about the patient go to: an adult patient, else the persons who act for a minor at `on`.

    Where the birth date is unknown nobody can say which of both it is: nobody is texted, a person calls. Of a partial date the
    youngest possible age counts. A merged record speaks through its survivor.
    """
    return recipients_of([patient.pk], on=on)[patient.pk]


def recipients_of(patients: Collection[int], *, on: date) -> dict[int, list[Recipient]]:
    """`recipients` of many patients, keyed by the id asked for, in two queries. An authority with limits (custody, a court) is left
    to a person to judge, and who has died is told nothing."""
    asked = Patient.objects.filter(pk__in=patients).select_related("person", "survivor__person")
    meant = {patient.pk: patient.survivor or patient for patient in asked}
    acting: dict[int, list[Authority]] = {}
    held = Authority.objects.filter(_current(on), patient__in={patient.pk for patient in meant.values()}, limits="")
    for each in held.exclude(person__patient__died_hi__isnull=False).order_by("pk"):
        acting.setdefault(each.patient_id, []).append(each)
    return {asked_for: _told(patient, acting.get(patient.pk, []), on) for asked_for, patient in meant.items()}


def _told(patient: Patient, acting: list[Authority], on: date) -> list[Recipient]:
    if patient.person.birth_hi is None:
        return []
    if is_adult(patient.person, on):
        return [Recipient(patient.person_id, patient.pk, "self")]
    return [Recipient(each.person_id, patient.pk, each.basis) for each in acting]


def is_adult(person: Person, on: date) -> bool:
    """Whether the person is 18 for certain; an unknown birth date is not certain."""
    return person.birth_hi is not None and birthday(person.birth_hi, ADULT_YEARS) <= on


def birthday(born: date, age: int) -> date:
    """The day on which somebody born then is so many years old; of 29 February the first of March."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def _current(on: date) -> Q:
    return Q(since__date__lte=on) & (Q(until=None) | Q(until__date__gte=on))
