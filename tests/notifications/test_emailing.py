"""At most one e-mail, and nothing disappears, whatever the mail server does; what comes back is believed only where it names one of ours."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as Smtp
from django.test import Client, override_settings
from django.urls import reverse

from notifications import bounces, emailing, halts
from notifications.emailing import Sent
from notifications.models import Message, WorkItem
from patients.models import ConsentEntry, Mailbox, MailPermission
from tests.notifications.test_channels import due, reads_mail, told
from tests.notifications.world import HOUR, NOON, World

pytestmark = pytest.mark.django_db


class Server(BaseEmailBackend):
    """A mail server that does as it is told: per e-mail `take`, or an error to raise; `opens` may be one, too."""

    def __init__(self, *answers: Exception | None, opens: Exception | None = None) -> None:
        super().__init__()
        self.answers, self.opens, self.taken = list(answers), opens, list[EmailMessage]()

    def open(self) -> bool:
        if self.opens:
            raise self.opens
        return True

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if self.answers and (fault := self.answers.pop(0)):
            raise fault
        self.taken += email_messages
        return len(email_messages)


@pytest.fixture
def world() -> World:
    return World()


def wait(world: World, *names: str) -> None:
    for n, name in enumerate(names):
        patient = world.patient(name, phone=False)
        reads_mail(patient)
        due(world, patient, "email", "letter", n=n)


def send(server: BaseEmailBackend, at: timedelta = timedelta()) -> Sent:
    return emailing.send_due(now=NOON + at, server=server, stopwatch=lambda: 0.0)


def test_each_is_handed_over_once(world: World) -> None:
    wait(world, "Ana", "Ben", "Cy")
    server = Server()
    assert send(server) == Sent(judged=3, accepted=3)
    assert send(server, HOUR) == Sent()
    assert len({one.to[0] for one in server.taken}) == len(server.taken) == 3
    assert {state for _, state, _ in told()} == {"sent"}


def test_a_server_that_cannot_be_reached_took_nothing_and_rings_one_alarm(world: World) -> None:
    wait(world, "Ana", "Ben")
    down = Server(opens=ConnectionRefusedError())
    assert send(down) == Sent(judged=2, given_back=2)
    assert send(down, timedelta(minutes=1)) == Sent(), "it rests"
    send(down, timedelta(minutes=6))
    assert WorkItem.objects.filter(cause_kind="halt", cause_key="mail").count() == 1
    assert {state for _, state, _ in told()} == {"pending"}
    assert send(Server(), timedelta(minutes=20)).accepted == 2
    assert not halts.stands(halts.MAIL)
    assert not WorkItem.objects.filter(cause_kind="halt", state="open").exists()


def test_a_texting_provider_in_trouble_stops_no_mail_and_mail_no_texts(world: World) -> None:
    wait(world, "Ana")
    halts.trip(halts.PROVIDER, reason="account", now=NOON)
    assert send(Server()).accepted == 1
    halts.trip(halts.MAIL, reason="mail server", now=NOON)
    halts.lift(halts.PROVIDER, now=NOON)
    assert halts.of_everything() is None


@pytest.mark.parametrize(
    ("fault", "state", "reason", "falls"),
    [
        (smtplib.SMTPRecipientsRefused({"a@example.org": (550, b"no such user")}), "failed", "no such address", True),
        (smtplib.SMTPRecipientsRefused({"a@example.org": (451, b"greylisted")}), "pending", "mail server says later", False),
        (smtplib.SMTPDataError(554, b"looks like spam"), "failed", "refused by the mail server", True),
        (smtplib.SMTPDataError(452, b"disk full"), "pending", "mail server says later", False),
        (smtplib.SMTPServerDisconnected("after DATA"), "unknown", "SMTPServerDisconnected", False),
        (TimeoutError(), "unknown", "TimeoutError", False),
    ],
)
def test_only_a_plain_no_lets_the_next_channel_try(world: World, fault: Exception, state: str, reason: str, falls: bool) -> None:
    wait(world, "Ana")
    send(Server(fault))
    assert told()[0] == ("email", state, reason)
    assert (len(told()) == 2) == falls
    assert bool(Mailbox.objects.get().bad_since) == (reason == "no such address")


def test_a_connection_that_breaks_leaves_one_in_doubt_and_gives_the_rest_back(world: World) -> None:
    wait(world, "Ana", "Ben", "Cy")
    assert send(Server(None, smtplib.SMTPServerDisconnected())) == Sent(judged=3, accepted=1, not_accepted=1, given_back=1)
    assert sorted(state for _, state, _ in told()) == ["pending", "sent", "unknown"]


def test_a_process_that_was_frozen_gives_its_emails_back(world: World) -> None:
    wait(world, "Ana")
    seconds, server = iter([0.0, 0.0, 0.0, *[emailing.GUARD_SECONDS + 1] * 9]), Server()
    assert emailing.send_due(now=NOON, server=server, stopwatch=lambda: next(seconds)).given_back == 1
    assert (server.taken, told()) == ([], [("email", "pending", "")])


def test_outside_production_a_real_server_writes_to_nobody_who_exists() -> None:
    real, tame = Smtp(), Server()
    assert not emailing.may_reach("ana@hospital.org", real)
    assert emailing.may_reach("ana@example.org", real) and emailing.may_reach("ana@hospital.org", tame)
    with override_settings(REACHES_PEOPLE=True):
        assert emailing.may_reach("ana@hospital.org", real)


def report(*, about: str, to: str, action: str = "failed", status: str = "5.1.1") -> bytes:
    """What a mail server sends back (RFC 3464)."""
    return f"""\
From: MAILER-DAEMON@mx.example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

I am sorry.
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}

--B
Content-Type: text/rfc822-headers

Message-ID: {about}
Subject: A message from Riverside Care

--B--
""".replace("\n", "\r\n").encode()


def test_a_bounce_of_ours_marks_the_address_and_makes_a_letter(world: World) -> None:
    wait(world, "Ana")
    server = Server()
    send(server)
    name, to = server.taken[0].extra_headers["Message-ID"], server.taken[0].to[0]
    assert bounces.receive(report(about=name, to=to, action="delayed", status="4.4.1"), now=NOON) == "later"
    assert bounces.receive(report(about=name, to="other@example.org"), now=NOON) == "unknown"
    assert bounces.receive(report(about="<0123456789abcdef0123456789abcdef.1@x>", to=to), now=NOON) == "unknown"
    assert bounces.receive(b"Subject: I am on holiday\n\nBack on Monday.\n", now=NOON) == "nothing"
    assert told() == [("email", "sent", "")]
    assert bounces.receive(report(about=name, to=to.upper()), now=NOON) == "bounced"
    assert bounces.receive(report(about=name, to=to), now=NOON) == "later", "told twice it changes nothing"
    assert told() == [("email", "failed", "no such address"), ("letter", "pending", "to be printed")]


def test_the_link_stops_the_address_by_a_button_and_never_by_being_looked_at(world: World, client: Client) -> None:
    wait(world, "Ana")
    server = Server()
    send(server)
    link = server.taken[0].extra_headers["List-Unsubscribe"].strip("<>")
    path = link[link.index("/mail/stop/") :]
    shown = client.get(path)
    assert shown.status_code == 200
    assert not {word for word in ("Ana", server.taken[0].to[0]) if word in shown.content.decode()}
    assert Mailbox.objects.get().stopped_at is None
    strangers = reverse("stop_mail", args=["00000000-0000-4000-8000-000000000000"])
    assert client.get(strangers).content == shown.content, "nobody learns whether there is such an address"
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Mailbox.objects.get().stopped_at is not None
    assert MailPermission.objects.get().revoked_at is not None
    client.post(path)
    assert ConsentEntry.objects.filter(decision="revoked", how="unsubscribe link").count() == 1
    assert Message.objects.get().state == "sent"
