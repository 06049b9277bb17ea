"""A notice to the responsible clinician: delivered, acknowledged and acted are three things, and only the last one ends anything."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import mail as outside
from django.db import transaction
from django.test import Client
from django.utils import timezone

from notifications import mail, notices
from notifications.models import Email, Notice, WorkItem
from notifications.wording.compiler import denied
from pathways import team
from pathways.models import Event, Journey, Stay, TeamRole
from patients import practitioners
from patients.models import Practitioner, Role, Site, User
from tests.desk import DAY, Desk
from tests.people import nurse, today_here

Enter = Callable[[User], Client]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def lund(north: Site) -> User:
    """An oncologist of the north with an account."""
    user = nurse("lund", north, role=Role.CLINICIAN)
    User.objects.filter(pk=user.pk).update(email="lund@north.example")
    user.refresh_from_db()
    clinician = practitioners.upsert(npi="1234567893", family="Lund", given="Eva")
    assert clinician is not None
    practitioners.give_account(clinician, user)
    return user


@pytest.fixture
def asked(desk: Desk, dara: User, lund: User, followed: Journey, now: datetime) -> WorkItem:
    """The decision is overdue and Dr. Lund, who is responsible, is asked."""
    clinician = Practitioner.objects.get(user=lund)
    team.name(journey=followed, role=TeamRole.RESPONSIBLE, person=clinician, source="enrolment", now=now, by=dara)
    stay = Stay.objects.open().get(journey=followed, stage__name="to_decide")
    return desk.item(stay, audience="clinician", priority=2)


def raised(now: datetime) -> Notice:
    notices.raise_notices(now=now)
    return Notice.objects.get(role="responsible")


def test_the_e_mail_goes_once_and_names_nobody(asked: WorkItem, now: datetime) -> None:
    notice = raised(now)
    assert notices.raise_notices(now=now) == 0, "one notice an item and clinician"
    assert (mail.send_due(now=now), mail.send_due(now=now)) == (1, 0)
    (sent,) = outside.outbox
    text = f"{sent.subject} {sent.body}"
    assert sent.to == ["lund@north.example"]
    assert f"/notices/{notice.uid}/" in text
    assert denied(text) is None or denied(text) == ""
    assert not [word for word in ("Okafor", "Ann ", "ung", "EGFR", "4001") if word in text]
    notice.refresh_from_db()
    assert notice.delivered_at and not notice.acknowledged_at and not notice.answered_at


def test_who_ordered_the_test_gets_a_copy_and_who_has_no_account_none(asked: WorkItem, south: Site, dara: User, now: datetime) -> None:
    orderer, outsider = (practitioners.upsert(npi=npi, family=name) for npi, name in (("1003000126", "Pulm"), ("1003000134", "Away")))
    assert orderer and outsider and asked.journey
    practitioners.give_account(orderer, nurse("pulm", asked.site, role=Role.CLINICIAN))
    practitioners.give_account(outsider, nurse("away", south, role=Role.CLINICIAN))
    for one in (orderer, outsider):
        team.name(journey=asked.journey, role=TeamRole.ORDERER, person=one, source="order", now=now, by=dara)
    notices.raise_notices(now=now)
    assert {(one.practitioner.family, one.role) for one in Notice.objects.all()} == {("Lund", "responsible"), ("Pulm", "copy")}


def test_acknowledged_is_not_acted(signed_in: Enter, asked: WorkItem, lund: User, followed: Journey, now: datetime) -> None:
    notice, client = raised(now), signed_in(lund)
    assert "Okafor, Ann" in client.get("/notices/").content.decode()
    page = client.get(f"/notices/{notice.uid}/").content.decode()
    assert "EGFR p.Leu858Arg" in page and "Why am I seeing this" in page
    client.post(f"/notices/{notice.uid}/acknowledge/")
    notice.refresh_from_db()
    assert notice.delivered_at and notice.opened_at and notice.acknowledged_at and not notice.answered_at
    assert WorkItem.objects.get(pk=asked.pk).state == "open"
    said = {"what": "treatment_decided:matched", "on": today_here().isoformat(), "text": "osimertinib"}
    assert client.post(f"/notices/{notice.uid}/acted/", said | {"what": "other", "text": ""}).status_code == 422
    client.post(f"/notices/{notice.uid}/acted/", said)
    notice.refresh_from_db()
    assert (notice.answer, WorkItem.objects.get(pk=asked.pk).outcome) == ("acted", "clinician_acted")
    decided = Event.objects.get(patient=followed.patient, kind="treatment_decided")
    assert (decided.body["decision"], decided.body["drugs"], decided.by) == ("matched", [{"text": "osimertinib"}], lund)
    kinds = set(Event.objects.filter(patient=followed.patient).values_list("kind", flat=True))
    assert {"notice_acknowledged", "notice_answered"} <= kinds


def test_not_appropriate_needs_its_reason_and_answers_the_flag(
    signed_in: Enter, asked: WorkItem, lund: User, followed: Journey, now: datetime
) -> None:
    notice, client = raised(now), signed_in(lund)
    assert client.post(f"/notices/{notice.uid}/not-appropriate/", {"reason": ""}).status_code == 422
    client.post(f"/notices/{notice.uid}/not-appropriate/", {"reason": "patient's condition"})
    assert WorkItem.objects.get(pk=asked.pk).outcome == "not_appropriate"
    word = Event.objects.get(patient=followed.patient, kind="not_actionable_confirmed")
    assert (word.body["reason"], word.body["clinician"]) == ("patient's condition", "Eva Lund")
    late = client.post(f"/notices/{notice.uid}/acted/", {"what": "other", "text": "x", "on": today_here().isoformat()}, follow=True)
    assert "answered already" in late.content.decode()


def test_not_my_patient_leaves_the_item_and_asks_a_navigator(signed_in: Enter, asked: WorkItem, lund: User, now: datetime) -> None:
    notice = raised(now)
    signed_in(lund).post(f"/notices/{notice.uid}/not-appropriate/", {"mine": "no"})
    assert WorkItem.objects.get(pk=asked.pk).state == "open"
    call = WorkItem.objects.get(cause_kind="notice")
    assert (call.audience, call.problem, call.journey_id) == ("navigator", "wrong-clinician", asked.journey_id)


def test_a_notice_is_its_readers_and_their_delegates_alone(
    signed_in: Enter, asked: WorkItem, lund: User, dara: User, eli: User, now: datetime
) -> None:
    notice = raised(now)
    for stranger in (dara, eli, nurse("other", asked.site, role=Role.CLINICIAN)):
        assert signed_in(stranger).get(f"/notices/{notice.uid}/").status_code == 404
    practitioners.delegate(notice.practitioner, to=dara)
    assert "You read this for Eva Lund" in signed_in(dara).get(f"/notices/{notice.uid}/").content.decode()


@pytest.mark.parametrize(
    ("fault", "state", "calls"),
    [
        (ConnectionRefusedError(), "pending", 0),
        (smtplib.SMTPRecipientsRefused({}), "failed", 1),
        (smtplib.SMTPServerDisconnected(), "unknown", 1),
        (TimeoutError(), "unknown", 1),
    ],
)
def test_what_may_have_arrived_is_never_sent_again(
    monkeypatch: pytest.MonkeyPatch, asked: WorkItem, now: datetime, fault: Exception, state: str, calls: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    raised(now)
    monkeypatch.setattr("notifications.mail.send_mail", fail)
    mail.send_due(now=now)
    assert Email.objects.get().state == state
    assert WorkItem.objects.filter(problem="notice-undelivered").count() == calls
    monkeypatch.undo()
    assert mail.send_due(now=now + DAY) == (1 if state == "pending" else 0)


def test_a_sender_that_died_on_the_way_leaves_an_unknown_and_a_call(asked: WorkItem, now: datetime) -> None:
    raised(now)
    with transaction.atomic():
        mail._claim(now=now, batch=5)
    assert mail.send_due(now=now + timedelta(hours=1)) == 0
    assert (Email.objects.get().state, outside.outbox) == ("unknown", [])
    assert WorkItem.objects.get(problem="notice-undelivered").audience == "navigator"


def test_nobody_is_mailed_about_what_is_settled_meanwhile(signed_in: Enter, asked: WorkItem, lund: User, now: datetime) -> None:
    notice = raised(now)
    signed_in(lund).get(f"/notices/{notice.uid}/")
    assert mail.send_due(now=now) == 0
    assert Email.objects.get().reason == "not needed any more"
