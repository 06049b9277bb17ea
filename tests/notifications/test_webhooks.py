"""The provider at our door: signed, repeated, forged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from notifications import outbox, transports
from notifications.models import Message, Reply
from notifications.plan import plan
from notifications.transports.twilio import Twilio
from tests.notifications.carrier import Carrier
from tests.notifications.world import NOON, World

INBOUND = {"MessageSid": "SM5", "From": "+16175550123", "To": "+15550100000", "Body": "STOP"}


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> Iterator[Carrier]:
    carrier = Carrier()
    monkeypatch.setattr(transports, "current", lambda: carrier)
    yield carrier


def post(url: str, fields: dict[str, str], signature: str = "good") -> int:
    return Client().post(url, fields, headers={"X-Twilio-Signature": signature}).status_code


def test_an_inbound_text_is_heard_once(world: World, carrier: Carrier) -> None:
    assert [post(reverse("sms-inbound"), INBOUND) for _ in range(2)] == [200, 200]
    assert Reply.objects.get().kind == "stop"


@pytest.mark.parametrize("route", ["sms-inbound", "sms-status"])
def test_what_is_not_signed_is_not_heard(world: World, carrier: Carrier, route: str) -> None:
    args = ["6f1d2f5e-0000-4000-8000-000000000000", "t"] if route == "sms-status" else []
    assert post(reverse(route, args=args), INBOUND, "forged") == 403
    assert Client().get(reverse(route, args=args)).status_code == 405
    assert not Reply.objects.exists()


def test_a_receipt_finds_its_message_by_the_address_it_was_given(world: World, carrier: Carrier) -> None:
    world.text_alert()
    plan(now=NOON)
    (claimed,) = outbox.claim(now=NOON).texts
    path = claimed.text.callback.removeprefix(settings.PUBLIC_BASE_URL)
    assert post(path, {"MessageSid": "SM1", "MessageStatus": "delivered"}) == 204
    assert Message.objects.get().state == "delivered"


def test_unknown_receipts_and_huge_bodies(world: World, carrier: Carrier) -> None:
    url = reverse("sms-status", args=["6f1d2f5e-0000-4000-8000-000000000000", "t"])
    assert post(url, {"MessageSid": "SM1", "MessageStatus": "sent"}) == 204
    assert post(reverse("sms-inbound"), INBOUND | {"Body": "x" * 70_000}) == 413


def test_signatures_are_those_of_the_official_library() -> None:
    from twilio.request_validator import RequestValidator

    url = f"{settings.PUBLIC_BASE_URL}/webhooks/twilio/inbound/"
    good = RequestValidator(settings.TWILIO_AUTH_TOKEN).compute_signature(url, INBOUND)
    assert Twilio().genuine(url, INBOUND, good)
    assert not Twilio().genuine(url, INBOUND | {"Body": "START"}, good)
    assert not Twilio().genuine(url, INBOUND, "")
