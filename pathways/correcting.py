"""What a person corrects on a journey: an entry of their own that was wrong, a fed fact that belongs to another journey.

Nothing is deleted. An entry is retracted by a later version of itself, which says who took it back and why; a fed fact is parted from the
journey by a person's binding row and stays with the patient.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from pathways.facts import Fact, Rank, content_digest
from pathways.journeys import open_desk
from pathways.kinds import FED
from pathways.lineage import current
from pathways.models import Journey
from pathways.writing.acts import SYSTEM
from pathways.writing.desk import Desk, Incoming
from pathways.writing.state import JourneyState, PatientState
from pathways.writing.store import store
from patients.models import User

REASONS = (
    gettext_noop("typed wrongly"),
    gettext_noop("wrong patient"),
    gettext_noop("did not happen"),
    gettext_noop("wrong date"),
    gettext_noop("entered twice"),
)
# Acts that a person may take back; the others have verbs of their own (void, migrate back, end an authority) or speak of somebody's words.
RETRACTABLE = frozenset({*FED, "held", "resumed", "exited", "reopened", "picked", "actionable_confirmed", "not_actionable_confirmed"})


class CannotCorrect(Exception):
    """Why not, in words for the person who tried."""


def is_ours(lineage: str) -> bool:
    """Whether the fact was entered here by a person."""
    return lineage.startswith(f"{SYSTEM}|")


def retract(*, journey: Journey, lineage: str, reason: str, by: User, now: datetime) -> None:
    """Takes back what was entered by hand; the journey is replayed as if it had never been said.

    Raises:
        CannotCorrect: it does not stand any more, came from a feed, or is an act with a verb of its own.
    """
    with transaction.atomic():
        desk, patient, state = _at_desk(journey, now)
        fact = _standing(patient, state, lineage)
        if not is_ours(lineage) or fact.basis is not None:
            raise CannotCorrect(_("This came from a system, not from a person: correct it there, or part it from the journey."))
        if fact.kind not in RETRACTABLE:
            raise CannotCorrect(_("This is an act that has a verb of its own to undo it."))
        back = _taken_back(fact, reason, now)
        said = Incoming((back,), state.home_site_id, by_id=by.pk, record_id=patient.records.get(lineage))
        desk.work(patient, [said], force=True)
        store(desk.changes, now=now)


def part(*, journey: Journey, lineage: str, by: User, now: datetime) -> None:
    """A person says that a fed fact does not belong to this journey: it and its later versions stay away from it.

    Raises:
        CannotCorrect: it does not stand here, or it is the journey's own.
    """
    with transaction.atomic():
        desk, patient, state = _at_desk(journey, now)
        fact = _standing(patient, state, lineage)
        if fact.basis is not None or state.key in fact.keys:
            raise CannotCorrect(_("This is the journey's own: take back what it rests on."))
        for one in patient.facts:
            if one.lineage == lineage and one.id in state.attached:
                desk.changes.bindings.append((one.id, state.id, False, by.pk, "person"))
                state.attached.discard(one.id)
        state.banned.add(lineage)
        state.pinned.discard(lineage)
        desk.work(patient, [], force=True)
        store(desk.changes, now=now)


def _at_desk(journey: Journey, now: datetime) -> tuple[Desk, PatientState, JourneyState]:
    desk, patient = open_desk(journey.patient_id, now)
    return desk, patient, next(one for one in patient.journeys if one.id == journey.pk)


def _standing(patient: PatientState, journey: JourneyState, lineage: str) -> Fact:
    """The version of the fact that counts on the journey now."""
    for fact in current(patient.facts):
        if fact.lineage == lineage and fact.id in journey.attached:
            return fact
    raise CannotCorrect(_("This does not stand any more; somebody may have corrected it first."))


def _taken_back(fact: Fact, reason: str, now: datetime) -> Fact:
    """Issued after every version that there is, so that it is the one that counts."""
    body = {**fact.body, "retracted_because": reason}
    digest = content_digest(fact.kind, fact.occurred, Rank.CORRECTED, True, fact.keys, body)
    more = {"rank": Rank.CORRECTED, "retracted": True, "digest": digest, "issued_at": now, "received_at": None, "id": None}
    return msgspec.structs.replace(fact, body=body, **more)
