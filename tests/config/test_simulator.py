"""The simulator as our sender meets it: the real Twilio client over real HTTP on loopback."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from config.simulator.faults import from_environment
from config.simulator.handler import ACCOUNT, SENDER, Provider
from config.simulator.ledger import Ledger
from config.simulator.server import TOKEN, Simulator
from config.simulator.shapes import Refused, segments
from config.simulator.signature import sign

ANA = "+16175550101"
BEN = "+16175550102"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Local(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's own client, sent to loopback."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=5)
        self.base = base

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self.base), *args, **options)


class Ears(ThreadingHTTPServer):
    """Our side of the webhooks: keeps what it hears."""

    daemon_threads = True

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, str], str]] = []
        self.arrived = threading.Condition()
        super().__init__(("127.0.0.1", 0), _Ear)
        self.base = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def wait_for(self, count: int) -> list[tuple[str, dict[str, str], str]]:
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.heard) >= count, timeout=10)
        return self.heard


class _Ear(BaseHTTPRequestHandler):
    server: Ears

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True))
        with self.server.arrived:
            self.server.heard.append((self.path, form, self.headers["X-Twilio-Signature"]))
            self.server.arrived.notify_all()
        self.send_response(204)
        self.end_headers()

    def log_message(self, template: str, *args: Any) -> None: ...


@pytest.fixture
def ears() -> Iterator[Ears]:
    server = Ears()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def simulator(tmp_path: Path, ears: Ears) -> Iterator[Simulator]:
    server = Simulator(("127.0.0.1", 0), Provider(Ledger(tmp_path / "ledger.sqlite3")), inbound_url=f"{ears.base}/inbound")
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join(5)


@pytest.fixture
def base(simulator: Simulator) -> str:
    return f"http://127.0.0.1:{simulator.server_address[1]}"


@pytest.fixture
def client(base: str) -> Client:
    return Client(ACCOUNT, TOKEN, http_client=Local(base))


def post(url: str, fields: dict[str, str], **headers: str) -> Any:
    answer = requests.post(url, fields, headers={"Accept": "application/json", **headers}, timeout=5)
    answer.raise_for_status()
    return answer.json()


def provider(path: Path) -> Provider:
    return Provider(Ledger(path / "ledger.sqlite3"))


def text(to: str = ANA, body: str = "Please call us.", **more: str) -> dict[str, str]:
    return {"To": to, "From": SENDER, "Body": body, **more}


def test_a_text_is_taken_delivered_and_reported_with_signed_callbacks(client: Client, ears: Ears) -> None:
    url = f"{ears.base}/status?token=a%20b"
    sent = client.messages.create(to=ANA, from_=SENDER, body="Hola, José: llámenos", status_callback=url)
    assert (sent.status, sent.to, sent.direction, sent.num_segments) == ("queued", ANA, "outbound-api", "1")
    assert sent.date_created is not None and sent.date_created.tzinfo is not None

    heard = ears.wait_for(2)
    assert [form["MessageStatus"] for _path, form, _signature in heard] == ["sent", "delivered"]
    assert all(form["MessageSid"] == sent.sid for _path, form, _signature in heard)
    assert all(RequestValidator(TOKEN).validate(url, form, signature) for _path, form, signature in heard)
    assert not RequestValidator("another token").validate(url, heard[0][1], heard[0][2])
    assert client.messages(sent.sid).fetch().status == "delivered"


@pytest.mark.parametrize(
    ("to", "code", "status"),
    [
        ("+15005550001", 21211, 400),
        ("call me", 21211, 400),
        ("+15005550009", 21614, 400),
        ("+15005550004", 21610, 400),
        ("+15005550029", 20429, 429),
        ("+15005550050", 20500, 500),
    ],
)
def test_refusals_carry_twilios_codes(client: Client, to: str, code: int, status: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=to, from_=SENDER, body="Please call us.")
    assert (refused.value.code, refused.value.status) == (code, status)
    assert client.messages.list(to=to) == []


def test_a_wrong_token_and_an_unknown_sid(base: str, client: Client) -> None:
    stranger = Client(ACCOUNT, "wrong", http_client=Local(base))
    with pytest.raises(TwilioRestException) as refused:
        stranger.messages.create(to=ANA, from_=SENDER, body="Please call us.")
    assert (refused.value.code, refused.value.status) == (20003, 401)
    with pytest.raises(TwilioException, match="20003"):
        stranger.messages.list()
    with pytest.raises(TwilioRestException) as missing:
        client.messages("SM" + "0" * 32).fetch()
    assert missing.value.code == 20404


def test_the_list_filters_and_pages(client: Client, simulator: Simulator) -> None:
    for day in range(4):
        for n in range(3):
            simulator.provider.create_message(text(ANA if n else BEN, f"{day}.{n}"), NOON + timedelta(days=day, seconds=n))
    simulator.provider.advance(NOON + timedelta(days=5))

    assert [each.body for each in client.messages.list(to=BEN)] == ["3.0", "2.0", "1.0", "0.0"]
    assert [each.body for each in client.messages.list(to=ANA, page_size=3)] == [f"{day}.{n}" for day in (3, 2, 1, 0) for n in (2, 1)]
    assert len(client.messages.list(to=ANA, page_size=3, limit=5)) == 5
    since = client.messages.list(to=BEN, date_sent_after=NOON + timedelta(days=2))
    assert [each.body for each in since] == ["3.0", "2.0"]
    assert [each.body for each in client.messages.list(to=BEN, date_sent_before=NOON + timedelta(hours=23))] == ["0.0"]


def test_a_plus_that_was_not_encoded_finds_nothing(simulator: Simulator, base: str) -> None:
    """As at Twilio: an empty list is no proof that a text was never taken."""
    simulator.provider.create_message(text(), NOON)
    path = f"{base}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert requests.get(f"{path}?To={ANA}", auth=(ACCOUNT, TOKEN), timeout=5).json()["messages"] == []
    assert len(requests.get(path, {"To": ANA}, auth=(ACCOUNT, TOKEN), timeout=5).json()["messages"]) == 1


def test_stop_holds_at_the_provider_until_start(client: Client, base: str, ears: Ears) -> None:
    fields = post(f"{base}/_phones/%2B16175550101/reply", {"Body": "Stop."})
    path, form, signature = ears.wait_for(1)[0]
    assert (path, form["Body"], form["From"], fields["answer"]) == ("/inbound", "Stop.", ANA, "204")
    assert RequestValidator(TOKEN).validate(f"{ears.base}/inbound", form, signature)
    with pytest.raises(TwilioRestException) as stopped:
        client.messages.create(to=ANA, from_=SENDER, body="Please call us.")
    assert stopped.value.code == 21610
    assert client.messages.create(to=BEN, from_=SENDER, body="Please call us.").status == "queued"
    post(f"{base}/_phones/%2B16175550101/reply", {"Body": "START"})
    assert client.messages.create(to=ANA, from_=SENDER, body="Please call us.").status == "queued"


def test_a_text_may_be_taken_although_the_answer_says_otherwise(client: Client, simulator: Simulator, base: str) -> None:
    post(f"{base}/_faults", {"fail_after_accept": "1"})
    with pytest.raises(TwilioRestException) as failed:
        client.messages.create(to=ANA, from_=SENDER, body="once")
    assert failed.value.status == 500
    post(f"{base}/_faults", {"fail_after_accept": "0", "drop_after_accept": "1"})
    with pytest.raises(requests.ConnectionError):
        client.messages.create(to=ANA, from_=SENDER, body="twice")
    assert [each.body for each in client.messages.list(to=ANA)] == ["twice", "once"]
    post(f"{base}/_faults", {"drop_after_accept": "0", "fail_before_accept": "1"})
    with pytest.raises(TwilioRestException):
        client.messages.create(to=BEN, from_=SENDER, body="never")
    assert client.messages.list(to=BEN) == []


def test_callbacks_may_come_twice_and_late(tmp_path: Path) -> None:
    here = provider(tmp_path)
    here.faults.switch({"duplicate_callback": 1, "late_callback": 1, "late_seconds": 60})
    here.create_message(text(StatusCallback="http://127.0.0.1/status"), NOON)
    assert here.advance(NOON + timedelta(seconds=10)) == 2
    assert here.callbacks(NOON + timedelta(seconds=10)) == []
    due = here.callbacks(NOON + timedelta(minutes=2))
    assert [each.fields["MessageStatus"] for each in due] == ["sent", "sent", "delivered", "delivered"]


@pytest.mark.parametrize("code", [30003, 30005, 30006, 30007, 30008])
def test_a_broken_handset_ends_undelivered(tmp_path: Path, code: int) -> None:
    here = provider(tmp_path)
    here.break_handset(ANA, code)
    sid = here.create_message(text(), NOON)["sid"]
    here.advance(NOON + timedelta(minutes=1))
    assert (here.fetch_message(sid)["status"], here.fetch_message(sid)["error_code"]) == ("undelivered", code)
    with pytest.raises(ValueError, match="no carrier error"):
        here.break_handset(ANA, 21211)


def test_a_handset_that_stays_off_lets_the_validity_period_end(tmp_path: Path) -> None:
    here = provider(tmp_path)
    sid = here.create_message(text("+15005550136", ValidityPeriod="3600"), NOON)["sid"]
    here.advance(NOON + timedelta(minutes=59))
    assert here.fetch_message(sid)["status"] == "sent"
    here.advance(NOON + timedelta(minutes=61))
    assert (here.fetch_message(sid)["status"], here.fetch_message(sid)["error_code"]) == ("undelivered", 30036)


def test_the_phones_page_escapes_and_answers_without_script(base: str, simulator: Simulator, ears: Ears) -> None:
    simulator.provider.create_message(text(body="<script>alert(1)</script>"), NOON)
    phone = f"{base}/_phones/%2B16175550101"
    page = requests.get(phone, timeout=5)
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "I can come 👍" in requests.post(f"{phone}/reply", {"Body": "I can come 👍"}, timeout=5).text
    assert ears.wait_for(1)[0][1]["Body"] == "I can come 👍"


def test_another_sites_page_cannot_answer_for_a_patient(base: str) -> None:
    with pytest.raises(requests.HTTPError):
        post(f"{base}/_phones/%2B16175550101/reply", {"Body": "yes"}, Origin="http://elsewhere.example")


@pytest.mark.processes
def test_the_ledger_outlives_a_killed_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "config.simulator", "--port", "0", "--ledger", str(tmp_path / "ledger.sqlite3")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        base = process.stderr.readline().split()[-1].rstrip("/")
        sid = Client(ACCOUNT, TOKEN, http_client=Local(base)).messages.create(to=ANA, from_=SENDER, body="Please call us.").sid
        process.kill()
    assert provider(tmp_path).fetch_message(str(sid))["body"] == "Please call us."


@pytest.mark.processes
def test_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "config.simulator", "--port", "0", "--ledger", str(tmp_path / "ledger.sqlite3")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.terminate()
        assert process.wait(10) == 0


def test_signatures_agree_with_twilios_own() -> None:
    fields = {"To": SENDER, "Body": "ñ & ü", "Empty": ""}
    assert sign("secret", "https://host/path?x=1", fields) == RequestValidator("secret").compute_signature("https://host/path?x=1", fields)


def test_segments() -> None:
    assert [segments(body) for body in ("a" * 160, "a" * 161, "á" * 70, "á" * 71, "€" * 80, "€" * 81)] == [1, 2, 1, 2, 1, 2]


def test_refusals_in_process(tmp_path: Path) -> None:
    here = provider(tmp_path)
    for params, code in (({"Body": "x", "From": SENDER}, 21604), ({"To": ANA, "Body": "x"}, 21603), (text(body=""), 21602)):
        with pytest.raises(Refused) as refused:
            here.create_message(params, NOON)
        assert refused.value.code == code
    with pytest.raises(Refused):
        here.create_message(text(body="x" * 1601), NOON)


def test_faults_from_the_environment() -> None:
    assert from_environment({"SIMULATOR_FAIL_AFTER_ACCEPT": "0.25", "PATH": "/bin"}).fail_after_accept == 0.25
    with pytest.raises(ValueError, match="no such fault"):
        from_environment({}).switch({"typo": 1})
