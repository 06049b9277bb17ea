"""Somebody called us about a patient: who, when and what they said, kept; and what follows. A call closes nothing. The only writer of calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from notifications import dying, said, worklist
from notifications.models import Call, WorkItem
from notifications.topics import TOPICS, Topic
from notifications.worklist import NewItem
from pathways import journeys
from pathways.deadlines import due
from pathways.facts import Grade
from pathways.models import Journey
from patients import consent
from patients.models import Patient, Role, Site, User

CAUSE = "call"
TOPIC_OF: dict[str, Topic] = {
    Call.Said.CALL_BACK: Topic.CALL,
    Call.Said.COMING: Topic.CONFIRM,
    Call.Said.CANNOT: Topic.DECLINE,
    Call.Said.STARTED: Topic.STARTED,
    Call.Said.MOVED: Topic.CHANGED_DOCTOR,
    Call.Said.WORSE: Topic.WORSE,
}


class TooEarly(ValueError):
    """The call is said to have come at a time that is still to come."""


def log(
    *,
    patient: Patient,
    site: Site,
    caller: str,
    called_at: datetime,
    what: str,
    words: str,
    by: User,
    now: datetime,
    journey: Journey | None = None,
) -> Call:
    """Writes the call down. What the patient said is a fact of theirs, that they called is ours; started, moved and died are verified
    by a person, feeling worse is asked about at once, and no more texts means none.

    Raises:
        TooEarly: the call is still to come.
    """
    if called_at > now:
        raise TooEarly(_("A call cannot be still to come."))
    with transaction.atomic():
        made = Call.objects.create(
            site=site, patient=patient, journey=journey, caller=caller[:80], called_at=called_at, said=what, words=words, by=by, at=now
        )
        _file(made, "contact_attempted", {"channel": "phone", "outcome": "called_us", "call": str(made.uid)}, Grade.STAFF_ATTESTED, now)
        if topic := TOPIC_OF.get(what):
            _file(made, "patient_said", {"topic": topic.value, "call": str(made.uid)}, Grade.PATIENT_REPORTED, now)
        match what:
            case Call.Said.STOP:
                evidence = consent.Evidence("phone call", reference=str(made.uid))
                consent.revoke(person=patient.person, patient=patient, at=called_at, evidence=evidence, by=by)
            case Call.Said.DIED:
                dying.report(patient=patient, source="told on the phone", site=site, by=by, now=now)
            case _:
                made.item = _ask(made, now)
                made.save(update_fields=["item"])
        return made


def _file(call: Call, kind: str, body: dict[str, str], grade: Grade, now: datetime) -> None:
    """On the journey that the call was about, else on the patient; the caller's words stay in the call."""
    name = f"{call.uid}-{kind}"
    stated: dict[str, Any] = {
        "kind": kind,
        "body": body,
        "occurred": call.called_at,
        "now": now,
        "by": call.by,
        "grade": grade,
        "business_id": name,
    }
    if call.journey is not None:
        journeys.record(journey=call.journey, **stated)
    else:
        journeys.record_for_patient(patient=call.patient, site=call.site, **stated)


def _ask(call: Call, now: datetime) -> WorkItem | None:
    """An item where somebody must do something: something else than the choices always asks a person to read it."""
    topic = TOPIC_OF.get(call.said)
    rule = TOPICS[topic] if topic else None
    if rule is not None and not rule.problem:
        return None
    priority = rule.priority if rule else 4
    urgent = priority <= said.URGENT
    item = NewItem(
        cause_kind=CAUSE,
        cause_key=str(call.uid),
        site=call.site_id,
        patient=call.patient_id,
        journey=call.journey_id,
        problem=rule.problem if rule else "called",
        audience=rule.audience if rule and said.has(call.site, rule.audience) else Role.NAVIGATOR,
        priority=priority,
        due_at=now + said.AT_ONCE if urgent else due(now, said.ANSWER_WITHIN, said.calendar(call.site)),
        note=f"{call.caller}: {call.words}" if call.words else call.caller,
    )
    return worklist.open(item, now=now)
