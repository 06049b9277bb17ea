"""What patients write back. The words stay in the reply; the journey learns that there was one, and what a number or a keyword said.

STOP works in the transaction that stores it. Words that ask us to stop without the keyword work as STOP and bring a person, at
once. Everything else that needs a person is an item with a clock of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from notifications import said
from notifications.models import Message, Reply, WorkItem
from notifications.reading import Concern, Reading, read
from notifications.said import Voice
from notifications.topics import TOPICS, Topic
from notifications.wording import compiler
from pathways.models import Journey
from patients import codes, consent, contacts, registry
from patients.models import Authority, Patient, Person, Phone, Site

LONGEST_BODY = 1_600
ASKED_WITHIN = timedelta(days=14)  # a number answers the last text only while that is fresh (local default)
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
MOST_ANSWERS = 10  # by itself to one number in a day (local default): who writes HELP a hundred times gets ten answers
CLIP = "\U0001f4ce"  # the sign of an attachment, in every language


def receive(*, provider_sid: str, from_: str, to: str, body: str, now: datetime, attached: int = 0) -> Reply:
    """Stores an inbound SMS and does what it asks; the same `provider_sid` again changes nothing. Of pictures and other files only their number
    (`attached`) is kept, so that the reader of an empty message knows that there was something."""
    with transaction.atomic():
        known = Reply.objects.filter(provider_sid=provider_sid).first()
        if known is not None:
            return known
        phone = _phone(from_)
        reading = read(body, menu(phone, now))
        person, patient = _writer(phone)
        reply, new = Reply.objects.get_or_create(
            provider_sid=provider_sid,
            defaults={
                "phone": phone,
                "to": to[:20],
                "body": _kept(body, attached),
                "kind": reading.kind,
                "person": person,
                "patient": patient,
                "received_at": now,
            },
        )
        if new:
            _tell_journey(reply, reading, now)
            _act(reply, reading, now)
        return reply


def _kept(body: str, attached: int) -> str:
    words = body.replace("\x00", "")[:LONGEST_BODY]
    return f"{words[: LONGEST_BODY - 10]} {CLIP} {attached}".strip() if attached else words


def menu(phone: Phone, now: datetime) -> Mapping[str, Topic]:
    """What the last text to this number asked for, number by number."""
    last = _last_text(phone)
    if last is None or last.claimed_at is None or last.claimed_at < now - ASKED_WITHIN:
        return {}
    return compiler.menu(last.wording, last.language, last.programme)


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
            if Concern.WRONG_NUMBER in reading.concerns:
                contacts.mark_bad(phone=reply.phone, reason="wrong number, by reply", now=now)
            _ask_a_person(reply, reading.concern, now)
            if reading.concern is Concern.SAFETY:
                _answer(reply, "safety", "safety", now)
        case Reply.Kind.TEXT if reading.topic is not None:
            _hear(reply, reading.topic, now)
        case Reply.Kind.TEXT:
            _ask_a_person(reply, reading.concern, now, guess=reading.guess)
            _answer_text(reply, reading.concern is Concern.SAFETY or reading.guess is Topic.WORSE, now)


def _hear(reply: Reply, topic: Topic, now: datetime) -> None:
    """A number or a keyword. What needs nobody counts as read; the rest is thanked for while somebody is there to read it."""
    item = said.hear(_voice(reply), topic, now=now)
    if item is None:
        Reply.objects.filter(pk=reply.pk).update(read_at=now)
    if item is None or topic is Topic.WORSE or said.is_open(_site(reply), now):
        _answer(reply, "acknowledgement", TOPICS[topic].thanks, now)
    elif not _said_lately(reply, now):
        _answer(reply, "out_of_hours", "out.of.hours", now)


def _start(reply: Reply, evidence: consent.Evidence, now: datetime) -> None:
    """Texts start again only where it is clear who wrote; else a person asks. What waited before STOP is not revived."""
    if consent.start(phone=reply.phone, now=now, evidence=evidence, person=reply.person).outcome == "started":
        _answer(reply, "start_confirmation", "start.confirmation", now)
    else:
        _ask_a_person(reply, Concern.NONE, now, problem="start-ambiguous")


def _answer_text(reply: Reply, in_danger: bool, now: datetime) -> None:
    """Nobody may think that a message at night, or a cry for help, was read by a person."""
    if in_danger:
        _answer(reply, "safety", "safety", now)
    elif not said.is_open(_site(reply), now) and not _said_lately(reply, now):
        _answer(reply, "out_of_hours", "out.of.hours", now)


def _answer(reply: Reply, purpose: str, wording: str, now: datetime) -> None:
    """An answer to the number that wrote; outside the cap of reminders, once per reply and purpose, and not without end. A short code or a
    company's name is nobody to answer."""
    if not codes.is_number(reply.phone.e164):
        return
    if Message.objects.filter(phone=reply.phone, reply__isnull=False, created_at__gt=now - timedelta(days=1)).count() >= MOST_ANSWERS:
        return
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


def _ask_a_person(reply: Reply, concern: Concern, now: datetime, *, problem: str = "", guess: Topic | None = None) -> WorkItem | None:
    """The words as they are; what they seem to be about only names the item, and makes it more urgent where somebody feels worse."""
    rule = TOPICS[guess] if guess else None
    if rule is not None:
        return said.ask(_voice(reply), problem=rule.problem, priority=rule.priority, audience=rule.audience, now=now)
    return said.ask(_voice(reply), problem=problem or PROBLEM[concern], priority=PRIORITY[concern], now=now)


def _tell_journey(reply: Reply, reading: Reading, now: datetime) -> None:
    """As if it were a message: the fact that somebody wrote, without the words. The patient is locked before anything else is."""
    patient, site = reply.patient, _site(reply)
    if patient is None or site is None:
        return
    about_the_patient = Voice(reply.phone, patient, None, site, {"reply": str(reply.uid)}, str(reply.uid))
    said.tell(about_the_patient, "patient_replied", {}, now=now)
    if Concern.DEATH in reading.concerns:
        registry.death_hint(patient_id=patient.pk, now=now, source=EVIDENCE)
        said.tell(about_the_patient, "death_hint", {}, now=now)


def _voice(reply: Reply) -> Voice:
    return Voice(reply.phone, reply.patient, _journey(reply), _site(reply), {"reply": str(reply.uid)}, str(reply.uid))


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
    last = _last_text(reply.phone)
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


def _last_text(phone: Phone) -> Message | None:
    return Message.objects.filter(phone=phone, journey__isnull=False, attempt__gt=0).order_by("-claimed_at").first()
