"""D. Messages: what the provider reports, in whatever order, number and truth. Cases 76 to 81."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications import receipts, transports
from notifications.models import Message, Receipt
from notifications.plan import plan
from notifications.send import send_due
from notifications.transports.base import Answer, Text
from tests.notifications.carrier import Carrier
from tests.notifications.world import DAY, NOON, World

pytestmark = pytest.mark.django_db


class Hasty(Carrier):
    """Reports delivery before it answers."""

    def send(self, text: Text) -> Answer:
        uid, token = text.callback.rstrip("/").split("/")[-2:]
        receipts.receive(uid=uid, token=token, sid="SM" + "0" * 32, status="delivered", error_code="", now=NOON)
        return super().send(text)


@pytest.fixture
def message(db: None) -> Message:
    """Sent a moment ago."""
    World().text_alert()
    plan(now=NOON)
    send_due(now=NOON, transport=Carrier())
    return Message.objects.get()


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "current", Carrier)


def told(message: Message, *statuses: str, signature: str = "good", sid: str = "") -> list[int]:
    """The provider calls our address; the answers' codes."""
    path = reverse("sms-status", args=[message.uid, message.token])
    return [_call(path, {"MessageSid": sid or message.provider_sid, "MessageStatus": status}, signature) for status in statuses]


def _call(path: str, fields: Mapping[str, str], signature: str) -> int:
    return Client().post(path, fields, headers={"X-Twilio-Signature": signature}).status_code


def state() -> str:
    return str(Message.objects.get().state)


def test_case_76_a_receipt_before_the_answer() -> None:
    """It is the record; our own answer afterwards moves nothing back."""
    World().text_alert()
    plan(now=NOON)
    assert send_due(now=NOON, transport=Hasty()).accepted == 1
    assert (state(), Message.objects.get().provider_sid) == ("delivered", "SM" + "0" * 32)


def test_case_77_the_same_receipt_twice(message: Message, signed: None) -> None:
    assert told(message, "delivered", "delivered") == [204, 204]
    assert (state(), Receipt.objects.count()) == ("delivered", 1)


def test_case_78_receipts_in_another_order(message: Message, signed: None) -> None:
    """Delivered, then sent, then queued: never backwards."""
    told(message, "delivered", "sent", "queued", "undelivered")
    assert (state(), Receipt.objects.count()) == ("delivered", 4)


def test_case_79_a_receipt_for_a_text_that_nobody_knows(message: Message, signed: None) -> None:
    """Kept, answered alike, and nothing moves; the same for one that names our text with another's token, though the provider signed it."""
    before = Message.objects.values().get()
    stranger, others_token = "6f1d2f5e-0000-4000-8000-000000000000", "t" * 43
    for n, (uid, token) in enumerate(((stranger, message.token), (message.uid, others_token))):
        path = reverse("sms-status", args=[uid, token])
        assert _call(path, {"MessageSid": f"SM{n}", "MessageStatus": "undelivered", "ErrorCode": "30005"}, "good") == 204
        assert _call(path, {"MessageSid": f"SM{n}", "MessageStatus": "delivered"}, "good") == 204
    assert set(Receipt.objects.values_list("provider_sid", flat=True)) == {"SM0", "SM1"}
    assert not Receipt.objects.filter(message__isnull=False).exists()
    assert Message.objects.values().get() == before


def test_case_80_a_forged_signature(message: Message, signed: None) -> None:
    assert told(message, "undelivered", signature="forged") == [403]
    assert (state(), Receipt.objects.count()) == ("sent", 0)


def test_case_81_a_genuine_receipt_played_again_a_day_later(message: Message, signed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures carry no time: what was heard once is heard no more."""
    told(message, "sent", "delivered")
    before = Message.objects.values().get()
    monkeypatch.setattr(timezone, "now", lambda: NOON + DAY)
    told(message, "sent", "delivered")
    assert Message.objects.values().get() == before
    assert before["delivered_at"] is not None
