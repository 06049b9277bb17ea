"""What follows for journeys when two patient records became one, or were parted again.

Nothing that was said moves: every event stays with the record of which it was said, and a journey with the record that brought it about.
So parting gives each its own back by the numbers that its source stated; what nobody can say by a number comes to a person. Texts of
both rest until a person has settled the matter that is opened here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
from django.db import transaction
from django.utils.translation import gettext

from pathways.facts import Fact, Grade, Rank, content_digest
from pathways.ingest import naming
from pathways.journeys import open_desk
from pathways.lineage import current
from pathways.models import Event, Feed, JourneySite, Matter, MatterKind
from pathways.writing.acts import act
from pathways.writing.desk import Desk, Incoming
from pathways.writing.matters import open_matter
from pathways.writing.merged import MERGED
from pathways.writing.state import JourneyState, PatientState
from pathways.writing.store import close_matters, store
from patients import registry
from patients.models import Merge, Patient, Site, User


class SamePatient(ValueError):
    """A fact cannot be given to the one whom it stands with."""


def merge(joined: registry.Merged, *, site_id: int, now: datetime) -> None:
    """Journeys of the same episode become one: the older goes on, the younger is voided; the patient's facts are bound anew."""
    with transaction.atomic():
        desk, patient = open_desk(joined.survivor, now)
        pairs = twins(patient)
        voids = [void_of(younger, older, now) for older, younger in pairs]
        incoming = [Incoming((fact,), site_id, record_id=younger.patient_id) for fact, (_, younger) in zip(voids, pairs, strict=True)]
        desk.work(patient, incoming or [Incoming((), site_id)], force=True, ask_all=True)
        _ask(desk, patient, f"merge:{joined.row}", {"loser": joined.loser, "survivor": joined.survivor}, site_id)
        store(desk.changes, now=now)
        for older, younger in pairs:
            if younger.home_site_id != older.home_site_id:
                JourneySite.objects.get_or_create(journey_id=older.id, site_id=younger.home_site_id, defaults={"since": now})


def unmerge(parted: registry.Merged, *, site_id: int, now: datetime) -> None:
    """Each record has its own journeys again, as if they had never been one; what fits both is put before a person."""
    with transaction.atomic():
        joined = Merge.objects.filter(loser_id=parted.loser, merged=True, pk__lt=parted.row).order_by("pk").last()
        since = joined.at if joined else now
        told = naming.told_of(parted.loser, parted.survivor)
        registry.give_back(loser=parted.loser, survivor=parted.survivor, told=told, since=since, now=now)
        both = Patient.objects.filter(pk__in=[parted.loser, parted.survivor]).values_list("pk", "survivor_id")
        for root in sorted({survivor or pk for pk, survivor in both}):
            desk, patient = open_desk(root, now)
            JourneySite.objects.filter(journey__patient__in=patient.members, since__gte=since).delete()
            _see(patient, since)
            desk.work(patient, list(_take_back(patient, site_id, now)), force=True)
            desk.work(patient, [Incoming((), site_id)], force=True, ask_all=True)
            _ask(
                desk, patient, f"unmerge:{parted.row}:{root}", {"loser": parted.loser, "survivor": parted.survivor, "parted": True}, site_id
            )
            for lineage in _undecided(patient, since):
                detail: dict[str, object] = {"lineage": lineage, "patients": [parted.loser, parted.survivor]}
                _open(desk, patient, MatterKind.AMBIGUOUS, f"unmerge:{parted.row}:{lineage}", detail, site_id)
            store(desk.changes, now=now)
        if joined:
            open_before = Matter.objects.filter(kind=MatterKind.MERGE, subject=f"merge:{joined.pk}", closed_at=None)
            close_matters(list(open_before.values_list("pk", flat=True)), reason="parted again", now=now)


def give_to(*, lineage: str, patient: Patient, to: Patient, site: Site, by: User, now: datetime) -> None:
    """A person says that a fact was said of the wrong patient: it is retracted there, and stands with the right one from then on.

    Raises:
        LookupError: nothing of this lineage stands with `patient`.
        SamePatient: the two are one, merges followed.
    """
    if patient.meant == to.meant:
        raise SamePatient(gettext("It stands with this patient already."))
    with transaction.atomic():
        registry.lock([patient.pk, to.pk])
        desk, wrong = open_desk(patient.pk, now)
        fact = next((one for one in current(wrong.facts) if one.lineage == lineage and one.basis is None), None)
        if fact is None:
            raise LookupError(gettext("This fact does not stand with this patient."))
        here = Incoming((_retraction(fact, now),), site.pk, by_id=by.pk, record_id=wrong.records.get(lineage))
        desk.work(wrong, [here], ask_all=True)
        store(desk.changes, now=now)
        desk, right = open_desk(to.pk, now)
        moved = msgspec.structs.replace(fact, received_at=None, id=None)
        desk.work(right, [Incoming((moved,), site.pk, by_id=by.pk, record_id=to.pk)])
        store(desk.changes, now=now)


def _retraction(fact: Fact, now: datetime) -> Fact:
    digest = content_digest(fact.kind, fact.occurred, Rank.CORRECTED, True, fact.keys, fact.body)
    return msgspec.structs.replace(fact, rank=Rank.CORRECTED, retracted=True, digest=digest, issued_at=now, received_at=None, id=None)


def twins(patient: PatientState) -> list[tuple[JourneyState, JourneyState]]:
    """(older, younger) of active journeys of one programme, primary and episode."""
    first: dict[tuple[str, str, int], JourneyState] = {}
    pairs = []
    for journey in sorted(patient.journeys, key=lambda one: (one.opened_at, one.id)):
        if journey.columns["status"] == "active":
            older = first.setdefault((journey.pathway, journey.primary_group, journey.episode_no), journey)
            if older is not journey:
                pairs.append((older, journey))
    return pairs


def void_of(younger: JourneyState, older: JourneyState, now: datetime) -> Fact:
    """The act by which the younger gives way to the older."""
    body = {"reason": MERGED, "into": older.id}
    name = f"{younger.id}-{MERGED}-{older.id}-{now.isoformat()}"
    return act(kind="voided", journey=younger, business_id=name, occurred=now, body=body, grade=Grade.STAFF_ATTESTED)


def _take_back(patient: PatientState, site_id: int, now: datetime) -> Iterator[Incoming]:
    """Voids for the sake of a journey that is another patient's again are taken back: the wait goes on as if it had never been broken."""
    own = {journey.id for journey in patient.journeys}
    for fact in current(patient.facts):
        if fact.kind == "voided" and fact.body.get("reason") == MERGED and fact.body.get("into") not in own:
            yield Incoming((_retraction(fact, now),), site_id, record_id=patient.records.get(fact.lineage))


def _undecided(patient: PatientState, since: datetime) -> list[str]:
    """Lineages of what came while the two were one and no number places: messages that named both, and what people wrote down."""
    came = Event.objects.filter(patient__in=patient.members, received_at__gte=since, basis__isnull=True).select_related("inbound__feed")
    named: dict[int, bool] = {}
    found = []
    for event in came.order_by("pk"):
        if any(key.startswith("journey:") for key in event.keys):
            continue
        if event.inbound is None:
            found.append(event.lineage)
            continue
        if event.inbound.pk not in named:
            named[event.inbound.pk] = naming.names_others(event.inbound, patient.members)
        if named[event.inbound.pk]:
            found.append(event.lineage)
    return list(dict.fromkeys(found))


def _see(patient: PatientState, since: datetime) -> None:
    """The sites whose feeds spoke of a record while it was seen through the other see it still."""
    spoke = Event.objects.filter(patient__in=patient.members, received_at__gte=since, inbound__isnull=False)
    sites: Iterable[int] = Feed.objects.filter(pk__in=spoke.values("inbound__feed")).values_list("site", flat=True).distinct()
    for site in sites:
        registry.seen_at(patient.members, site_id=site, now=since)


def _ask(desk: Desk, patient: PatientState, subject: str, detail: dict[str, object], site_id: int) -> None:
    """Who has no journey has no text to rest."""
    if patient.journeys:
        _open(desk, patient, MatterKind.MERGE, subject, detail, site_id)


def _open(desk: Desk, patient: PatientState, kind: MatterKind, subject: str, detail: dict[str, object], site_id: int) -> None:
    mode = desk.house.site_mode(site_id)
    open_matter(desk, patient, kind=kind.value, subject=subject, site_id=site_id, mode=mode, detail=detail)
