"""What was understood by a meaning that a person took back, or changed, is read again: as if the code had never meant that.

A meaning that ends leaves its place (`CodeMap.rereads_after`); the tick goes on from there through the messages that were applied while it stood,
so that a killed process loses nothing. Each is read twice, by the meaning that ended and by those of today. What it does not say any more is
retracted, what it says otherwise is a new version of the same fact, and a message of which nothing is left waits for a meaning again. What a
later message said of the same fact stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import msgspec
from django.db import transaction

from pathways.definitions import registry
from pathways.facts import Fact, Rank, content_digest
from pathways.journeys import open_desk
from pathways.lineage import version_key
from pathways.models import CodeMap, Event, Inbound
from pathways.models.inbound import NOTHING_LISTENS
from pathways.writing.desk import Incoming
from pathways.writing.state import PatientState
from pathways.writing.store import store

from . import feeds, screening, split
from .message import Unreadable
from .spoken import codes_of, piece_of
from .vocabulary import Meanings

BATCH = 200
LATER = timedelta(microseconds=1)
Meant = dict[tuple[str, str], str]


def reread(*, now: datetime, batches: int = 5) -> int:
    """Goes on wherever a meaning ended; how many messages were read again. `batches` bounds one call."""
    done = 0
    for _ in range(batches):
        looked_at, read = _some(now)
        done += read
        if looked_at < BATCH:
            break
    return done


def _some(now: datetime) -> tuple[int, int]:
    """One batch, in a transaction of its own with the place where it ended: how many were looked at, how many held the code."""
    with transaction.atomic():
        ended = CodeMap.objects.filter(rereads_after__isnull=False).select_related("feed").order_by("pk")
        meaning = ended.select_for_update(of=("self",), skip_locked=True).first()
        if meaning is None:
            return 0, 0
        registry.refresh()
        read_by_it = Inbound.objects.filter(
            feed=meaning.feed, outcome=Inbound.Outcome.APPLIED, no_effect=False, pk__gt=meaning.rereads_after, applied_at__gte=meaning.at
        )
        found = list(read_by_it.select_related("feed__site").order_by("pk")[:BATCH])
        holding = [row for row in found if any((meaning.place, meaning.code) == (where, what) for where, what, _ in codes_of(row))]
        today = feeds.meanings(meaning.feed)
        for row in holding:
            read_again(row, {**today, (meaning.place, meaning.code): meaning.target}, today, by_id=meaning.ended_by_id, now=now)
        meaning.rereads_after = found[-1].pk if len(found) == BATCH else None
        meaning.save(update_fields=["rereads_after"])
    return len(found), len(holding)


def read_again(row: Inbound, before: Meant, after: Meant, *, by_id: int | None, now: datetime) -> bool:
    """Writes the difference between two readings of a stored message; whether it says anything now. The caller has the transaction."""
    told, tells = _told(row, before), _told(row, after)
    if told is None or tells is None:
        return False
    differs = {lineage for lineage in told.keys() | tells.keys() if _content(told.get(lineage)) != _content(tells.get(lineage))}
    for patient_id, lineages in _whose(row, differs).items():
        desk, patient = open_desk(patient_id, now)
        said = [one for lineage in sorted(lineages) if (one := _version(row, patient, lineage, tells.get(lineage), now)) is not None]
        for record_id in {patient.records.get(one.lineage) for one in said}:
            facts = tuple(one for one in said if patient.records.get(one.lineage) == record_id)
            desk.work(patient, [Incoming(facts, row.feed.site_id, row.pk, by_id=by_id, record_id=record_id)])
        store(desk.changes, now=now)
    row.no_effect, row.reason = not tells, "" if tells else NOTHING_LISTENS
    row.save(update_fields=["no_effect", "reason"])
    return bool(tells)


def _told(row: Inbound, meanings: Meant) -> dict[str, Fact] | None:
    """What the message says if codes mean this, as far as anybody listens; None where it cannot be read."""
    profile = msgspec.structs.replace(feeds.profile(row.feed, row.received_at), meanings=Meanings(meanings))
    try:
        parsed = split.parse(piece_of(row), profile)
    except Unreadable:
        return None
    kinds = registry.listened_to()
    return {fact.lineage: fact for subject in parsed.subjects for fact in screening.relevant(subject, kinds)}


def _content(fact: Fact | None) -> str:
    return fact.digest if fact else ""


def _whose(row: Inbound, lineages: Collection[str]) -> dict[int, set[str]]:
    """The patients of whom the message said these; a fact that is new goes to the one it is about."""
    found: dict[int, set[str]] = defaultdict(set)
    stated = dict(Event.objects.filter(inbound=row, lineage__in=lineages).values_list("lineage", "patient_id"))
    for lineage in lineages:
        patient_id = stated.get(lineage, row.patient_id)
        if patient_id is not None:
            found[patient_id].add(lineage)
    return found


def _version(row: Inbound, patient: PatientState, lineage: str, says: Fact | None, now: datetime) -> Fact | None:
    """The version that puts right what stands; None where nothing does, or a later message has spoken since."""
    versions = [fact for fact in patient.facts if fact.lineage == lineage]
    if not versions:
        return says
    stands = max(versions, key=version_key)
    if stands.id not in set(_of_message(row, lineage)) or (says is None and stands.retracted):
        return None
    kept = says or stands
    rank, gone = max(kept.rank, stands.rank), says is None
    digest = content_digest(kept.kind, kept.occurred, Rank(rank), gone, kept.keys, kept.body)
    issued = max(now, (stands.issued_at or now) + LATER)
    return msgspec.structs.replace(
        kept, rank=Rank(rank), retracted=gone, digest=digest, issued_at=issued, recorded_at=now, received_at=None, id=None
    )


def _of_message(row: Inbound, lineage: str) -> Iterator[int]:
    yield from Event.objects.filter(inbound=row, lineage=lineage).values_list("pk", flat=True)
