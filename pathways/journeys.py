"""The only writer of events, bindings, journeys, stays and matters.

Every verb does the same: lock the patient, load, append, bind, replay, reconcile, store, all in one transaction. What a person
does is an event like any other, so that a journey is always the replay of its events.
"""

from __future__ import annotations

import gc
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import transaction

from pathways.enrolment import Proposal
from pathways.facts import Fact, Grade, Rank, content_digest
from pathways.models import Journey
from pathways.writing import ordered
from pathways.writing.acts import SYSTEM, act, at
from pathways.writing.changes import Changes
from pathways.writing.desk import Desk, Incoming
from pathways.writing.enrolling import enrol as open_journey
from pathways.writing.house import House
from pathways.writing.load import ask_for, load, read
from pathways.writing.state import JourneyState, PatientState
from pathways.writing.store import NOTHING, store
from pathways.writing.wire import check_references, one_trip, told
from patients.models import Patient, Site, User

PART = 128
"""Patients whose changes are stored together: few enough for the server to be busy all the while, enough for each statement to be worth it."""

Rows = Mapping[str, Sequence[msgspec.Struct]]


class Received(msgspec.Struct, frozen=True):
    """What one message says of one known patient; `record_id` is the record whose number it gave, where that was merged since."""

    patient_id: int
    facts: tuple[Fact, ...]
    site_id: int
    inbound_id: int | None = None
    record_id: int | None = None


def receive(messages: Sequence[Received], *, now: datetime, house: House | None = None, beside: Rows = NOTHING) -> None:
    """Applies a batch of messages as one set; the caller owns the transaction.

    Args:
        messages: any number of messages of any patients, in any order; patients are named by their survivor.
        house: look-ups to reuse over several batches of one transaction.
        beside: new rows of the caller's own, by table, that go in with those of the messages.
    """
    by_patient: dict[int, list[Incoming]] = {}
    for message in messages:
        by_patient.setdefault(message.patient_id, []).append(
            Incoming(message.facts, message.site_id, message.inbound_id, record_id=message.record_id)
        )
    _write(by_patient, now=now, house=house, size=sum(len(message.facts) for message in messages) + 8, beside=beside)


def settle(patient_ids: Sequence[int], *, now: datetime) -> None:
    """Rebinds and replays all journeys of the patients, as after a merge or with a new definition."""
    with transaction.atomic():
        _write({patient_id: [] for patient_id in patient_ids}, now=now, force=True)


def judge_again(journey_ids: Mapping[int, int], *, now: datetime) -> None:
    """Replays these journeys (id -> patient, merges followed) with the knowledge of today, and leaves the patients' others as they were
    judged."""
    with transaction.atomic():
        nothing_new: dict[int, list[Incoming]] = {patient_id: [] for patient_id in journey_ids.values()}
        _write(nothing_new, now=now, again=journey_ids)


def catch_up(patient_ids: Sequence[int], *, site: Site, now: datetime) -> None:
    """Puts all that is known of the patients to the enrol rules, as when a programme begins at a site. What it asks of staff is listed
    for review instead of ringing at once."""
    with transaction.atomic():
        house = House.load(now)
        house.catching_up = True
        nothing_new = {patient_id: [Incoming((), site.pk)] for patient_id in patient_ids}
        _write(nothing_new, now=now, house=house, force=True, ask_all=True)


def _write(
    by_patient: Mapping[int, list[Incoming]],
    *,
    now: datetime,
    house: House | None = None,
    force: bool = False,
    ask_all: bool = False,
    again: Collection[int] = (),
    size: int = 16,
    beside: Rows = NOTHING,
) -> None:
    if not by_patient:
        return
    with _uncollected(), one_trip():
        asked = ask_for(list(by_patient))
        naming = ordered.ask_for(fact for parts in by_patient.values() for part in parts for fact in part.facts)
        house = house or House.load(now)  # after the lock: modes are those of now
        desk = Desk(house, Changes(clinicians=dict(told(naming)) if naming else {}), size=size)
        _decide(read(asked), by_patient, desk, beside, force=force, ask_all=ask_all, again=again)


def _decide(
    patients: Mapping[int, PatientState],
    by_patient: Mapping[int, list[Incoming]],
    desk: Desk,
    beside: Rows,
    *,
    force: bool,
    ask_all: bool,
    again: Collection[int],
) -> None:
    """Patient by patient; the server stores what was decided of some of them while we decide on the next."""
    for number, patient_id in enumerate(sorted(patients), start=1):
        patient = patients[patient_id]
        incoming = [part for member in patient.members for part in by_patient.get(member, [])]
        desk.work(patient, incoming, force=force, ask_all=ask_all, again=again)
        if number % PART == 0:
            store(desk.take_changes(), now=desk.house.now, beside=beside)
            check_references()
            beside = NOTHING
    store(desk.take_changes(), now=desk.house.now, beside=beside)


@contextmanager
def _uncollected() -> Iterator[None]:
    """A batch makes many small objects and no cycles: looking through them for cycles over and over costs a tenth of the time. They are gone
    when the collector comes back, so that it does not look through them then either."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def record(
    *,
    journey: Journey,
    kind: str,
    body: Mapping[str, Any],
    occurred: datetime,
    now: datetime,
    by: User | None,
    grade: Grade = Grade.STAFF_ATTESTED,
    business_id: str = "",
) -> None:
    """Records an act of a person on a journey, and whatever follows from it.

    `business_id` names the act where it may be corrected or repeated later; by default every act is a fact of its own.
    """
    with transaction.atomic():
        desk, patient = open_desk(journey.patient_id, now)
        state = _journey_state(patient, journey.pk)
        name = business_id or f"{journey.pk}-{uuid.uuid4().hex}"
        fact = act(kind=kind, journey=state, business_id=name, occurred=occurred, body=body, grade=grade)
        desk.work(patient, [Incoming((fact,), state.home_site_id, by_id=by.pk if by else None, record_id=state.patient_id)])
        store(desk.changes, now=now)


def record_for_patient(
    *,
    patient: Patient,
    kind: str,
    body: Mapping[str, Any],
    occurred: datetime,
    now: datetime,
    by: User | None,
    grade: Grade,
    business_id: str,
    site: Site,
) -> None:
    """Records a fact about a patient that the binding rules place: a reply, an attested result or start."""
    moment = at(occurred)
    digest = content_digest(kind, moment, Rank.FINAL, False, (), body)
    fact = Fact(kind, f"{SYSTEM}|{kind}|{business_id}", moment, digest, issued_at=now, grade=grade, body=dict(body))
    with transaction.atomic():
        desk, state = open_desk(patient.pk, now)
        desk.work(state, [Incoming((fact,), site.pk, by_id=by.pk if by else None)])
        store(desk.changes, now=now)


def enrol(
    *,
    patient: Patient,
    pathway: str,
    entry: str,
    site: Site,
    now: datetime,
    by: User | None,
    primary_group: str,
    found_by: str = "by_hand",
    opened_at: datetime | None = None,
    basis_lineage: str = "",
    laterality: str = "",
) -> Journey:
    """Opens a journey because a person says so; the patient's events since `look_back` are bound like any others."""
    proposal = Proposal(
        pathway=pathway,
        entry=entry,
        then="enrol",
        primary_group=primary_group,
        found_by=found_by,
        basis_lineage=basis_lineage,
        opened_at=(opened_at or now).astimezone(UTC),
        clock=None,
        laterality=laterality,
    )
    with transaction.atomic():
        desk, state = open_desk(patient.pk, now)
        opened = open_journey(desk, state, site.pk, proposal, grade=Grade.STAFF_ATTESTED, by_id=by.pk if by else None)
        desk.work(state, [Incoming((), site.pk)], force=True)
        store(desk.changes, now=now)
    return Journey.objects.get(pk=opened.id)


def hold(*, journey: Journey, reason: str, review_at: datetime, now: datetime, by: User, party: str = "") -> None:
    """Stops the clocks of a journey until `resume`; every hold has a date on which somebody looks again."""
    body = {"reason": reason, "review_at": review_at.isoformat(), "party": party}
    record(journey=journey, kind="held", body=body, occurred=now, now=now, by=by)


def resume(*, journey: Journey, now: datetime, by: User) -> None:
    record(journey=journey, kind="resumed", body={}, occurred=now, now=now, by=by)


def exit(*, journey: Journey, reason: str, now: datetime, by: User, occurred: datetime | None = None, **details: str) -> None:
    """Ends a journey with a coded reason; the definition gives the reason's class."""
    record(journey=journey, kind="exited", body={"reason": reason, **details}, occurred=occurred or now, now=now, by=by)


def reopen(*, journey: Journey, reason: str, now: datetime, by: User) -> None:
    record(journey=journey, kind="reopened", body={"reason": reason}, occurred=now, now=now, by=by)


def void(*, journey: Journey, reason: str, now: datetime, by: User | None, into: int | None = None) -> None:
    """Takes a journey out of every count: entered in error, or a duplicate. Its events stay."""
    record(journey=journey, kind="voided", body={"reason": reason, "into": into}, occurred=now, now=now, by=by)


def open_desk(patient_id: int, now: datetime) -> tuple[Desk, PatientState]:
    """A desk and the patient's state under lock; a merged record answers under its survivor.

    Raises:
        Patient.DoesNotExist: there is no such record.
    """
    with one_trip():
        asked = ask_for([patient_id])
        house = House.load(now)  # after the lock: modes are those of now
        found = next(iter(read(asked).values()), None)
    if found is None:
        raise Patient.DoesNotExist
    state = found if found.id == patient_id else load([found.id])[found.id]
    return Desk(house, Changes()), state


def _journey_state(patient: PatientState, journey_id: int) -> JourneyState:
    return next(journey for journey in patient.journeys if journey.id == journey_id)
