"""A reminder tries its channels in order: each says why it was not the one, and no reader hears the same twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction

from notifications import emailing, endings, letters, outbox, reconcile, worklist
from notifications.codes import policy
from notifications.invariants import check
from notifications.models import MailSlot, Message, MessageState, WorkItem
from notifications.plan import plan
from notifications.settle import settle
from pathways import alerts, journeys
from pathways.models import Alert
from patients import consent, contacts
from patients.consent import Evidence
from patients.models import ConsentKind, ContactPoint, Mailbox, Patient, Permission, Person
from tests.notifications.world import DAY, HOUR, NOON, World

pytestmark = pytest.mark.django_db
ALL = ["sms", "email", "letter"]
FORM = Evidence("signed form", wording_version="1")


@pytest.fixture
def world() -> World:
    return World()


def reads_mail(patient: Patient, *, person: Person | None = None, agrees: bool = True) -> Mailbox:
    who = person or patient.person
    point = contacts.add_email(person=who, address=f"reader{who.pk}@example.org", now=NOON - 9 * DAY)
    assert point.mailbox is not None
    if agrees:
        consent.record(
            decision="granted", kind=ConsentKind.EMAIL, at=NOON - 9 * DAY, evidence=FORM, person=who, patient=patient, mailbox=point.mailbox
        )
    return point.mailbox


def due(world: World, patient: Patient, *channels: str, n: int = 0, **rung: object) -> Alert:
    alert = world.alert(world.stay(patient), world.rung(n, "patient", channels=list(channels or ALL), **rung))
    plan(now=NOON)
    return alert


def told() -> list[tuple[str, str, str]]:
    """Channel, state and reason of every row, in the order in which they came to be."""
    return list(Message.objects.order_by("pk").values_list("channel", "state", "reason"))


def run(at: timedelta = timedelta()) -> None:
    """What one wake-up does: texts, then e-mails."""
    outbox.claim(now=NOON + at)
    emailing.send_due(now=NOON + at, stopwatch=lambda: 0.0)


def test_who_never_agreed_to_texts_gets_the_email_she_agreed_to(world: World) -> None:
    ana = world.patient(consents=False)
    reads_mail(ana)
    due(world, ana)
    run()
    assert told() == [("sms", "withdrawn", "no permission"), ("email", "sent", "")]
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == ([f"reader{ana.person_id}@example.org"], "A message from Riverside Care")
    assert sent.body.startswith("Hello Ana,\n\nYou have a visit with us coming up.")
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert stop in sent.body and str(Mailbox.objects.get().uid) in stop
    assert not WorkItem.objects.exists()
    assert check(now=NOON) == []


@pytest.mark.parametrize("why", ["no phone", "bad number", "stopped"])
def test_what_waiting_does_not_mend_makes_the_reminder_fall(world: World, why: str) -> None:
    ana = world.patient(phone=why != "no phone")
    reads_mail(ana)
    phone = ContactPoint.objects.filter(phone__isnull=False).first()
    if why == "bad number" and phone and phone.phone:
        contacts.mark_bad(phone=phone.phone, reason="landline", now=NOON)
    if why == "stopped" and phone and phone.phone:
        consent.stop(phone=phone.phone, now=NOON, evidence=Evidence("reply"))
    due(world, ana)
    run()
    assert told() == [("sms", "withdrawn", why), ("email", "sent", "")]
    # A number that is wrong is somebody's task all the same.
    assert list(WorkItem.objects.values_list("cause_kind", flat=True)) == (["bad_number"] if why == "bad number" else [])


def test_what_waiting_mends_waits(world: World) -> None:
    ana = world.patient()
    reads_mail(ana)
    due(world, ana)
    Patient.objects.update(admitted_since=NOON)
    run()
    assert told() == [("sms", "pending", "admitted")]


def test_who_can_be_reached_by_text_gets_nothing_else(world: World) -> None:
    ana = world.patient()
    reads_mail(ana)
    due(world, ana)
    run()
    assert told() == [("sms", "sending", "")]
    assert mail.outbox == []


def test_a_refused_text_becomes_an_email_and_a_bounced_email_a_letter(world: World) -> None:
    ana = world.patient()
    box = reads_mail(ana)
    due(world, ana)
    [claimed] = outbox.claim(now=NOON).texts
    endings.refuse(Message.objects.get(pk=claimed.id), policy(30004), now=NOON)
    emailing.send_due(now=NOON, stopwatch=lambda: 0.0)
    assert told() == [("sms", "failed", "blocked"), ("email", "sent", "")]
    assert emailing.bounced(message=Message.objects.get(channel="email"), permanent=True, now=NOON + HOUR)
    assert told() == [("sms", "failed", "blocked"), ("email", "failed", "no such address"), ("letter", "pending", "to be printed")]
    box.refresh_from_db()
    assert box.bad_reason == "no such address"
    [item] = WorkItem.objects.all()
    assert (item.cause_kind, item.problem) == ("letter", "letter-to-print")
    assert item.note == "Please print and post a letter. Not sent: text: blocked; e-mail: no such address."


def test_what_the_patient_may_have_all_the_same_is_not_said_again_by_mail(world: World) -> None:
    ana = world.patient()
    reads_mail(ana)
    due(world, ana)
    [claimed] = outbox.claim(now=NOON).texts
    endings.refuse(Message.objects.get(pk=claimed.id), policy(30008), now=NOON)
    assert told() == [("sms", "failed", "not delivered")]
    assert WorkItem.objects.get().cause_kind == "problem"


def test_a_letter_is_printed_in_the_words_of_its_rung_and_posted_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[dict[str, str]] = []
    monkeypatch.setattr(
        journeys, "record", lambda **said: tried.append(said["body"])
    )  # the journey of this world has no definition to replay
    ana = world.patient(language="es", consents=False)
    due(world, ana, "sms", "letter", wording="form.reminder")
    run()
    item = WorkItem.objects.get(cause_kind="letter")
    letter = letters.words_for(item)
    assert (letter.to, letter.code) == (ana.person, "es")
    assert letter.body.startswith("Nos falta una hoja que debe llenar")
    assert letters.why(item) == ["text: no permission"]
    letters.sent(item=item, by=world.dara, now=NOON + DAY)
    posted = Message.objects.get(channel="letter")
    assert (posted.state, posted.by, posted.sent_at, posted.body) == ("sent", world.dara, NOON + DAY, letter.body)
    item.refresh_from_db()
    assert (item.state, item.outcome) == ("done", "letter posted")
    with pytest.raises(worklist.Refused), transaction.atomic():
        letters.sent(item=item, by=world.dara, now=NOON + DAY)
    assert tried[0] == {"channel": "letter", "outcome": "sent"}
    assert check(now=NOON + DAY) == []


def test_a_letter_whose_reason_has_gone_is_asked_for_no_more(world: World) -> None:
    alert = due(world, world.patient(phone=False), "sms", "letter")
    run()
    assert WorkItem.objects.filter(cause_kind="letter", state="open").exists()
    alerts.withdraw_of_stays([alert.stay_id or 0], reason="progress", now=NOON + HOUR)
    settle(now=NOON + HOUR)
    assert told()[-1] == ("letter", "withdrawn", "progress")
    assert not WorkItem.objects.filter(state="open").exists()


def test_a_call_named_as_channel_is_asked_for_however_small_the_matter(world: World) -> None:
    due(world, world.patient(consents=False), "sms", "call", priority=8)
    run()
    assert told() == [("sms", "withdrawn", "no permission")]
    assert WorkItem.objects.get().note == "No text could be sent: no permission."


def test_a_rung_that_names_no_channels_behaves_as_ever(world: World) -> None:
    ana = world.patient(consents=False)
    reads_mail(ana)
    world.text_alert(ana)
    plan(now=NOON)
    run()
    assert told() == [("sms", "withdrawn", "no permission")]
    assert not WorkItem.objects.exists()


def test_planned_again_a_reminder_that_fell_is_not_texted_as_well(world: World) -> None:
    ana = world.patient(consents=False)
    reads_mail(ana)
    alert = due(world, ana)
    run()
    Permission.objects.update_or_create(
        person=ana.person, patient=ana, phone=ContactPoint.objects.get(phone__isnull=False).phone, defaults={"granted_at": NOON}
    )
    world.alert(alert.stay, alert.rung, round=2)
    plan(now=NOON + HOUR)
    run(HOUR)
    assert told() == [("sms", "withdrawn", "no permission"), ("email", "sent", "")]


def test_an_email_comes_at_any_hour_unless_its_rung_says_otherwise_and_once_a_day(world: World) -> None:
    midnight = NOON + timedelta(hours=12)
    ana, ben = world.patient(), world.patient("Ben")
    Person.objects.update(time_zone="America/New_York")
    reads_mail(ana)
    reads_mail(ben)
    due(world, ana, "email")
    due(world, ben, "email", n=1, quiet_hours=True)
    emailing.send_due(now=midnight, stopwatch=lambda: 0.0)
    assert told() == [("email", "sent", ""), ("email", "pending", "quiet hours")]
    due(world, ana, "email", n=2, wording="call.us")
    emailing.send_due(now=midnight + HOUR, stopwatch=lambda: 0.0)
    assert told()[2] == ("email", "pending", "one a day")
    assert MailSlot.objects.count() == 1


def test_a_parent_is_written_to_about_the_child_and_never_the_child(world: World) -> None:
    child = world.patient("Kim", born=(NOON - 900 * DAY).date(), phone=False)
    parent = world.parent(child)
    Permission.objects.all().delete()
    reads_mail(child, person=parent)
    due(world, child, wording="bring.child")
    run()
    [sent] = mail.outbox
    assert sent.to == [f"reader{parent.pk}@example.org"]
    assert sent.body.startswith("Hello Pia,") and f"{Message.objects.get(channel='email').uid.int % 10_000:04d}" in sent.body


def test_a_language_that_we_do_not_have_is_held_and_called_with_an_interpreter(world: World) -> None:
    ana = world.patient(language="vi")
    due(world, ana, "sms", "email", "letter", expires_after=2 * DAY)
    run()
    assert told() == [("sms", "pending", "no wording in vi")]
    assert mail.outbox == []
    [item] = WorkItem.objects.all()
    assert (item.cause_kind, item.problem, item.audience) == ("interpreter", "interpreter-call", "navigator")
    assert item.note.startswith("Please call with an interpreter: Vietnamese.")
    assert "You have a visit with us coming up." in item.note
    worklist.answered_elsewhere(item=item, outcome="reached", by=world.dara, now=NOON + HOUR)
    for days in (1, 2, 3):
        run(days * DAY)
    assert WorkItem.objects.count() == 1, "once said by a person it is asked of nobody again"
    assert told() == [("sms", "withdrawn", "too late")]


def test_an_email_in_doubt_is_never_sent_again_and_a_person_asks(world: World) -> None:
    ana = world.patient(phone=False)
    reads_mail(ana)
    due(world, ana, "email")
    [claimed], _ = emailing.claim(now=NOON)
    assert claimed.email.to == [f"reader{ana.person_id}@example.org"]
    reconcile.reconcile(now=NOON + HOUR)
    assert told() == [("email", "unknown", "sender was lost")]
    reconcile.reconcile(now=NOON + 2 * HOUR)
    emailing.send_due(now=NOON + DAY, stopwatch=lambda: 0.0)
    assert mail.outbox == []
    assert WorkItem.objects.get().cause_kind == "unknown_send"
    assert Message.objects.get().state == MessageState.UNKNOWN
