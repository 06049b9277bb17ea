"""What mail providers post of our e-mails: each in words of its own, believed with the secret only, and harmless twice."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from notifications import mail_events
from notifications.mail_events import Event, What
from notifications.models import Message
from patients.models import ConsentEntry, Mailbox
from tests.notifications.test_channels import told
from tests.notifications.test_emailing import Server, send, wait
from tests.notifications.world import HOUR, NOON, World

SECRET = "a secret of ours"
ANA = "ana@example.org"
NAME = "<0123456789abcdef0123456789abcdef.1@example.org>"


@pytest.fixture
def sent(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Ana's e-mail went out an hour ago; its Message-ID and her address."""
    monkeypatch.setattr(timezone, "now", lambda: NOON + HOUR)
    settings.MAIL_WEBHOOK_SECRET = SECRET
    wait(World(), "Ana")
    server = Server()
    send(server)
    return str(server.taken[0].extra_headers["Message-ID"]), str(server.taken[0].to[0])


def post(body: object, *, authorization: str = f"Bearer {SECRET}") -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": authorization} if authorization else {}
    return Client().post(reverse("mail-events"), raw, content_type="application/json", headers=headers).status_code


@pytest.mark.parametrize(
    ("said", "event"),
    [
        ({"RecordType": "Bounce", "Type": "HardBounce", "Email": ANA, "MessageID": "883953f4"}, What.BOUNCED),
        ({"RecordType": "Bounce", "Type": "SoftBounce", "Email": ANA}, What.REFUSED),
        ({"RecordType": "Bounce", "Type": "Transient", "Email": ANA}, What.LATER),
        ({"RecordType": "SpamComplaint", "Email": ANA}, What.COMPLAINED),
        ({"RecordType": "SubscriptionChange", "Recipient": ANA, "SuppressSending": True}, What.UNSUBSCRIBED),
        ({"RecordType": "SubscriptionChange", "Recipient": ANA, "SuppressSending": False}, None),
        ({"RecordType": "Delivery", "Recipient": ANA}, None),
        ({"event": "bounce", "type": "bounce", "email": ANA, "smtp-id": NAME}, What.BOUNCED),
        ({"event": "bounce", "type": "blocked", "email": ANA}, What.REFUSED),
        ({"event": "deferred", "email": ANA}, What.LATER),
        ({"event": "dropped", "email": ANA}, What.REFUSED),
        ({"event": "spamreport", "email": ANA}, What.COMPLAINED),
        ({"event": "open", "email": ANA}, None),
        (
            {
                "signature": {},
                "event-data": {
                    "event": "failed", "severity": "permanent", "recipient": ANA, "delivery-status": {"code": 550},
                    "message": {"headers": {"message-id": NAME.strip("<>")}},
                },
            },
            What.BOUNCED,
        ),
        ({"event-data": {"event": "failed", "severity": "permanent", "recipient": ANA, "delivery-status": {"code": 554}}}, What.REFUSED),
        ({"event-data": {"event": "failed", "severity": "temporary", "recipient": ANA}}, What.LATER),
        ({"event-data": {"event": "complained", "recipient": ANA}}, What.COMPLAINED),
        ({"event": "bounced", "recipient": ANA, "message_id": NAME}, What.BOUNCED),
        ({"event": ["bounced"], "recipient": {"a": 1}}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_each_provider_says_it_in_its_own_words(said: dict[str, Any], event: What | None) -> None:
    found = mail_events.read(json.dumps([said]).encode())
    assert [(one.what, one.address) for one in found] == ([(event, ANA)] if event else [])
    assert all(mail_events.OURS.search(one.about) for one in found if NAME.strip("<>") in json.dumps(said))


def test_a_bounce_marks_the_address_and_the_letter_is_next(sent: tuple[str, str]) -> None:
    name, address = sent
    for _ in range(2):
        assert post([{"event": "bounce", "type": "bounce", "email": address.upper(), "smtp-id": name}]) == 204
    assert told() == [("email", "failed", "no such address"), ("letter", "pending", "to be printed")]
    assert Mailbox.objects.get().bad_since is not None


def test_an_email_that_was_refused_leaves_the_address_alone(sent: tuple[str, str]) -> None:
    """The provider kept no name of ours: it is the last one to this address."""
    assert post({"event": "dropped", "email": sent[1]}) == 204
    assert told()[0] == ("email", "failed", "refused by the mail server")
    assert Mailbox.objects.get().bad_since is None


def test_a_complaint_ends_emails_to_the_address(sent: tuple[str, str]) -> None:
    for _ in range(2):
        assert post({"RecordType": "SpamComplaint", "Email": sent[1]}) == 204
    assert Mailbox.objects.get().stopped_at is not None
    assert ConsentEntry.objects.get(decision="revoked").how == "complaint to the mail provider"
    assert Message.objects.get().state == "sent"


def test_the_name_of_anothers_email_moves_nothing(sent: tuple[str, str]) -> None:
    post({"event": "refused", "recipient": sent[1], "message_id": NAME})
    assert told() == [("email", "sent", "")]
    assert mail_events.receive([Event(What.BOUNCED, "nobody@example.org")], now=NOON) == {"unknown": 1}


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer wrong", "Basic", "Basic !!", "Digest x", "Basic " + base64.b64encode(b"any:no").decode(), "Bearer \u00e9"],
)
def test_who_does_not_know_the_secret_is_not_heard(sent: tuple[str, str], authorization: str) -> None:
    assert post({"event": "bounced", "recipient": sent[1]}, authorization=authorization) == 401
    assert told() == [("email", "sent", "")]


def test_without_a_secret_nobody_is_heard_and_with_it_basic_is_enough(sent: tuple[str, str], settings: Settings) -> None:
    basic = "Basic " + base64.b64encode(f"any:{SECRET}".encode()).decode()
    assert post({}, authorization=basic) == 204
    settings.MAIL_WEBHOOK_SECRET = ""
    assert post({}, authorization="Bearer ") == post({}, authorization=basic) == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b"\xff", b"[" * 100_000, b"null"])
def test_what_is_no_event_is_refused_and_breaks_nothing(sent: tuple[str, str], body: bytes) -> None:
    assert post(body) == 400
    assert post(b" " * (1024 * 1024 + 1)) == 413
