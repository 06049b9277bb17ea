"""The directory of clinicians: found or added by NPI as messages name them. The only writer of practitioners."""

from __future__ import annotations

from .models import Practitioner, User

NPI_PREFIX = "80840"
"""Issuer prefix under which an NPI carries a Luhn check digit (45 CFR 162.406)."""


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
    """Ten digits whose last one is the Luhn check digit over the issuer prefix and the other nine."""
    if len(text) != 10 or not (text.isascii() and text.isdigit()):
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(NPI_PREFIX + text))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
