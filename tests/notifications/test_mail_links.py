"""The secure page behind the link of an e-mail: the rules of a text's link, and what it stops is e-mail."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from notifications import links
from notifications.models import AnswerLink, Message, WorkItem
from pathways import journeys
from patients.models import Mailbox, Patient, Person, Phone
from tests.notifications.test_channels import due, reads_mail, told
from tests.notifications.test_emailing import Server, send
from tests.notifications.test_links import opened, say
from tests.notifications.world import DAY, NOON, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(journeys, "record", lambda **call: calls.append(call["body"]))
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    return calls


@pytest.fixture
def world() -> World:
    return World()


def written_to(ana: Patient, n: int = 0) -> str:
    """What Ana, who reads mail and has no number, got by this."""
    server = Server()
    send(server, n * DAY)
    return str(server.taken[0].body) if server.taken else ""


@pytest.fixture
def ana(world: World) -> Patient:
    ana = world.patient(phone=False)
    reads_mail(ana)
    due(world, ana, "email", "letter")
    return ana


@pytest.fixture
def address(heard: list[dict[str, Any]], ana: Patient) -> str:
    found = re.search(r"/a/[\w-]{22}", body := written_to(ana))
    assert found, body
    return found.group()


def test_the_token_leaves_with_the_email_and_is_kept_nowhere(address: str) -> None:
    token, message = address.removeprefix("/a/"), Message.objects.get()
    assert token not in message.body and links.MASK in message.body
    assert AnswerLink.objects.get().message == message


def test_who_cannot_prove_who_they_are_gets_no_link(heard: list[dict[str, Any]], ana: Patient) -> None:
    Person.objects.update(birth_lo=date(1959, 1, 1))
    body = written_to(ana)
    assert body and "/a/" not in body and "birth date" not in body


def test_the_answer_is_a_fact_and_one_item_of_the_address(address: str, heard: list[dict[str, Any]], client: Client) -> None:
    assert "You got an e-mail from" in client.post(address, {"month": "1", "day": "1", "year": "1960"}).content.decode()
    say(client, address, "call")
    say(client, address, "cost")
    item = WorkItem.objects.get()
    assert (item.cause_kind, item.cause_key) == ("mail_answer", str(Mailbox.objects.get().pk))
    assert [body["topic"] for body in heard] == ["call", "cost"]
    assert not Phone.objects.exists()


def test_what_changed_lets_reminders_rest_until_somebody_asked(world: World, ana: Patient, address: str, client: Client) -> None:
    say(client, address, "started")
    assert WorkItem.objects.get().problem == "verify"
    due(world, ana, "email", n=1)
    assert written_to(ana, 2) == ""
    assert told()[-1] == ("email", "pending", "reply to be verified")


def test_stop_there_stops_emails_and_no_texts(address: str, client: Client) -> None:
    assert "no more e-mails" in say(client, address, "stop")
    assert Mailbox.objects.get().stopped_at == NOON


def test_wrong_dates_lock_it_as_a_texts_link(address: str, client: Client) -> None:
    codes = [client.post(address, {"month": "2", "day": "3", "year": "1961"}).status_code for _ in range(6)]
    assert codes == [422] * 4 + [410] * 2
    assert WorkItem.objects.get().problem == "link-locked"
    assert client.post(address, {"month": "1", "day": "1", "year": "1960"}).status_code == 410


def test_it_ends_after_a_week(address: str, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(client, address)
    monkeypatch.setattr(timezone, "now", lambda: NOON + 8 * DAY)
    assert client.post(address, {"month": "1", "day": "1", "year": "1960"}).status_code == 410
