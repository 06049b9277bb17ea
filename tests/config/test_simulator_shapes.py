"""The simulator's answers against the shapes that Twilio publishes (twilio-oai, `spec/json/twilio_api_v2010.json`: schema
`api.v2010.account.message`, its list response, and the error body of twilio.com/docs/usage/twilios-response), written down here as data.
"""

from __future__ import annotations

import inspect
import re
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
from twilio.rest.api.v2010.account.message import MessageInstance

from config.simulator.handler import ACCOUNT, SENDER, Provider
from config.simulator.ledger import SCHEMA, Ledger
from config.simulator.server import TOKEN, Simulator
from config.simulator.shapes import FAULTS

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RFC2822 = "date-time-rfc-2822"

# Field: type, whether it may be null, pattern or format. All fields are always there.
MESSAGE: dict[str, tuple[type, bool, str]] = {
    "account_sid": (str, True, r"AC[0-9a-fA-F]{32}"),
    "api_version": (str, True, r"2010-04-01"),
    "body": (str, True, ""),
    "date_created": (str, True, RFC2822),
    "date_sent": (str, True, RFC2822),
    "date_updated": (str, True, RFC2822),
    "direction": (str, False, "inbound|outbound-api|outbound-call|outbound-reply"),
    "error_code": (int, True, ""),
    "error_message": (str, True, ""),
    "from": (str, True, r"\+\d{7,15}"),
    "messaging_service_sid": (str, True, r"MG[0-9a-fA-F]{32}"),
    "num_media": (str, True, r"\d+"),
    "num_segments": (str, True, r"\d+"),
    "price": (str, True, r"-?\d+\.\d+"),
    "price_unit": (str, True, r"[A-Z]{3}"),
    "sid": (str, True, r"(SM|MM)[0-9a-fA-F]{32}"),
    "status": (
        str,
        False,
        "queued|sending|sent|failed|delivered|undelivered|receiving|received|accepted|scheduled|read|partially_delivered|canceled",
    ),
    "subresource_uris": (dict, True, ""),
    "to": (str, True, r"\+\d{7,15}"),
    "uri": (str, True, r"/2010-04-01/Accounts/AC\w{32}/Messages/(SM|MM)\w{32}\.json"),
}
PAGE: dict[str, tuple[type, bool, str]] = {
    "end": (int, False, ""),
    "first_page_uri": (str, False, r"/2010-04-01/.*"),
    "messages": (list, False, ""),
    "next_page_uri": (str, True, r"/2010-04-01/.*"),
    "page": (int, False, ""),
    "page_size": (int, False, ""),
    "previous_page_uri": (str, True, r"/2010-04-01/.*"),
    "start": (int, False, ""),
    "uri": (str, False, r"/2010-04-01/.*"),
}
ERROR: dict[str, tuple[type, bool, str]] = {
    "code": (int, False, ""),
    "message": (str, False, r".+"),
    "more_info": (str, False, r"https://www\.twilio\.com/docs/errors/\d+"),
    "status": (int, False, ""),
}


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    server = Simulator(("127.0.0.1", 0), Provider(Ledger(tmp_path / "ledger.sqlite3")))
    server.clock.set(NOON)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def asked(simulator: Simulator, method: str, path: str, token: str = TOKEN, **form: str) -> requests.Response:
    url = f"http://127.0.0.1:{simulator.server_address[1]}/2010-04-01/Accounts/{ACCOUNT}/{path}"
    return requests.request(method, url, data=form or None, auth=(ACCOUNT, token), timeout=5)


def faults(body: Mapping[str, Any], shape: Mapping[str, tuple[type, bool, str]]) -> list[str]:
    """What is missing, too much, of another type, or not of its pattern."""
    wrong = [f"{name} is missing" for name in shape.keys() - body.keys()] + [f"{name} is no field" for name in body.keys() - shape.keys()]
    for name in shape.keys() & body.keys():
        kind, nullable, pattern = shape[name]
        value = body[name]
        if value is None:
            wrong += [] if nullable else [f"{name} is null"]
        elif type(value) is not kind:
            wrong.append(f"{name} is a {type(value).__name__}")
        elif pattern == RFC2822:
            wrong += [] if parsedate_to_datetime(str(value)).tzinfo else [f"{name} has no offset"]
        elif pattern and not re.fullmatch(pattern, str(value)):
            wrong.append(f"{name} is {value!r}")
    return wrong


def test_the_shape_has_the_fields_that_the_official_client_reads() -> None:
    """The client is generated from the same document: it names every field, and every value of the two enumerations."""
    read = set(re.findall(r"payload\.get\(\s*\"(\w+)\"", inspect.getsource(MessageInstance.__init__)))
    assert set(MESSAGE) == read
    for name, words in (("status", MessageInstance.Status), ("direction", MessageInstance.Direction)):
        assert set(MESSAGE[name][2].split("|")) == {value for key, value in vars(words).items() if key.isupper()}


def test_through_a_messaging_service_the_sender_is_chosen_later(simulator: Simulator) -> None:
    """Twilio answers *accepted*, with no sender and no segments yet (num_segments "will always be 0" says its reference); the receipts name both."""
    service = "MG" + "0" * 32
    made = asked(
        simulator,
        "POST",
        "Messages.json",
        To="+16175550101",
        MessagingServiceSid=service,
        Body="Hola",
        StatusCallback="http://127.0.0.1:9/",
    )
    said = made.json()
    assert faults(said, MESSAGE) == []
    assert (said["status"], said["from"], said["num_segments"], said["messaging_service_sid"]) == ("accepted", None, "0", service)
    simulator.provider.advance(NOON + timedelta(minutes=1))
    later = asked(simulator, "GET", f"Messages/{said['sid']}.json").json()
    assert faults(later, MESSAGE) == []
    assert (later["status"], later["from"], later["num_segments"]) == ("delivered", SENDER, "1")
    assert {one.fields["MessagingServiceSid"] for one in simulator.provider.callbacks(NOON + timedelta(minutes=1))} == {service}


def test_a_book_of_an_older_simulator_is_read(tmp_path: Path) -> None:
    """A demonstration keeps its book over an upgrade."""
    book = tmp_path / "ledger.sqlite3"
    with sqlite3.connect(book) as older:
        older.executescript(SCHEMA.replace(", service TEXT NOT NULL DEFAULT ''", ""))
    older.close()
    provider = Provider(Ledger(book))
    assert provider.create_message({"To": "+16175550101", "From": SENDER, "Body": "Hola"}, NOON)["messaging_service_sid"] is None


@pytest.mark.parametrize("to", ["+16175550101", "+15005550105", "+15005550136"])
def test_a_message_has_its_shape_from_first_to_last(simulator: Simulator, to: str) -> None:
    """Queued, sent, and delivered or undelivered with its code; as made, as fetched, as listed."""
    made = asked(simulator, "POST", "Messages.json", To=to, From=SENDER, Body="Hola, José")
    assert (made.status_code, made.headers["Content-Type"]) == (201, "application/json")
    seen = [made.json()]
    for hours in (0, 1, 12):
        simulator.provider.advance(NOON + timedelta(hours=hours, seconds=1))
        seen.append(asked(simulator, "GET", f"Messages/{seen[0]['sid']}.json").json())
    assert [faults(body, MESSAGE) for body in seen] == [[]] * 4
    assert len({body["status"] for body in seen}) > 2
    page = asked(simulator, "GET", "Messages.json?PageSize=1").json()
    assert (faults(page, PAGE), faults(page["messages"][0], MESSAGE)) == ([], [])


@pytest.mark.parametrize(
    ("to", "code"), [("+15005550001", 21211), ("+15005550009", 21614), ("+15005550029", 20429), ("+15005550050", 20500)]
)
def test_an_error_has_its_shape_and_its_status(simulator: Simulator, to: str, code: int) -> None:
    refused = asked(simulator, "POST", "Messages.json", To=to, From=SENDER, Body="Hola")
    body = refused.json()
    assert faults(body, ERROR) == []
    assert (body["code"], body["status"], refused.status_code) == (code, FAULTS[code].status, FAULTS[code].status)


def test_a_stranger_is_refused_in_the_same_shape(simulator: Simulator) -> None:
    refused = asked(simulator, "GET", "Messages.json", token="another")
    assert (refused.status_code, refused.json()["code"], faults(refused.json(), ERROR)) == (401, 20003, [])


def test_the_check_finds_what_is_wrong() -> None:
    good = {"code": 21211, "message": "No", "more_info": "https://www.twilio.com/docs/errors/21211", "status": 400}
    assert faults(good, ERROR) == []
    assert faults(good | {"code": "21211"}, ERROR) == ["code is a str"]
    assert faults(good | {"detail": ""}, ERROR) == ["detail is no field"]
    assert faults({name: good[name] for name in ("code", "message", "status")}, ERROR) == ["more_info is missing"]


FAULTY: list[tuple[dict[str, float], int]] = [
    ({"garbled": 1.0}, 1),
    ({"late_accept": 1.0, "hang_seconds": 0.0}, 1),
    ({"fail_before_accept": 1.0}, 0),
]


@pytest.mark.parametrize(("switched", "taken"), FAULTY)
def test_a_fault_takes_the_text_or_not(simulator: Simulator, switched: dict[str, float], taken: int) -> None:
    simulator.provider.faults.switch(switched)
    asked(simulator, "POST", "Messages.json", To="+16175550101", From=SENDER, Body="Hola")
    assert simulator.provider.ledger.rows("SELECT count(*) FROM message")[0][0] == taken


def test_a_list_may_lag_and_receipts_get_lost(simulator: Simulator) -> None:
    simulator.provider.faults.switch({"list_lag_seconds": 5, "lost_callback": 1})
    asked(simulator, "POST", "Messages.json", To="+16175550101", From=SENDER, Body="Hola", StatusCallback="http://127.0.0.1:9/")
    assert asked(simulator, "GET", "Messages.json").json()["messages"] == []
    simulator.clock.set(NOON + timedelta(seconds=6))
    assert len(asked(simulator, "GET", "Messages.json").json()["messages"]) == 1
    simulator.provider.advance(NOON + timedelta(minutes=1))
    assert simulator.provider.callbacks(NOON + timedelta(minutes=1)) == []
