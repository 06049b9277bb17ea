"""E. Nothing that names a patient leaves its place. Case 117, and the sweep of a whole morning with a patient made of marks."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import structlog
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client

from config import celery
from config.logs import SHARED, _scrub
from notifications.models import Message
from notifications.send import send_due
from patients import access
from patients.models import AccessLog, Patient, Role, Site, User
from tests.desk import Desk
from tests.notifications.carrier import Carrier
from tests.notifications.views.conftest import desk, signed_in
from tests.people import dara, north, nurse, phone_of

__all__ = ["dara", "desk", "north", "signed_in"]
pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
FAMILY, GIVEN, PHONE = "Zzcanaryfamily", "Zzcanarygiven", "+16175557391"
MARKS = (FAMILY.lower(), GIVEN.lower(), "6175557391", "1951-07-13")


def marks_in(text: str) -> set[str]:
    return {mark for mark in MARKS if mark in text.lower()}


def written(records: list[logging.LogRecord]) -> str:
    """The lines as the handler on stderr writes them."""
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
        foreign_pre_chain=SHARED,
    )
    return "\n".join(formatter.format(record) for record in records)


@pytest.fixture
def marked(desk: Desk, dara: User) -> Patient:
    """Every field of hers is a mark that can be searched for."""
    desk.go_live(dara)
    return desk.patient(FAMILY, GIVEN, date(1951, 7, 13), phone=PHONE)


def test_a_whole_morning_leaves_no_mark_outside_the_tables(
    signed_in: Enter,
    desk: Desk,
    marked: Patient,
    dara: User,
    north: Site,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Screens, searches, an emergency, refusals and a text; then logs, task arguments, metrics, mails, sessions and the access log's words."""
    caplog.set_level(logging.DEBUG)
    handed: list[str] = []
    monkeypatch.setattr(celery.app, "send_task", lambda *args, **more: handed.append(repr((args, more))))
    journey = desk.journey(marked, days=20, accountable=dara)
    item = desk.item(desk.wait(journey, "main.to_order", since=18, due=16), owner=dara)
    desk.texts(journey, phone_of(marked))
    client = signed_in(dara)
    for page in ("/queue/", f"/items/{item.uid}/", f"/journeys/{journey.uid}/", f"/patients/{marked.uid}/", "/nowhere/"):
        client.get(page)
    client.post("/patients/", {"text": f"{FAMILY}, {GIVEN}"})
    client.post("/patients/", {"text": PHONE})
    client.post(f"/items/{item.uid}/snooze/", {"until": FAMILY, "reason": GIVEN, "revision": "x"})
    stranger = signed_in(nurse("stranger", north, role=Role.PHARMACIST))
    stranger.post(
        "/patients/emergency/", {"family": FAMILY, "given": GIVEN, "born": "1951-07-13", "reason": "safety", "why": f"for {FAMILY} now"}
    )
    send_due(now=desk.now, transport=Carrier())
    outside = {
        "logs": written(caplog.records),
        "tasks": "\n".join(handed),
        "metrics": Client().get("/metrics").content.decode(),
        "mails": "\n".join(str(one.message()) for one in mail.outbox),
        "sessions": json.dumps([session.get_decoded() for session in Session.objects.all()]),
        "access log": json.dumps(list(AccessLog.objects.values_list("actor", "action", "what", "request_id"))),
        "reasons of messages": json.dumps(list(Message.objects.values_list("reason", "wording"))),
    }
    assert {place: marks_in(text) for place, text in outside.items() if marks_in(text)} == {}
    assert "request_finished" in outside["logs"], "there was something to search"


def test_case_117_an_error_names_nobody(
    signed_in: Enter, marked: Patient, dara: User, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours with a patient's row in the database's words: neither the page, nor the log, nor the report of it repeats them."""
    caplog.set_level(logging.DEBUG)

    def fails(*_args: object, **_more: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / (length(%s) - length(%s))", [FAMILY, FAMILY])

    def duplicate(*_args: object, **_more: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE marks (name text PRIMARY KEY)")
            cursor.execute("INSERT INTO marks VALUES (%s), (%s)", [FAMILY, FAMILY])

    client = signed_in(dara)
    client.raise_request_exception = False
    for fault in (fails, duplicate):
        monkeypatch.setattr(access, "saw", fault)
        answer = client.get(f"/patients/{marked.uid}/")
        assert answer.status_code == 500
        assert marks_in(answer.content.decode()) == set()
    lines = written(caplog.records)
    assert "DivisionByZero" in lines
    assert marks_in(lines) == set()
    report = {"exception": {"values": [{"type": "UniqueViolation", "value": f"duplicate key\nDETAIL: Key (name)=({FAMILY})"}]}}
    assert marks_in(json.dumps(_scrub(report, {}))) == set()


@pytest.mark.parametrize("sent", ["\0", "x" * 99_999], ids=["the sign NUL", "too long for its column"])
def test_a_value_that_no_column_takes_is_the_senders_fault(
    signed_in: Enter, marked: Patient, dara: User, monkeypatch: pytest.MonkeyPatch, sent: str
) -> None:
    def stores(*_args: object, **_more: object) -> None:
        Message.objects.create(wording=sent)

    client = signed_in(dara)
    client.raise_request_exception = False
    monkeypatch.setattr(access, "saw", stores)
    answer = client.get(f"/patients/{marked.uid}/")
    assert answer.status_code == 400


def test_forms_carry_names_by_post_alone(signed_in: Enter, marked: Patient, dara: User) -> None:
    """No form of ours that takes words sends them by GET."""
    client = signed_in(dara)
    for page in ("/patients/", "/queue/", f"/patients/{marked.uid}/", "/patients/emergency/"):
        html: Any = client.get(page).content.decode()
        for form in html.split("<form")[1:]:
            head, body = form.split(">", 1)
            if 'method="get"' in head.lower():
                assert 'type="text"' not in body.split("</form>")[0], (page, head)
