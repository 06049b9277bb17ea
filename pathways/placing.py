"""A person says to which journey a fact belongs, or that it belongs to none: their word beats what the rules bind by themselves."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from pathways import matters
from pathways.facts import Fact
from pathways.journeys import open_desk
from pathways.lineage import version_key
from pathways.models import Journey, Matter, MatterKind
from pathways.writing.desk import Desk, Incoming
from pathways.writing.state import JourneyState, PatientState
from pathways.writing.store import store
from patients.models import User

PLACED = (MatterKind.UNBOUND, MatterKind.AMBIGUOUS)


class Nothing(ValueError):
    """There is no such fact of this patient, or no such journey."""


def attest(*, journey: Journey, fact: Fact, by: User, now: datetime) -> None:
    """Files a fact that a person vouches for with the journey, and it counts there like any other."""
    with transaction.atomic():
        desk, patient = open_desk(journey.patient_id, now)
        state = next(one for one in patient.journeys if one.id == journey.pk)
        state.pinned.add(fact.lineage)
        desk.work(patient, [Incoming((fact,), state.home_site_id, by_id=by.pk, record_id=state.patient_id)])
        _say(desk, patient, state, fact.lineage, belongs=True, by=by)
        store(desk.changes, now=now)


def place(*, matter: Matter, journeys: Collection[Journey], by: User, now: datetime) -> None:
    """The fact of an unbound or ambiguous matter belongs to these journeys and to no other of the patient's; none is an answer too.

    Raises:
        Nothing: the fact, or one of the journeys, is not this patient's.
        matters.AlreadySettled: somebody was faster.
    """
    lineage, chosen = matter.subject, {journey.pk for journey in journeys}
    if matter.kind not in PLACED or matter.patient_id is None:
        raise ValueError(f"matter: {matter.kind} is nothing to be placed")
    with transaction.atomic():
        desk, patient = open_desk(matter.patient_id, now)
        if not chosen <= {one.id for one in patient.journeys} or not any(fact.lineage == lineage for fact in patient.facts):
            raise Nothing(_("The result or the journey belongs to somebody else."))
        matters.close(matter=matter, reason="bound by a person" if chosen else "belongs to no journey", by=by, now=now)
        for one in patient.journeys:
            (one.pinned if one.id in chosen else one.banned).add(lineage)
            (one.banned if one.id in chosen else one.pinned).discard(lineage)
        desk.work(patient, [], force=True)
        for one in patient.journeys:
            _say(desk, patient, one, lineage, belongs=one.id in chosen, by=by)
        store(desk.changes, now=now)


def _say(desk: Desk, patient: PatientState, journey: JourneyState, lineage: str, *, belongs: bool, by: User) -> None:
    """The person's own row, which later bindings respect: on the version that counts."""
    versions = [fact for fact in patient.facts if fact.lineage == lineage]
    latest = max(versions, key=version_key)
    assert latest.id is not None
    desk.changes.bindings.append((latest.id, journey.id, belongs, by.pk, "person"))
