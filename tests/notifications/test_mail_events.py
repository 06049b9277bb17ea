"""What mail providers post of our e-mails: each in words of its own, believed with the secret only, and harmless twice."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests
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
TOPIC = "arn:aws:sns:us-east-2:123456789012:mail"
NAME = "<0123456789abcdef0123456789abcdef.1@example.org>"


def ses(kind: str, name: str, **told: Any) -> dict[str, Any]:
    """As Amazon SNS wraps what Amazon SES publishes."""
    event = {"eventType": kind, name: told, "mail": {"messageId": "0100", "commonHeaders": {"messageId": NAME}}}
    return {"Type": "Notification", "MessageId": "22b80b92", "TopicArn": TOPIC, "Message": json.dumps(event)}


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
        ({"RecordType": "Bounce", "Type": "AutoResponder", "Email": ANA}, What.LATER),
        ({"RecordType": "Bounce", "Type": "SpamComplaint", "Email": ANA}, What.COMPLAINED),
        ({"RecordType": "SpamComplaint", "Email": ANA}, What.COMPLAINED),
        (ses("Bounce", "bounce", bounceType="Permanent", bounceSubType="General", bouncedRecipients=[{"emailAddress": ANA}]), What.BOUNCED),
        (ses("Bounce", "bounce", bounceType="Permanent", bounceSubType="ContentRejected", bouncedRecipients=[{"emailAddress": ANA}]), What.REFUSED),
        (ses("Bounce", "bounce", bounceType="Transient", bounceSubType="MailboxFull", bouncedRecipients=[{"emailAddress": ANA}]), What.REFUSED),
        (ses("Complaint", "complaint", complainedRecipients=[{"emailAddress": ANA}]), What.COMPLAINED),
        (ses("DeliveryDelay", "deliveryDelay", delayedRecipients=[{"emailAddress": ANA}]), What.LATER),
        (ses("Delivery", "delivery", recipients=[ANA]), None),
        (ses("Bounce", "bounce", bouncedRecipients="nonsense"), None),
        ({"Type": "Notification", "Message": "not JSON"}, None),
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


CONFIRM = {
    "Type": "SubscriptionConfirmation",
    "TopicArn": TOPIC,
    "Token": "2336412f37fb687f" * 8,
    "SubscribeURL": "http://169.254.169.254/latest/",
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 204),
        ({"TopicArn": "arn:aws:sns:evil.example.org/x-1:123456789012:mail"}, 400),
        ({"TopicArn": ["arn"]}, 400),
        ({"Token": "1&Action=Publish"}, 400),
        ({"Token": ""}, 400),
    ],
)
def test_a_subscription_is_confirmed_with_amazon_and_with_nobody_else(
    changed: dict[str, Any], status: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever address the message names, only the topic's own region is called, once."""
    called: list[tuple[str, dict[str, Any]]] = []

    def get(url: str, **options: Any) -> requests.Response:
        called.append((url, options))
        answer = requests.Response()
        answer.status_code = 200
        return answer

    monkeypatch.setattr(requests, "get", get)
    settings.MAIL_WEBHOOK_SECRET = SECRET
    headers = {"Authorization": f"Bearer {SECRET}", "X-Amz-Sns-Message-Type": "SubscriptionConfirmation"}
    body = json.dumps(CONFIRM | changed)
    assert Client().post(reverse("mail-events"), body, content_type="text/plain; charset=UTF-8", headers=headers).status_code == status
    assert [url for url, _ in called] == ["https://sns.us-east-2.amazonaws.com/"] * (status == 204)
    assert all(options["allow_redirects"] is False and options["timeout"] <= 5 for _, options in called)
    del headers["Authorization"]
    assert Client().post(reverse("mail-events"), body, content_type="text/plain; charset=UTF-8", headers=headers).status_code == 401
    assert len(called) <= 1


def test_one_notification_of_two_readers_is_two_events() -> None:
    both = ses("Bounce", "bounce", bounceType="Permanent", bouncedRecipients=[{"emailAddress": ANA}, {"emailAddress": "ben@example.org"}])
    found = mail_events.read(json.dumps(both).encode())
    assert [(event.address, NAME in event.about) for event in found] == [(ANA, True), ("ben@example.org", True)]
