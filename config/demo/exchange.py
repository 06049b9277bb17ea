"""Texts of the demo on their way: in process for the days long past, over real HTTP for the last ones; receipts and replies come back."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import requests
from django.conf import settings
from django.db import transaction
from django.urls import resolve

from config.simulator.handler import Provider
from config.simulator.ledger import Ledger
from config.simulator.shapes import Refused
from notifications import inbox, receipts, transports
from notifications.transports.base import Accepted, Answer, Declined, Seen, Text, Transport

UNTIL_DELIVERED = timedelta(minutes=2)
PATIENCE = 30.0  # seconds for the last callback of a day


class Exchange(Protocol):
    """A way to send, and the way back."""

    transport: Transport

    def begin(self, now: datetime) -> None: ...

    def finish(self, now: datetime) -> int:
        """Carries what was sent to its handsets and takes in the receipts; how many."""
        ...

    def reply(self, number: str, body: str, now: datetime) -> None: ...


class InProcess:
    """The simulator's handler called directly: a text is a function call."""

    def __init__(self, ledger: Path) -> None:
        self.ledger = Ledger(ledger)
        self.provider = Provider(self.ledger, account=settings.TWILIO_ACCOUNT_SID)
        self.transport: Transport = self
        self.now: datetime | None = None

    def begin(self, now: datetime) -> None:
        self.now = now

    def send(self, text: Text) -> Answer:
        assert self.now is not None
        params = {"To": text.to, "From": settings.TWILIO_FROM_NUMBER, "Body": text.body, "StatusCallback": text.callback}
        try:
            made = self.provider.create_message(params | {"ValidityPeriod": str(text.validity)}, self.now)
        except Refused as refused:
            return Declined(refused.code, refused.status)
        return Accepted(str(made["sid"]))

    def listed(self, since: datetime) -> list[Seen] | None:
        return None

    def heard(self, since: datetime) -> list[Seen] | None:
        return None

    def may_reach(self, number: str) -> bool:
        return True

    def per_minute(self) -> int:
        return 0

    def genuine(self, url: str, fields: Mapping[str, str], signature: str) -> bool:
        return False

    def finish(self, now: datetime) -> int:
        later = now + UNTIL_DELIVERED
        self.provider.advance(later)
        owed = self.provider.callbacks(later, limit=100_000)
        with self.ledger.together(), transaction.atomic():
            for callback in owed:
                if callback.fields["MessageStatus"] != "sent":  # of days long past only how it ended
                    take_receipt(callback.url, callback.fields, later)
                self.provider.settled(callback.n, later, 204)
        return len(owed)

    def reply(self, number: str, body: str, now: datetime) -> None:
        take_reply(self.provider.receive_reply(number, body, now, settings.TWILIO_FROM_NUMBER), now)

    def close(self) -> None:
        self.ledger.close()


def take_receipt(url: str, fields: Mapping[str, str], now: datetime) -> None:
    named = resolve(urlsplit(url).path).kwargs
    receipts.receive(
        uid=str(named["uid"]),
        token=named["token"],
        sid=fields["MessageSid"],
        status=fields["MessageStatus"],
        error_code=fields.get("ErrorCode", ""),
        now=now,
    )


def take_reply(fields: Mapping[str, str], now: datetime) -> None:
    inbox.receive(provider_sid=fields["MessageSid"], from_=fields["From"], to=fields["To"], body=fields["Body"], now=now)


class OverHttp:
    """The simulator as a process, Twilio's client, and a listener for the signed webhooks; only the clock is virtual."""

    def __init__(self, ledger: Path) -> None:
        self.heard: queue.Queue[tuple[str, dict[str, str], str]] = queue.Queue()
        self.listener = Listener(self.heard)
        self.ours = f"http://127.0.0.1:{self.listener.server_address[1]}"
        command = [
            sys.executable,
            "-m",
            "config.simulator",
            "--port",
            "0",
            "--ledger",
            str(ledger),
            "--inbound-url",
            f"{self.ours}/inbound",
        ]
        command += ["--account", settings.TWILIO_ACCOUNT_SID, "--token", settings.TWILIO_AUTH_TOKEN]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=settings.BASE_DIR)
        assert self.process.stderr is not None
        self.simulator = self.process.stderr.readline().split()[-1].rstrip("/")
        self.transport: Transport = transports.current()
        self.session = requests.Session()
        self.session.trust_env = False

    def begin(self, now: datetime) -> None:
        self._ask("POST", "_clock", {"now": now.isoformat()})

    def finish(self, now: datetime) -> int:
        later, taken = now + UNTIL_DELIVERED, 0
        self._ask("POST", "_clock", {"now": later.isoformat()})
        while self._owes() or not self.heard.empty():
            path, fields, signature = self.heard.get(timeout=PATIENCE)
            if not self.transport.genuine(self.ours + path, fields, signature):
                raise RuntimeError("a webhook of the simulator is not signed as Twilio signs")
            if path == "/inbound":
                take_reply(fields, later)
            else:
                take_receipt(path, fields, later)
            taken += 1
        return taken

    def _owes(self) -> bool:
        state = self._ask("GET", "_state")
        return bool(state["callbacks_owed"] or state["moving"])

    def reply(self, number: str, body: str, now: datetime) -> None:
        self._ask("POST", f"_phones/{number}/reply", {"Body": body, "To": settings.TWILIO_FROM_NUMBER})

    def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> Any:
        answer = self.session.request(
            method, f"{self.simulator}/{path}", data=form, headers={"Accept": "application/json"}, timeout=PATIENCE
        )
        answer.raise_for_status()
        return answer.json()

    def close(self) -> None:
        self.session.close()
        self.process.terminate()
        self.process.wait(10)
        if self.process.stderr is not None:
            self.process.stderr.close()
        self.listener.shutdown()
        self.listener.server_close()


class Listener(ThreadingHTTPServer):
    """Our side of the webhooks while the site is not up yet: takes them down, the tick works them off."""

    daemon_threads = True

    def __init__(self, heard: queue.Queue[tuple[str, dict[str, str], str]]) -> None:
        super().__init__(("127.0.0.1", 0), _Ear)
        self.heard = heard
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()


class _Ear(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True))
        self.server.heard.put((self.path, form, self.headers.get("X-Twilio-Signature", "")))
        self.send_response(204)
        self.end_headers()

    def log_message(self, template: str, *args: Any) -> None:
        """Nothing: numbers have no place on stderr."""


@contextmanager
def in_process(ledger: Path) -> Iterator[Exchange]:
    exchange = InProcess(ledger)
    try:
        yield exchange
    finally:
        exchange.close()


@contextmanager
def over_http(ledger: Path) -> Iterator[Exchange]:
    """Points the provider's client at our simulator and its receipts at our listener, for as long as this lasts."""
    exchange = OverHttp(ledger)
    former = settings.TWILIO_API_URL, settings.PUBLIC_BASE_URL
    settings.TWILIO_API_URL, settings.PUBLIC_BASE_URL = exchange.simulator, exchange.ours
    try:
        yield exchange
    finally:
        settings.TWILIO_API_URL, settings.PUBLIC_BASE_URL = former
        exchange.close()
