"""From what messages say of people to our patients: matching, registering and changing, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import transaction

from patients.demographics import Demographics
from patients.models import Site

from . import writing
from .deciding import Batch
from .known import Known, Saying, fold
from .resolution import REGISTERED, Resolution


def resolve(people: Sequence[Demographics], *, site: Site, may_register: bool, now: datetime, source: str) -> list[Resolution]:
    """Who is meant by each of `people`, in order; newcomers are registered where the feed may.

    Only identifiers decide. What the messages say of matched patients is written where it is new, and `site` may see them from
    now on. `source` is kept with deaths and hints of death. Runs in the caller's transaction.
    """
    with transaction.atomic(savepoint=False):
        batch, decisions = _decide(people, site=site, how=Saying(source, now, may_register))
        return _write(batch, decisions, site=site, now=now)


def register(person: Demographics, *, site: Site, now: datetime, source: str) -> Resolution:
    """A patient from a form. Without any number a new patient is made: the form showed whom we already know (`match`)."""
    if person.identifiers:
        return resolve([person], site=site, may_register=True, now=now, source=source)[0]
    with transaction.atomic():
        written = writing.register({-1: fold(Known(), person, Saying(source, now, registers=True))}, site=site, now=now)
        return Resolution(written[-1], REGISTERED, record_id=written[-1])


def update(*, patient_id: int, said: Demographics, now: datetime, source: str, site: Site | None = None) -> bool:
    """Change a patient as a form says, phones replaced by the list stated; whether anything was new."""
    how = Saying(source, now, registers=True)
    with transaction.atomic():
        writing.lock([patient_id])
        before = writing.read([patient_id], site=site)
        after = fold(before[patient_id], said, how)
        if after is before[patient_id]:
            return False
        writing.change([after], before, site=site, now=now, replace=True)
        return True


def _decide(people: Sequence[Demographics], *, site: Site, how: Saying) -> tuple[Batch, list[Resolution]]:
    """Decide over what is read under the lock of those who are known; when somebody is to be registered, of the unknown numbers first."""
    numbers = {(number.authority, number.value) for said in people for number in said.identifiers}
    found = writing.find_and_lock(numbers, site=site, if_all_known=how.registers)
    unknown = numbers - found.owners.keys()
    if unknown and how.registers:
        writing.lock_numbers(unknown)
        found = writing.find_and_lock(numbers, site=site)
    batch = Batch(found.owners, found.records, found.known, how)
    return batch, [batch.place(said) for said in people]


def _write(batch: Batch, decisions: list[Resolution], *, site: Site, now: datetime) -> list[Resolution]:
    newcomers = {owner: known for owner, known in batch.known.items() if owner < 0}
    ids = writing.register(newcomers, site=site, now=now) if newcomers else {}
    writing.add_numbers({number: (ids.get(owner, owner), kind) for number, (owner, kind) in batch.added.items()}, now=now)
    matched = [patient for patient in batch.said if patient > 0]
    writing.add_site([patient for patient in matched if not batch.known[patient].known_here], site=site, now=now)
    if changed := [batch.known[patient] for patient in sorted(batch.before)]:
        writing.change(changed, batch.before, site=site, now=now, replace=batch.how.registers)
    if not ids:
        return decisions
    return [_placed(each, ids) for each in decisions]


def _placed(decision: Resolution, ids: dict[int, int]) -> Resolution:
    patient = decision.patient_id
    if patient not in ids:
        return decision
    return msgspec.structs.replace(decision, patient_id=ids[patient], record_id=ids[patient])
