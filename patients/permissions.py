"""What holds now: the rows that sending locks. Decisions are put to them in order; `patients.consent` writes the ledger beside.

A permission is for one person, about one patient, on one number (or, apart from it, to one e-mail address), for one programme or (blank)
all of them. It holds when a row for
the programme or for all is granted and none of the two is refused. So that this stays so simple to ask in SQL, a decision clears
the older ones that it overrules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Q

from .models import ConsentEntry, Mailbox, MailPermission, Patient, Permission, Person, Phone

GRANTED, REVOKED = ConsentEntry.Decision.GRANTED, ConsentEntry.Decision.REVOKED
HOLDS = Q(granted_at__isnull=False, revoked_at=None)
REFUSED = Q(revoked_at__isnull=False)

Row = Permission | MailPermission
Key = tuple[int, int, int]
"""Ids of person, patient, and phone or mailbox."""
Rows = dict[str, Any]
"""Of one key the permission per programme."""


class Decision(msgspec.Struct, frozen=True):
    """That a person said yes (`until` a day, where they said so) or no to texts, or to e-mails. Ids of rows; `address` is a phone or a mailbox."""

    person: int
    patient: int
    address: int
    programme: str
    decision: str
    at: datetime
    until: datetime | None = None

    @property
    def key(self) -> Key:
        return self.person, self.patient, self.address


def apply(decisions: Sequence[Decision], *, to: type[Row] = Permission) -> None:
    """Put decisions to the rows, in the order given, and write what changed. In the caller's transaction."""
    held = _lock({decision.key for decision in decisions}, to)
    changed = {id(row): row for decision in decisions for row in put(held.setdefault(decision.key, {}), decision, to)}
    new = [row for row in changed.values() if row.pk is None]
    to._default_manager.bulk_create(
        new,
        update_conflicts=True,
        unique_fields=["person", "patient", _address(to), "programme"],
        update_fields=["granted_at", "revoked_at", "until"],
    )
    to._default_manager.bulk_update(
        [row for row in changed.values() if row not in new], ["granted_at", "revoked_at", "until"], batch_size=500
    )


def _address(model: type[Row]) -> str:
    return "phone" if model is Permission else "mailbox"


def put(rows: Rows, said: Decision, to: type[Row] = Permission) -> list[Any]:
    """Change `rows` as the decision says; those that changed. The newest decision holds, whatever arrives last; at one time the no."""
    row = rows.get(said.programme)
    if row is not None and _is_older(said, row):
        return []
    if row is None:
        where = {f"{_address(to)}_id": said.address}
        row = rows[said.programme] = to(person_id=said.person, patient_id=said.patient, programme=said.programme, **where)
    if said.decision == REVOKED:
        row.revoked_at, row.until = said.at, None
        return [row, *_refuse_singles(rows, said)]
    row.granted_at, row.revoked_at, row.until = said.at, None, said.until
    return [row, *_overrule(rows, said)]


def may_text(*, person: Person, patient: Patient, phone: Phone, programme: str) -> bool:
    """Whether somebody said yes, nobody said no, and the number is neither stopped nor bad. Asked again under lock when sending."""
    if phone.stopped_at is not None or phone.bad_since is not None:
        return False
    rows = Permission.objects.filter(person=person, patient=patient, phone=phone, programme__in=("", programme))
    states = [(granted is not None, revoked is not None) for granted, revoked in rows.values_list("granted_at", "revoked_at")]
    return any(granted for granted, _ in states) and not any(revoked for _, revoked in states)


def may_mail(*, person: Person, patient: Patient, mailbox: Mailbox, programme: str) -> bool:
    """The same of an e-mail address."""
    if mailbox.stopped_at is not None or mailbox.bad_since is not None:
        return False
    rows = MailPermission.objects.filter(person=person, patient=patient, mailbox=mailbox, programme__in=("", programme))
    states = [(granted is not None, revoked is not None) for granted, revoked in rows.values_list("granted_at", "revoked_at")]
    return any(granted for granted, _ in states) and not any(revoked for _, revoked in states)


def _is_older(said: Decision, row: Row) -> bool:
    latest = max((moment for moment in (row.granted_at, row.revoked_at) if moment), default=None)
    if latest is None or said.at > latest:
        return False
    return said.at < latest or said.decision == GRANTED


def _refuse_singles(rows: Rows, said: Decision) -> Iterable[Any]:
    """No to all is no to each single programme that was allowed before."""
    for programme, row in rows.items():
        if not said.programme and programme and row.revoked_at is None and row.granted_at is not None and row.granted_at <= said.at:
            row.revoked_at, row.until = said.at, None
            yield row


def _overrule(rows: Rows, said: Decision) -> Iterable[Any]:
    """Yes to all clears older refusals of single ones; yes to one clears an older refusal of all, without granting the rest."""
    for programme, row in rows.items():
        if bool(programme) != bool(said.programme) and row.revoked_at is not None and row.revoked_at < said.at:
            row.granted_at = row.revoked_at = None
            yield row


def _lock(keys: set[Key], model: type[Row]) -> dict[Key, Rows]:
    people, patients, addresses = (sorted(ids) for ids in zip(*keys, strict=True)) if keys else ([], [], [])
    where = {"person__in": people, "patient__in": patients, f"{_address(model)}__in": addresses}
    held: dict[Key, Rows] = {}
    for row in model._default_manager.select_for_update().filter(**where).order_by("pk"):
        held.setdefault((row.person_id, row.patient_id, getattr(row, f"{_address(model)}_id")), {})[row.programme] = row
    return held
