"""Who may be told of a patient and speak for them: granted, limited and ended here and nowhere else. History is kept by trigger.

A feed that is trusted for it names a child's parents; it never revives what a person ended and never lifts a limit. Consent to texts is
another thing: an authority lets nothing go out before the person agreed (`patients.consent`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from . import alike, codes, contacts
from .demographics import StatedKin
from .models import Authority, ContactPoint, Identifier, Patient, Person, User
from .registry import writing

PARENTAL = (Authority.Basis.PARENT, Authority.Basis.GUARDIAN)
"""They lapse when the child is of age."""


class Refused(ValueError):
    """The grant makes no sense; the words are for the member of staff."""


def grant(
    *,
    person: Person,
    patient: Patient,
    basis: str,
    now: datetime,
    until: datetime | None = None,
    limits: str = "",
    source: str = "",
    by: User | None = None,
) -> Authority:
    """The person may be told from now on. One who may already gets the new basis and end; a limit that stands is only lifted by `lift`."""
    if person.pk == patient.person_id:
        raise Refused(_("Nobody needs authority over themselves."))
    if basis in PARENTAL and contacts.is_adult(patient.person, now.date()):
        raise Refused(_("Parents and guardians speak for minors. For an adult choose health-care proxy, or somebody the patient named."))
    stated = {"basis": basis, "until": until, "source": source[:60], "by": by}
    with transaction.atomic():
        writing.lock([patient.pk])
        known = _current(person, patient, now).first()
        if known is None:
            return Authority.objects.create(person=person, patient=patient, since=now, limits=limits, **stated)
        for name, value in (stated | ({"limits": limits} if limits else {})).items():
            setattr(known, name, value)
        known.save()
        return known


def limit(*, authority: Authority, words: str, by: User | None, source: str = "") -> None:
    """Custody, a court, a family's wish: from now on a person judges each time; what is still unsent does not go."""
    if not words.strip():
        raise Refused(_("Say what the limit is."))
    Authority.objects.filter(pk=authority.pk).update(limits=words.strip(), by=by, source=source[:60])


def lift(*, authority: Authority, by: User) -> None:
    """The limit is gone, by a named member of staff."""
    Authority.objects.filter(pk=authority.pk).update(limits="", by=by, source="")


def end(*, authority: Authority, because: str, now: datetime, by: User | None = None) -> bool:
    """The person may not be told any more; whether they might until now."""
    current = Authority.objects.filter(pk=authority.pk).filter(Q(until=None) | Q(until__gt=now))
    return bool(current.update(until=now, ended_because=because[:60], by=by))


def died(*, person: Person, now: datetime, by: User | None = None) -> int:
    """A parent or proxy died: they speak for nobody and their numbers reach them no more. Of how many patients this was true."""
    with transaction.atomic():
        ContactPoint.objects.filter(person=person, until=None).update(until=now)
        held = Authority.objects.filter(person=person).filter(Q(until=None) | Q(until__gt=now))
        return held.update(until=now, ended_because="died", by=by)


def follow(*, loser: int, survivor: int, now: datetime) -> None:
    """Two records became one: who might be told of the one may be told of the other, with the limits of either."""
    for each in Authority.objects.filter(Q(until=None) | Q(until__gt=now), patient=loser).order_by("pk"):
        theirs = Authority.objects.filter(person=each.person_id, patient=survivor).first()
        if theirs is None:
            stated = {"basis": each.basis, "since": each.since, "until": each.until, "limits": each.limits}
            Authority.objects.create(person_id=each.person_id, patient_id=survivor, source=each.source, by_id=each.by_id, **stated)
        elif each.limits and not theirs.limits:
            limit(authority=theirs, words=each.limits, by=None, source="merge")


def hear(stated: Iterable[tuple[int, Sequence[StatedKin]]], *, now: datetime, source: str) -> int:
    """What a trusted feed says of children's parents and guardians, by patient id; how many authorities are new.

    Adults' next of kin speak for nobody, and where the birth date is unknown nobody can say; a message about an adult changes nothing.
    """
    new = 0
    for patient_id, kin in stated:
        patient = Patient.objects.select_related("person", "survivor__person").get(pk=patient_id)
        patient = patient.survivor or patient
        if patient.person.birth_hi is not None and not contacts.is_adult(patient.person, now.date()):
            new += sum(_hear_one(patient, each, now=now, source=source) for each in kin)
    return new


def _hear_one(patient: Patient, kin: StatedKin, *, now: datetime, source: str) -> bool:
    """Known people keep what staff decided of them; their language and numbers are brought up to date unless they are patients here."""
    writing.lock_numbers({("phone", number) for number in kin.phones} | {(each.authority, each.value) for each in kin.identifiers})
    person = _known(patient, kin)
    if person is None and not (kin.family or kin.given):
        return False
    if person is None:
        person = Person.objects.create(family=kin.family, given=kin.given, language=kin.language)
    if not Patient.objects.filter(person=person).exists():
        _bring_up_to_date(person, kin, now)
    if Authority.objects.filter(person=person, patient=patient).exists():
        return False
    grant(person=person, patient=patient, basis=kin.basis, now=now, source=source)
    return True


def _known(patient: Patient, kin: StatedKin) -> Person | None:
    """By patient number; else of the same name among who was named for this child; else of the same name on the same number."""
    for number in kin.identifiers:
        found = Identifier.objects.filter(authority=number.authority, value=number.value, until=None).select_related(
            "patient__person", "patient__survivor__person"
        )
        if known := found.first():
            return (known.patient.survivor or known.patient).person
    if not kin.family or not kin.given:
        return None
    named = Person.objects.filter(authorities__patient=patient)
    using = Person.objects.filter(contact_points__phone__e164__in=kin.phones, contact_points__until=None).exclude(pk=patient.person_id)
    for group in (named, using):
        same = {each.pk: each for each in group if each.given and alike.same_name(each.family, each.given, kin.family, kin.given)}
        if len(same) == 1:
            return next(iter(same.values()))
    return None


def _bring_up_to_date(person: Person, kin: StatedKin, now: datetime) -> None:
    if kin.language and kin.language != person.language:
        Person.objects.filter(pk=person.pk).update(language=kin.language)
    if kin.phones:
        ContactPoint.objects.filter(person=person, until=None, phone__isnull=False).exclude(phone__e164__in=kin.phones).update(until=now)
        for rank, number in enumerate(kin.phones, start=1):
            contacts.add(person=person, number=number, now=now, rank=rank)
    if kin.emails:
        writing.state_emails({person.pk: kin.emails}, now=now, replace=True)


def _current(person: Person, patient: Patient, now: datetime) -> QuerySet[Authority]:
    return Authority.objects.filter(Q(until=None) | Q(until__gt=now), person=person, patient=patient)


def in_force(patients: Iterable[int], *, on: date) -> dict[int, list[Authority]]:
    """Who may be told of each patient on a day, limits included, in the order in which they were granted."""
    held: dict[int, list[Authority]] = {}
    spans = Q(since__date__lte=on) & (Q(until=None) | Q(until__date__gt=on))
    for each in Authority.objects.filter(spans, patient__in=set(patients)).select_related("person").order_by("pk"):
        held.setdefault(each.patient_id, []).append(each)
    return held


def introduce(
    *,
    patient: Patient,
    basis: str,
    family: str,
    given: str,
    now: datetime,
    by: User,
    number: str = "",
    language: str = "",
    limits: str = "",
) -> Authority:
    """Somebody who is no patient here, as a member of staff was told. One of the same name who uses the same number is the same person.

    Raises:
        Refused, contacts.Unreachable: words for the member of staff.
    """
    with transaction.atomic():
        e164 = codes.phone(number) if number else ""
        if number and not e164:
            raise contacts.Unreachable(
                _("This is no phone number that a text can reach. Write it with its area code and without an extension.")
            )
        said = StatedKin(basis, family=family, given=given, language=language, phones=(e164,) if e164 else ())
        person = _known(patient, said) or Person.objects.create(family=family, given=given, language=language)
        if e164:
            contacts.add(person=person, number=e164, now=now)
        return grant(person=person, patient=patient, basis=basis, now=now, limits=limits, by=by)
