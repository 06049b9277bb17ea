"""What must always hold of people, checked on live data. Each check names the rows that break it, by id only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, F, Q

from . import access, consent
from .models import Authority, ConsentEntry, ContactPoint, Identifier, Merge, Patient, Phone
from .violations import Violation

MOST = 100
"""Rows named per check: a broken invariant is a bug to fix, not a list to read."""


def check(*, now: datetime) -> list[Violation]:
    """All checks of this app; empty when everything holds."""
    checks = (survivors_are_final, merges_agree, numbers_name_one, births_and_deaths_are_spans, permissions_are_clear, stops_are_written)
    found = [violation for each in checks for violation in each()]
    return found + access.verify(now=now)


def survivors_are_final() -> Iterator[Violation]:
    """A merged record names the last survivor: nobody who was merged, and not itself."""
    wrong = Patient.objects.filter(Q(survivor=F("pk")) | Q(survivor__survivor__isnull=False))
    for pk in wrong.order_by("pk").values_list("pk", flat=True)[:MOST]:
        yield Violation(
            "a merged record names its last survivor", f"patients.patient {pk}", "its survivor was merged itself, or is the record itself"
        )


def merges_agree() -> Iterator[Violation]:
    """Every record with a survivor has a merge as the last word of the ledger, and the other way round."""
    last = dict(Merge.objects.order_by("pk").values_list("loser_id", "merged"))
    merged = set(Patient.objects.filter(survivor__isnull=False).values_list("pk", flat=True))
    for pk in sorted(merged ^ {loser for loser, joined in last.items() if joined})[:MOST]:
        yield Violation(
            "merged records agree with the ledger of merges", f"patients.patient {pk}", "survivor and last merge contradict each other"
        )


def numbers_name_one() -> Iterator[Violation]:
    """A current patient number of an authority names one record (the database holds this; a restored dump may not)."""
    twice = Identifier.objects.filter(until=None).values("authority", "value").annotate(n=Count("pk")).filter(n__gt=1)
    for row in twice[:MOST]:
        first = (
            Identifier.objects.filter(until=None, authority=row["authority"], value=row["value"])
            .order_by("pk")
            .values_list("pk", flat=True)[0]
        )
        yield Violation("a patient number names one record", f"patients.identifier {first}", f"{row['n']} records have it")


def births_and_deaths_are_spans() -> Iterator[Violation]:
    half = Q(died_lo=None, died_hi__isnull=False) | Q(died_lo__isnull=False, died_hi=None) | Q(died_lo__gt=F("died_hi"))
    unborn = Q(person__birth_lo__gt=F("person__birth_hi")) | Q(person__birth_lo=None, person__birth_hi__isnull=False)
    for pk in Patient.objects.filter(half | unborn).order_by("pk").values_list("pk", flat=True)[:MOST]:
        yield Violation("birth and death are whole spans", f"patients.patient {pk}", "an end is missing, or the span runs backwards")


def permissions_are_clear() -> Iterator[Violation]:
    """No permission was granted after it was refused and is still called refused; every one has its entry in the ledger, of its own kind."""
    for kind, permits in consent.PERMITS.items():
        name, rows = permits._meta.label_lower, permits._default_manager.order_by("pk").values_list("pk", flat=True)
        for pk in rows.filter(revoked_at__lt=F("granted_at"))[:MOST]:
            yield Violation("a permission is granted or refused", f"{name} {pk}", "granted after its refusal, yet both stand")
        said = ConsentEntry.objects.filter(kind=kind, decision="granted").values("person")
        for pk in rows.filter(granted_at__isnull=False, revoked_at=None).exclude(person__in=said)[:MOST]:
            yield Violation("a permission has its consent", f"{name} {pk}", "nothing in the consent ledger says so")


def stops_are_written() -> Iterator[Violation]:
    """A stopped number has the STOP in the ledger; a person acts for a patient within a span."""
    said = ConsentEntry.objects.filter(decision="revoked", phone__isnull=False).values("phone")
    for pk in Phone.objects.filter(stopped_at__isnull=False).exclude(pk__in=said).order_by("pk").values_list("pk", flat=True)[:MOST]:
        yield Violation("a stopped number has its STOP", f"patients.phone {pk}", "nothing in the consent ledger says so")
    for model, name in ((ContactPoint, "contactpoint"), (Authority, "authority")):
        for pk in model.objects.filter(until__lt=F("since")).order_by("pk").values_list("pk", flat=True)[:MOST]:
            yield Violation("spans run forwards", f"patients.{name} {pk}", "it ended before it began")
