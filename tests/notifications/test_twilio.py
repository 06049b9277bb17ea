"""The official client against the local simulator, over real HTTP: each way a send can end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from config.simulator.handler import ACCOUNT, SENDER, Provider
from config.simulator.ledger import Ledger
from config.simulator.server import TOKEN, Simulator
from notifications.transports.base import Accepted, Declined, Text, Unclear
from notifications.transports.twilio import Twilio

ANA = "+16175550101"


@pytest.fixture
def simulator(tmp_path: Path, settings: Settings) -> Iterator[Simulator]:
    server = Simulator(("127.0.0.1", 0), Provider(Ledger(tmp_path / "ledger.sqlite3")))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.TWILIO_API_URL = f"http://127.0.0.1:{server.server_address[1]}"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM_NUMBER = ACCOUNT, TOKEN, SENDER
    settings.TWILIO_TIMEOUT_SECONDS = 2.0
    yield server
    server.shutdown()
    server.server_close()


def text(to: str = ANA) -> Text:
    return Text(to, "This is Riverside Care.", "http://127.0.0.1:9/status/", 600)


def test_a_text_is_accepted_and_listed(simulator: Simulator) -> None:
    way = Twilio()
    answer = way.send(text())
    assert isinstance(answer, Accepted)
    listed = way.listed(datetime.now(UTC) - timedelta(hours=1))
    assert listed is not None
    assert [(seen.sid, seen.to, seen.body) for seen in listed] == [(answer.sid, ANA, text().body)]


@pytest.mark.parametrize(("number", "code"), [("+15005550001", 21211), ("+15005550004", 21610), ("+15005550029", 20429)])
def test_refusals_carry_their_code(simulator: Simulator, number: str, code: int) -> None:
    answer = Twilio().send(text(number))
    assert isinstance(answer, Declined)
    assert answer.code == code


def test_an_error_after_the_text_was_taken_is_not_tried_again(simulator: Simulator) -> None:
    way = Twilio()
    simulator.provider.faults.switch({"fail_after_accept": 1.0})
    assert isinstance(way.send(text()), Declined | Unclear)
    simulator.provider.faults.switch({"fail_after_accept": 0.0, "drop_after_accept": 1.0})
    assert isinstance(way.send(text()), Unclear)
    listed = way.listed(datetime.now(UTC) - timedelta(hours=1))
    assert listed is not None
    assert len(listed) == 2


def test_nobody_at_home(settings: Settings) -> None:
    settings.TWILIO_API_URL = "http://127.0.0.1:9"
    assert isinstance(Twilio().send(text()), Unclear)
    assert Twilio().listed(datetime.now(UTC)) is None
