"""Two records were one person (ADT A40 and kin, Patient.link), or were not after all.

The loser's row stays and points to its survivor; nothing that was said of it moves. `survivor` is kept flat: it always names the
last survivor of a chain, so that readers need one hop. The append-only `Merge` rows hold the chain itself, from which an unmerge
works out who belongs to whom.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from django.db import transaction

from patients import authority as authorities
from patients import consent
from patients.models import Identifier, Merge, Patient, PatientSite

from . import writing
from .deciding import Number


class MergeRefused(Exception):
    """The merge contradicts what is known. `reason` is a code; `candidates` are the patients to compare."""

    def __init__(self, reason: str, explanation: str, candidates: tuple[int, ...]) -> None:
        super().__init__(explanation)
        self.reason = reason
        self.explanation = explanation
        self.candidates = candidates


class MergeWaits(Exception):
    """One of the two is not known yet: `missing` are its numbers. The message waits for them."""

    def __init__(self, missing: tuple[Number, ...]) -> None:
        super().__init__(
            "The message joins two patient records, of which one is not known here yet. It applies itself when that one is registered."
        )
        self.reason = "merge_waits"
        self.explanation = str(self)
        self.missing = missing


class Merged(msgspec.Struct, frozen=True):
    """`loser` and whoever was merged into it (`moved`) are now seen through `survivor`; `row` of the ledger says so."""

    loser: int
    survivor: int
    moved: tuple[int, ...] = ()
    row: int = 0


def records_of(loser: Collection[Number], survivor: Collection[Number]) -> tuple[int, int]:
    """The two records themselves, merges not followed: what `merge` wants to be told."""
    found = [(_record(numbers), tuple(numbers)) for numbers in (loser, survivor)]
    missing = tuple(number for record, numbers in found if record is None for number in numbers)
    if missing:
        raise MergeWaits(missing)
    return found[0][0] or 0, found[1][0] or 0


def records_named(numbers: Collection[Number]) -> set[int]:
    """The records that these numbers name now, merges not followed."""
    return {record for number in numbers if (record := _record([number])) is not None}


def seen_at(patients: Collection[int], *, site_id: int, now: datetime) -> None:
    """The site may see these records."""
    rows = [PatientSite(patient_id=patient, site_id=site_id, since=now) for patient in patients]
    PatientSite.objects.bulk_create(rows, ignore_conflicts=True)


def merge(*, loser_id: int, survivor_id: int, at: datetime, source: str, now: datetime) -> Merged | None:
    """`loser_id` is `survivor_id` from now on; None when that is known already. Permission to text becomes the stricter of both."""
    with transaction.atomic():
        roots = _lock_with_roots([loser_id, survivor_id])
        loser_root, root = roots[loser_id], roots[survivor_id]
        if loser_id == survivor_id or (loser_root == root and loser_id != root):
            return None
        _refuse_contradictions(loser_id, loser_root, survivor_id, root)
        moved = (loser_id, *Patient.objects.filter(survivor=loser_id).values_list("pk", flat=True))
        Patient.objects.filter(pk__in=moved).update(survivor=root)
        row = Merge.objects.create(loser_id=loser_id, survivor_id=survivor_id, merged=True, at=at, source=source[:200])
        _share(loser_id, root, now=now)
        return Merged(loser_id, root, moved, row.pk)


def unmerge(*, loser_id: int, survivor_id: int, at: datetime, source: str, now: datetime) -> Merged | None:
    """The two were different people after all; None when they are apart already. What was revoked at the merge stays revoked."""
    with transaction.atomic():
        root = _lock_with_roots([loser_id, survivor_id])[loser_id]
        parents = _parents([loser_id])
        if loser_id not in parents:
            return None
        if survivor_id not in (parents[loser_id], root):
            words = "The message parts two records that were never joined to each other."
            raise MergeRefused("never_merged", words, (loser_id, survivor_id))
        row = Merge.objects.create(loser_id=loser_id, survivor_id=parents[loser_id], merged=False, at=at, source=source[:200])
        moved = _regroup(root)
        return Merged(loser_id, root, moved, row.pk)


def _record(numbers: Collection[Number]) -> int | None:
    for authority, value in numbers:
        found = Identifier.objects.filter(authority=authority, value=value, until=None).values_list("patient", flat=True).first()
        if found is not None:
            return found
    return None


def _lock_with_roots(patients: Sequence[int]) -> dict[int, int]:
    """Lock these and their survivors in order of id; who survives each."""
    survivors = Patient.objects.filter(pk__in=patients, survivor__isnull=False).values_list("survivor", flat=True)
    writing.lock(sorted({*patients, *(pk for pk in survivors if pk is not None)}))
    return {pk: survivor or pk for pk, survivor in Patient.objects.filter(pk__in=patients).values_list("pk", "survivor")}


def _refuse_contradictions(loser: int, loser_root: int, survivor: int, root: int) -> None:
    if root == loser:
        words = "The message joins a record to one that was joined to it before: a circle. Ask the sender which record is kept."
        raise MergeRefused("merge_loop", words, (loser, survivor))
    if loser_root != loser:
        words = "The record that the message gives up was joined to a third one before. Ask the sender, or part those two first."
        raise MergeRefused("merged_elsewhere", words, (loser, loser_root, survivor))


def _share(loser: int, root: int, *, now: datetime) -> None:
    """What must hold for the survivor too: its sites, a death or hint of death to verify, and every refusal of texts."""
    authorities.follow(loser=loser, survivor=root, now=now)
    sites = PatientSite.objects.filter(patient=loser).values_list("site", flat=True)
    PatientSite.objects.bulk_create([PatientSite(patient_id=root, site_id=site, since=now) for site in sites], ignore_conflicts=True)
    if Patient.objects.filter(pk=loser).exclude(died_hi=None, death_hold_since=None).exists():
        Patient.objects.filter(pk=root, died_hi=None, death_hold_since=None).update(death_hold_since=now, death_hint_source="merged record")
    consent.become_strictest(loser, root, now=now)


def _parents(patients: Collection[int]) -> dict[int, int]:
    """Of each record the one it is merged into at present, chains not followed: the last word of its `Merge` rows."""
    rows = Merge.objects.filter(loser__in=patients).order_by("pk").values_list("loser_id", "survivor_id", "merged")
    last = {loser: (survivor, merged) for loser, survivor, merged in rows}
    return {loser: survivor for loser, (survivor, merged) in last.items() if merged}


def _regroup(root: int) -> tuple[int, ...]:
    """Work out anew who survives the members of a group that a record has left; the records that moved."""
    members = list(Patient.objects.filter(survivor=root).values_list("pk", flat=True))
    writing.lock(sorted(members))
    parents = _parents(members)
    moved = {member: top for member in members if (top := _top(member, parents)) != root}
    for member, top in moved.items():
        Patient.objects.filter(pk=member).update(survivor=None if top == member else top)
    return tuple(moved)


def _top(record: int, parents: dict[int, int]) -> int:
    while record in parents:
        record = parents[record]
    return record
