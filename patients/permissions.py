"""What holds now: the rows that sending locks. Decisions are put to them in order; `patients.consent` writes the ledger beside.

A permission is for one person, about one patient, on one number, for one programme or (blank) all of them. It holds when a row for
the programme or for all is granted and none of the two is refused. So that this stays so simple to ask in SQL, a decision clears
the older ones that it overrules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from django.db.models import Q

from .models import ConsentEntry, Patient, Permission, Person, Phone

GRANTED, REVOKED = ConsentEntry.Decision.GRANTED, ConsentEntry.Decision.REVOKED
HOLDS = Q(granted_at__isnull=False, revoked_at=None)
REFUSED = Q(revoked_at__isnull=False)

Key = tuple[int, int, int]
"""Ids of person, patient, phone."""
Rows = dict[str, Permission]
"""Of one key the permission per programme."""


class Decision(msgspec.Struct, frozen=True):
    """That a person said yes or no to texts. Ids of rows."""

    person: int
    patient: int
    phone: int
    programme: str
    decision: str
    at: datetime

    @property
    def key(self) -> Key:
        return self.person, self.patient, self.phone


def apply(decisions: Sequence[Decision]) -> None:
    """Put decisions to the rows, in the order given, and write what changed. In the caller's transaction."""
    held = _lock({decision.key for decision in decisions})
    changed = {id(row): row for decision in decisions for row in put(held.setdefault(decision.key, {}), decision)}
    new = [row for row in changed.values() if row.pk is None]
    Permission.objects.bulk_create(
        new, update_conflicts=True, unique_fields=["person", "patient", "phone", "programme"], update_fields=["granted_at", "revoked_at"]
    )
    Permission.objects.bulk_update([row for row in changed.values() if row not in new], ["granted_at", "revoked_at"], batch_size=500)


def put(rows: Rows, said: Decision) -> list[Permission]:
    """Change `rows` as the decision says; those that changed. The newest decision holds, whatever arrives last; at one time the no."""
    row = rows.get(said.programme)
    if row is not None and _is_older(said, row):
        return []
    if row is None:
        row = rows[said.programme] = Permission(
            person_id=said.person, patient_id=said.patient, phone_id=said.phone, programme=said.programme
        )
    if said.decision == REVOKED:
        row.revoked_at = said.at
        return [row, *_refuse_singles(rows, said)]
    row.granted_at, row.revoked_at = said.at, None
    return [row, *_overrule(rows, said)]


def may_text(*, person: Person, patient: Patient, phone: Phone, programme: str) -> bool:
    """Whether somebody said yes, nobody said no, and the number is neither stopped nor bad. Asked again under lock when sending."""
    if phone.stopped_at is not None or phone.bad_since is not None:
        return False
    rows = Permission.objects.filter(person=person, patient=patient, phone=phone, programme__in=("", programme))
    states = [(granted is not None, revoked is not None) for granted, revoked in rows.values_list("granted_at", "revoked_at")]
    return any(granted for granted, _ in states) and not any(revoked for _, revoked in states)


def _is_older(said: Decision, row: Permission) -> bool:
    latest = max((moment for moment in (row.granted_at, row.revoked_at) if moment), default=None)
    if latest is None or said.at > latest:
        return False
    return said.at < latest or said.decision == GRANTED


def _refuse_singles(rows: Rows, said: Decision) -> Iterable[Permission]:
    """No to all is no to each single programme that was allowed before."""
    for programme, row in rows.items():
        if not said.programme and programme and row.revoked_at is None and row.granted_at is not None and row.granted_at <= said.at:
            row.revoked_at = said.at
            yield row


def _overrule(rows: Rows, said: Decision) -> Iterable[Permission]:
    """Yes to all clears older refusals of single ones; yes to one clears an older refusal of all, without granting the rest."""
    for programme, row in rows.items():
        if bool(programme) != bool(said.programme) and row.revoked_at is not None and row.revoked_at < said.at:
            row.granted_at = row.revoked_at = None
            yield row


def _lock(keys: set[Key]) -> dict[Key, Rows]:
    people, patients, phones = (sorted(ids) for ids in zip(*keys, strict=True)) if keys else ([], [], [])
    rows = Permission.objects.select_for_update().filter(person__in=people, patient__in=patients, phone__in=phones).order_by("pk")
    held: dict[Key, Rows] = {}
    for row in rows:
        held.setdefault((row.person_id, row.patient_id, row.phone_id), {})[row.programme] = row
    return held
