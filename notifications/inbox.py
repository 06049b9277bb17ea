"""What patients write back. The words stay in the reply; the journey learns only that there was one.

STOP works in the transaction that stores it. Words that ask us to stop without the keyword work as STOP and bring a person, at
once. Everything else is an item with a clock of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from notifications import worklist
from notifications.models import Message, Reply, WorkItem
from notifications.reading import Concern, Reading, read
from notifications.worklist import NewItem
from pathways import journeys
from pathways.deadlines import Duration, due
from pathways.facts import Grade
from pathways.models import Journey
from pathways.timeline import Calendar
from patients import codes, consent, contacts, registry
from patients.calendars import calendar_for_site
from patients.models import Authority, Patient, Person, Phone, Site

LONGEST_BODY = 1_600
ANSWER_WITHIN = Duration(4, "working_hours")  # clinical rule: an unread reply has four working hours
AT_ONCE = timedelta(minutes=15)
SAY_AGAIN_AFTER = timedelta(hours=12)  # one automatic answer per number and half day: two machines must not talk to each other
PRIORITY = {Concern.SAFETY: 1, Concern.DEATH: 1, Concern.STOP: 2, Concern.WRONG_NUMBER: 2, Concern.VERIFY: 3, Concern.NONE: 4}
PROBLEM = {
    Concern.SAFETY: "safety",
    Concern.DEATH: "verify",
    Concern.STOP: "wants-no-texts",
    Concern.WRONG_NUMBER: "wrong-number",
    Concern.VERIFY: "verify",
    Concern.NONE: "reply",
}
EVIDENCE = "reply"


def receive(*, provider_sid: str, from_: str, to: str, body: str, now: datetime) -> Reply:
    """Stores an inbound SMS and does what it asks; the same `provider_sid` again changes nothing."""
    reading = read(body)
    with transaction.atomic():
        known = Reply.objects.filter(provider_sid=provider_sid).first()
        if known is not None:
            return known
        phone = _phone(from_)
        person, patient = _writer(phone)
        reply, new = Reply.objects.get_or_create(
            provider_sid=provider_sid,
            defaults={
                "phone": phone,
                "to": to[:20],
                "body": body.replace("\x00", "")[:LONGEST_BODY],
                "kind": reading.kind,
                "person": person,
                "patient": patient,
                "received_at": now,
            },
        )
        if new:
            _tell_journey(reply, now)
            _act(reply, reading, now)
        return reply


def _act(reply: Reply, reading: Reading, now: datetime) -> None:
    evidence = consent.Evidence(EVIDENCE, reference=str(reply.uid))
    match reading.kind:
        case Reply.Kind.STOP:
            consent.stop(phone=reply.phone, now=now, evidence=evidence)
            _answer(reply, "stop_confirmation", "stop.confirmation", now)
        case Reply.Kind.START:
            _start(reply, evidence, now)
        case Reply.Kind.HELP:
            _answer(reply, "help", "help", now)
        case Reply.Kind.STOP_INTENT:
            consent.stop(phone=reply.phone, now=now, evidence=evidence)
            if reading.concern is Concern.WRONG_NUMBER:
                contacts.mark_bad(phone=reply.phone, reason="wrong number, by reply", now=now)
            _ask_a_person(reply, reading.concern, now)
        case Reply.Kind.TEXT:
            _ask_a_person(reply, reading.concern, now)
            _answer_text(reply, reading.concern, now)


def _start(reply: Reply, evidence: consent.Evidence, now: datetime) -> None:
    """Texts start again only where it is clear who wrote; else a person asks. What waited before STOP is not revived."""
    if consent.start(phone=reply.phone, now=now, evidence=evidence, person=reply.person).outcome == "started":
        _answer(reply, "start_confirmation", "start.confirmation", now)
    else:
        _ask_a_person(reply, Concern.NONE, now, problem="start-ambiguous")


def _answer_text(reply: Reply, concern: Concern, now: datetime) -> None:
    """Nobody may think that a message at night, or a cry for help, was read by a person."""
    if concern is Concern.SAFETY:
        _answer(reply, "safety", "safety", now)
    elif not _is_open(_site(reply), now) and not _said_lately(reply, now):
        _answer(reply, "out_of_hours", "out.of.hours", now)


def _answer(reply: Reply, purpose: str, wording: str, now: datetime) -> None:
    """An answer to the number that wrote; outside the cap, once per reply and purpose."""
    Message.objects.get_or_create(
        reply=reply,
        purpose=purpose,
        defaults={
            "phone": reply.phone,
            "recipient": reply.person,
            "patient": reply.patient,
            "wording": wording,
            "priority": 1,
            "created_at": now,
            "not_before": now,
        },
    )


def _said_lately(reply: Reply, now: datetime) -> bool:
    return Message.objects.filter(phone=reply.phone, purpose="out_of_hours", created_at__gt=now - SAY_AGAIN_AFTER).exists()


def _ask_a_person(reply: Reply, concern: Concern, now: datetime, *, problem: str = "") -> WorkItem | None:
    """One open item per number: further replies join it and make it more urgent."""
    site = _site(reply)
    if site is None:
        return None
    journey = _journey(reply)
    urgent = PRIORITY[concern] <= 2
    item = NewItem(
        cause_kind="reply",
        cause_key=str(reply.phone_id),
        site=site.pk,
        patient=reply.patient_id,
        journey=journey.pk if journey else None,
        problem=problem or PROBLEM[concern],
        priority=PRIORITY[concern],
        due_at=now + AT_ONCE if urgent else due(now, ANSWER_WITHIN, _calendar(site)),
    )
    return worklist.open(item, now=now)


def _tell_journey(reply: Reply, now: datetime) -> None:
    """As if it were a message: the fact that somebody wrote, without the words. The patient is locked before anything else is."""
    patient, site = reply.patient, _site(reply)
    if patient is None or site is None:
        return
    _tell(reply, patient, site, "patient_replied", now)
    if read(reply.body).concern is Concern.DEATH:
        registry.death_hint(patient_id=patient.pk, now=now, source=EVIDENCE)
        _tell(reply, patient, site, "death_hint", now)


def _tell(reply: Reply, patient: Patient, site: Site, kind: str, now: datetime) -> None:
    journeys.record_for_patient(
        patient=patient,
        kind=kind,
        body={"reply": str(reply.uid)},
        occurred=now,
        now=now,
        by=None,
        grade=Grade.PATIENT_REPORTED,
        business_id=str(reply.uid),
        site=site,
    )


def _phone(number: str) -> Phone:
    e164 = codes.phone(number) or number[:16]
    return Phone.objects.get_or_create(e164=e164, defaults={"zone": codes.phone_zone(e164, "")})[0]


def _writer(phone: Phone) -> tuple[Person | None, Patient | None]:
    """Who wrote, and about whom: the only user of the number, and the patient last texted about on it. Unsure is None."""
    users = consent.users_of(phone)
    person = Person.objects.get(pk=users[0]) if len(users) == 1 else None
    last = Message.objects.filter(phone=phone, patient__isnull=False, attempt__gt=0).order_by("-claimed_at").first()
    if last is not None and last.patient is not None:
        return person, last.patient
    if person is None:
        return None, None
    about = Patient.objects.filter(pk__in=Authority.objects.filter(person=person, until=None).values("patient"))
    return person, Patient.objects.filter(person=person).first() or (about.get() if about.count() == 1 else None)


def _journey(reply: Reply) -> Journey | None:
    """What they answer: the journey last texted about, else the only open one."""
    last = Message.objects.filter(phone=reply.phone, journey__isnull=False, attempt__gt=0).order_by("-claimed_at").first()
    if last is not None:
        return last.journey
    running = list(Journey.objects.filter(patient=reply.patient).open()[:2]) if reply.patient else []
    return running[0] if len(running) == 1 else None


def _site(reply: Reply) -> Site | None:
    """Who answers: the journey's site, the patient's first, else any that sends texts."""
    journey = _journey(reply)
    if journey is not None:
        return journey.home_site
    if reply.patient is not None and (first := reply.patient.sites.order_by("since", "pk").first()) is not None:
        return first.site
    return Site.objects.filter(is_training=False).exclude(sender_name="").order_by("pk").first() or Site.objects.order_by("pk").first()


def _calendar(site: Site) -> Calendar:
    plain = calendar_for_site(site.pk)
    return Calendar(zone=plain.zone, holidays=plain.holidays)


def _is_open(site: Site | None, now: datetime) -> bool:
    if site is None:
        return False
    calendar = _calendar(site)
    local = now.astimezone(ZoneInfo(calendar.zone))
    return local.weekday() < 5 and local.date() not in calendar.holidays and calendar.opens <= local.hour < calendar.closes
