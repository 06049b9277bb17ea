"""What becomes of what a patient tells us, by text or on the secure page: a fact of theirs, an item for a person, or both.

Everything that comes from one number is one item with one thread, whichever way it came.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from notifications import worklist
from notifications.models import WorkItem
from notifications.topics import TOPICS, Topic
from notifications.worklist import NewItem
from pathways import journeys
from pathways.deadlines import Duration, due
from pathways.facts import Grade
from pathways.models import Journey
from pathways.timeline import Calendar
from patients.calendars import calendar_for_site
from patients.models import Mailbox, Membership, Patient, Phone, Role, Site

ANSWER_WITHIN = Duration(4, "working_hours")  # clinical rule: an unread reply has four working hours
AT_ONCE = timedelta(minutes=15)
URGENT = 2


class Voice(msgspec.Struct, frozen=True):
    """Who speaks, about whom, and by which reply or link (`basis`, named by `name` so that saying it twice is one fact). Who reads mail only
    has a `mailbox` and no `phone`."""

    phone: Phone | None
    patient: Patient | None
    journey: Journey | None
    site: Site | None
    basis: dict[str, str]
    name: str
    mailbox: Mailbox | None = None

    @property
    def cause(self) -> tuple[str, str]:
        """What is one item: all that comes from one number, or from one address."""
        if self.phone is not None:
            return "reply", str(self.phone.pk)
        assert self.mailbox is not None
        return "mail_answer", str(self.mailbox.pk)


def hear(voice: Voice, topic: Topic, *, now: datetime) -> WorkItem | None:
    """A structured answer: the fact, and the item where a person must act."""
    tell(voice, "patient_said", {"topic": topic.value}, now=now)
    rule = TOPICS[topic]
    if not rule.problem:
        return None
    return ask(voice, problem=rule.problem, priority=rule.priority, audience=rule.audience, now=now)


def tell(voice: Voice, kind: str, body: dict[str, str], *, now: datetime) -> None:
    """A fact of the patient's, without their words; on the journey that they answer, where that is clear."""
    patient, site = voice.patient, voice.site
    if patient is None or site is None:
        return
    body, name, grade = {**voice.basis, **body}, f"{voice.name}-{kind}", Grade.PATIENT_REPORTED
    if voice.journey is not None and voice.journey.patient_id == patient.pk:
        journeys.record(journey=voice.journey, kind=kind, body=body, occurred=now, now=now, by=None, grade=grade, business_id=name)
    else:
        journeys.record_for_patient(
            patient=patient, kind=kind, body=body, occurred=now, now=now, by=None, grade=grade, business_id=name, site=site
        )


def ask(voice: Voice, *, problem: str, priority: int, now: datetime, audience: str = Role.NAVIGATOR, note: str = "") -> WorkItem | None:
    """One open item per number (or address): what comes later joins it and makes it more urgent."""
    if voice.site is None:
        return None
    kind, key = voice.cause
    item = NewItem(
        cause_kind=kind,
        cause_key=key,
        site=voice.site.pk,
        patient=voice.patient.pk if voice.patient else None,
        journey=voice.journey.pk if voice.journey else None,
        problem=problem,
        audience=audience if has(voice.site, audience) else Role.NAVIGATOR,
        priority=priority,
        due_at=now + AT_ONCE if priority <= URGENT else due(now, ANSWER_WITHIN, calendar(voice.site)),
        note=note,
    )
    return worklist.open(item, now=now)


def is_open(site: Site | None, now: datetime) -> bool:
    """Whether somebody is there to read."""
    if site is None:
        return False
    hours = calendar(site)
    local = now.astimezone(ZoneInfo(hours.zone))
    return local.weekday() < 5 and local.date() not in hours.holidays and hours.opens <= local.hour < hours.closes


def calendar(site: Site) -> Calendar:
    plain = calendar_for_site(site.pk)
    return Calendar(zone=plain.zone, holidays=plain.holidays)


def has(site: Site, role: str) -> bool:
    return role == Role.NAVIGATOR or Membership.objects.filter(site=site, role=role, until=None, user__is_active=True).exists()
