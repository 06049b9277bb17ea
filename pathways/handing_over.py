"""Hands a person on from one programme to another, together with the results that make the case for it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pathways.binding import RESULTS
from pathways.enrolment import Proposal
from pathways.facts import Fact, Grade, is_unconfirmed
from pathways.models import Journey
from pathways.writing.acts import act
from pathways.writing.changes import Changes
from pathways.writing.desk import Desk, Incoming
from pathways.writing.enrolling import enrol
from pathways.writing.house import House
from pathways.writing.load import load
from pathways.writing.state import JourneyState, PatientState
from pathways.writing.store import store
from patients.models import User


class NothingToHandOver(Exception):
    """No result of a clinical laboratory stands behind the journey; what came from outside is handed to nobody."""


def hand_over(*, journey: Journey, to: str, entry: str, by: User, now: datetime) -> Journey:
    """Opens (or finds) the person's journey on programme `to`, gives it this journey's clinical results, and says here that it was handed over.

    The results belong to both journeys from then on, by the person's word. Raises NothingToHandOver.
    """
    with transaction.atomic():
        patient = next(iter(load([journey.patient.survivor_id or journey.patient_id]).values()))
        desk = Desk(House.load(now), Changes())
        here = next(one for one in patient.journeys if one.id == journey.pk)
        results = _results(patient, here)
        if not results:
            raise NothingToHandOver(f"no result of a clinical laboratory belongs to {journey}")
        there = _journey_on(desk, patient, here, to, entry, results[0], by)
        for result in results:
            for one in (here, there):
                _pin(desk, one, result, by)
        body = {"to": to, "accepted": True}
        said = act(kind="handed_over", journey=here, business_id=f"{here.id}-{to}", occurred=now, body=body, grade=Grade.STAFF_ATTESTED)
        desk.work(patient, [Incoming((said,), here.home_site_id, by_id=by.pk)], force=True)
        store(desk.changes, now=now)
    return Journey.objects.get(pk=there.id)


def _results(patient: PatientState, journey: JourneyState) -> list[Fact]:
    found = [fact for fact in patient.facts if fact.id in journey.attached and fact.kind in RESULTS and not is_unconfirmed(fact)]
    return sorted(found, key=lambda fact: (fact.occurred.lo, fact.lineage))


def _journey_on(desk: Desk, patient: PatientState, here: JourneyState, to: str, entry: str, first: Fact, by: User) -> JourneyState:
    under_way = next((one for one in patient.journeys if one.pathway == to and one.columns["status"] == "active"), None)
    if under_way is not None:
        return under_way
    definition = desk.house.published[to].definition
    proposal = Proposal(
        pathway=to,
        entry=entry,
        then="enrol",
        primary_group=definition.primary_group,
        found_by="handed_over",
        basis_lineage=first.lineage,
        opened_at=first.occurred.lo,
        clock=None,
    )
    return enrol(desk, patient, here.home_site_id, proposal, grade=Grade.STAFF_ATTESTED, by_id=by.pk)


def _pin(desk: Desk, journey: JourneyState, result: Fact, by: User) -> None:
    assert result.id is not None
    desk.changes.bindings.append((result.id, journey.id, True, by.pk, "person"))
    journey.pinned.add(result.lineage)
    journey.attached.add(result.id)
