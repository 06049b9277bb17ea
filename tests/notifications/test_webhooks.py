"""The provider at our door: signed, repeated, forged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications import answers, outbox, transports
from notifications.models import Message, Reply, WorkItem
from notifications.plan import plan
from notifications.transports.twilio import Twilio
from pathways import journeys
from patients import codes
from patients.models import Phone, Site
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


def test_an_inbound_text_of_a_patient_is_heard_and_answered_well(world: World, carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who wrote is looked up by name and number, and the answer shows nobody: it is no read that needs its row in the log."""
    monkeypatch.setattr(journeys, "record_for_patient", lambda **_: None)
    world.text_alert()
    number = Phone.objects.get().e164
    assert post(reverse("sms-inbound"), INBOUND | {"From": number, "Body": "Is it at ten?"}) == 200
    assert Reply.objects.get().person is not None


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
    assert post(url, {"MessageSid": "SM1", "MessageStatus": "s" * 70_000}) == 413
    assert post(reverse("sms-inbound"), INBOUND | {"Body": "x" * 1_100_000}) == 413


def test_signs_that_the_database_cannot_keep_stop_no_text_at_the_door(world: World, carrier: Carrier) -> None:
    assert post(reverse("sms-inbound"), {"MessageSid": "SM\x005", "From": "\x00short", "To": "\x00", "Body": "STOP\x00"}) == 200
    reply = Reply.objects.get()
    assert (reply.provider_sid, reply.kind, reply.phone.e164) == ("SM5", "stop", "short")


@pytest.mark.parametrize("sender", ["12345", "MYCARRIER", "+", "+1"])
def test_who_writes_from_no_number_is_heard_by_a_person_and_not_answered(world: World, carrier: Carrier, sender: str) -> None:
    """Carriers write from short codes and under names."""
    assert post(reverse("sms-inbound"), INBOUND | {"From": sender, "Body": "HELP"}) == 200
    assert post(reverse("sms-inbound"), INBOUND | {"From": sender, "Body": "Call me", "MessageSid": "SM6"}) == 200
    assert Reply.objects.count() == 2
    assert not Message.objects.exists()
    assert WorkItem.objects.filter(cause_kind="reply").count() == 1
    assert "does not work" in answers.why_not(Reply.objects.latest("pk"), Phone.objects.get(), now=timezone.now())
    assert codes.readable(Reply.objects.earliest("pk").phone.e164) == sender


def test_signatures_are_those_of_the_official_library() -> None:
    from twilio.request_validator import RequestValidator

    url = f"{settings.PUBLIC_BASE_URL}/webhooks/twilio/inbound/"
    good = RequestValidator(settings.TWILIO_AUTH_TOKEN).compute_signature(url, INBOUND)
    assert Twilio().genuine(url, INBOUND, good)
    assert not Twilio().genuine(url, INBOUND | {"Body": "START"}, good)
    assert not Twilio().genuine(url, INBOUND, "")


@pytest.mark.parametrize("trains", [True, False])
def test_the_training_simulator_is_believed_about_training_sites_only(
    world: World, carrier: Carrier, monkeypatch: pytest.MonkeyPatch, trains: bool
) -> None:
    """Its token stands in the documentation: it may neither report on a real text nor speak for a real patient, STOP and START least of all."""
    school = Carrier()
    monkeypatch.setattr(school, "genuine", lambda url, fields, signature: signature == "school")
    monkeypatch.setattr(transports, "training", lambda: school)
    monkeypatch.setattr(journeys, "record_for_patient", lambda **_: None)
    Site.objects.update(is_training=trains)
    world.text_alert()
    plan(now=NOON)
    (claimed,) = outbox.claim(now=NOON).texts
    path, number = claimed.text.callback.removeprefix(settings.PUBLIC_BASE_URL), claimed.text.to
    told = [
        post(path, {"MessageSid": "SM1", "MessageStatus": "delivered"}, "school"),
        post(reverse("sms-inbound"), INBOUND | {"From": number}, "school"),
        post(reverse("sms-inbound"), INBOUND | {"From": "+16175550199"}, "school"),
    ]
    assert told == ([204, 200, 403] if trains else [403, 403, 403])
    assert Message.objects.get(uid=path.split("/")[-3]).state == ("delivered" if trains else "sending")
    assert Reply.objects.count() == trains
