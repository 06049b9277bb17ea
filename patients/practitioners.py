"""The directory of clinicians: found or added by NPI as messages name them. The only writer of practitioners."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from psycopg import Cursor

from . import codes, sql
from .demographics import StatedClinician
from .models import Practitioner, PractitionerNumber, User

NOBODY: Mapping[str, int] = MappingProxyType({})

NPI_PREFIX = "80840"
"""Issuer prefix under which an NPI carries a Luhn check digit (45 CFR 162.406)."""

NPI_NAMES = frozenset({"NPI", "NPPES", "2.16.840.1.113883.4.6", "URN:OID:2.16.840.1.113883.4.6", "HTTP://HL7.ORG/FHIR/SID/US-NPI"})
"""What senders call the authority or the type of an NPI."""


def upsert(*, npi: str, family: str, given: str = "", specialty: str = "", phone: str = "", email: str = "") -> Practitioner | None:
    """The clinician with this NPI, brought up to what is said; None when it is no NPI. What is not said stays."""
    if not is_npi(npi):
        return None
    stated = {"family": family, "given": given, "specialty": specialty, "phone": phone, "email": email}
    said = {name: value for name, value in stated.items() if value}
    practitioner, made = Practitioner.objects.get_or_create(npi=npi, defaults={"family": family or "name unknown", **said})
    news = {} if made else {name: value for name, value in said.items() if getattr(practitioner, name) != value}
    for name, value in news.items():
        setattr(practitioner, name, value)
    if news:
        practitioner.save(update_fields=list(news))
    return practitioner


def stated(
    numbers: Iterable[tuple[str, str, str]], *, family: str, given: str, system: str, sentinels: frozenset[str] = frozenset()
) -> StatedClinician:
    """A clinician from numbers as (authority, type, value). One called an NPI is one only with its check digit; ten digits that are
    called nothing and check out are taken for one; another number without an authority is the sending system's own."""
    npi, others = "", []
    for authority, kind, value in numbers:
        called_npi = bool({authority.upper(), kind.upper()} & NPI_NAMES)
        if is_npi(value) and (called_npi or not (authority or kind)):
            npi = npi or value
        elif not called_npi and codes.is_id(value, sentinels):
            others.append(((authority or system)[:120], value[:120]))
    return StatedClinician(npi, tuple(dict.fromkeys(others)), codes.name(family)[:120], codes.name(given)[:120])


def ask_by_npi(npis: Collection[str]) -> Cursor[Any] | None:
    """Asks for the directory's rows of these numbers; the answer (NPI and row) is read later, for `hear`."""
    return sql.ask("find_clinicians", {"npis": list(npis)}) if npis else None


def hear(said: Collection[StatedClinician], *, source: str, by_npi: Mapping[str, int] = NOBODY) -> dict[StatedClinician, int]:
    """The directory's rows of clinicians as a feed names them, by NPI, else by a number of theirs; never by name.

    Who is not known is added without an account, marked as heard from `source`. What the directory says already stays: a person may
    have corrected it. Who has no number that can be used is left out. `by_npi`: rows that were asked for already.
    """
    usable = {one for one in said if one.npi or one.numbers}
    known = _known(usable, by_npi)
    if missing := sorted(usable - known.keys(), key=repr):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('practitioners.hear'))")  # two that hear of one make one row
            for one in missing:
                known = _known(usable)
                if one not in known:
                    known[one] = _add(one, source)
    return known


def _known(said: Iterable[StatedClinician], before: Mapping[str, int] = NOBODY) -> dict[StatedClinician, int]:
    asked = list(said)
    npis = [one.npi for one in asked if one.npi and one.npi not in before]
    by_npi: dict[str, int] = {**before, **(dict(sql.rows("find_clinicians", {"npis": npis})) if npis else {})}
    rest = [one for one in asked if by_npi.get(one.npi) is None and one.numbers]
    numbers = Q(pk__in=[])
    for authority in {authority for one in rest for authority, _ in one.numbers}:
        numbers |= Q(authority=authority, value__in=[value for one in rest for owner, value in one.numbers if owner == authority])
    rows = PractitionerNumber.objects.filter(numbers).values_list("authority", "value", "practitioner", "practitioner__npi") if rest else ()
    by_number = {(authority, value): (pk, npi) for authority, value, pk, npi in rows}
    found = {one: by_npi[one.npi] for one in asked if one.npi in by_npi}
    for one in rest:
        owners = [owner for number in one.numbers if (owner := by_number.get(number))]
        # a number whose owner has another NPI than the message says was given to somebody new
        if pk := next((pk for pk, npi in owners if not (one.npi and npi)), None):
            found[one] = pk
    return found


def _add(one: StatedClinician, source: str) -> int:
    made = Practitioner.objects.create(npi=one.npi or None, family=one.family or "name unknown", given=one.given, heard_from=source[:120])
    rows = [PractitionerNumber(practitioner=made, authority=authority, value=value) for authority, value in one.numbers]
    PractitionerNumber.objects.bulk_create(rows, ignore_conflicts=True)
    return made.pk


def find(text: str) -> QuerySet[Practitioner]:
    """Of whom every word that was typed is a name's beginning (of any of its words), the NPI or its beginning, or a number of theirs."""
    found = Practitioner.objects.all()
    for word in text.replace(",", " ").split():
        begins = rf"\m{re.escape(word)}"
        numbers = PractitionerNumber.objects.filter(value__iexact=word).values("practitioner")
        found = found.filter(Q(family__iregex=begins) | Q(given__iregex=begins) | Q(npi__startswith=word) | Q(pk__in=numbers))
    return found.order_by("family", "given", "pk")


def give_account(practitioner: Practitioner, user: User | None) -> None:
    """The clinician signs in as `user`; None: no longer. Without an account a navigator calls."""
    practitioner.user = user
    practitioner.save(update_fields=["user"])


def delegate(practitioner: Practitioner, *, to: User) -> None:
    """`to` may act for the clinician, and gets their work items."""
    practitioner.delegates.add(to)


def withdraw_delegation(practitioner: Practitioner, *, of: User) -> None:
    practitioner.delegates.remove(of)


def is_npi(text: str) -> bool:
    """Ten digits, the first 1 or 2, the last the Luhn check digit over the issuer prefix and the other nine."""
    if len(text) != 10 or not (text.isascii() and text.isdigit()) or text[0] not in "12":
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(NPI_PREFIX + text))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
