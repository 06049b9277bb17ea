"""The simulator over HTTP: Twilio's API under /2010-04-01/, the patients' phones at /, switches under /_."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlsplit

from . import phones
from .courier import Clock, Courier, post
from .handler import Provider
from .listing import list_messages
from .shapes import Refused

TOKEN = "simulator-token"  # noqa: S105 (opens nothing but this simulator)
LARGEST_BODY = 65_536


class Cut(Exception):
    """The connection ends without an answer."""


class Simulator(ThreadingHTTPServer):
    """`inbound_url` is where replies go, the webhook that an account sets on its number."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], provider: Provider, *, token: str = TOKEN, inbound_url: str = "") -> None:
        super().__init__(address, Handler)
        self.provider = provider
        self.token = token
        self.inbound_url = inbound_url
        self.clock = Clock()
        self.courier = Courier(provider, self.clock, token)

    def run(self) -> None:
        """Serve until `shutdown` is called from another thread."""
        self.courier.start()
        try:
            self.serve_forever(poll_interval=0.2)
        finally:
            self.courier.stopping.set()
            self.courier.join(timeout=5)
            self.server_close()

    def reply(self, number: str, body: str, sender: str | None) -> dict[str, str]:
        """A patient answers: book it and call the inbound webhook. The webhook's status comes back as `answer`."""
        extra = {"sender": sender} if sender else {}
        fields = self.provider.receive_reply(number, body, self.clock.now(), **extra)
        answer = post(self.inbound_url, fields, self.token) if self.inbound_url else 0
        return {**fields, "answer": str(answer)}


class Handler(BaseHTTPRequestHandler):
    server: Simulator
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60

    routes: ClassVar[list[tuple[str, str, str]]] = [
        ("POST", r"/2010-04-01/Accounts/(\w+)/Messages\.json", "create"),
        ("GET", r"/2010-04-01/Accounts/(\w+)/Messages\.json", "list"),
        ("GET", r"/2010-04-01/Accounts/(\w+)/Messages/(\w+)\.json", "fetch"),
        ("GET", r"/", "phones"),
        ("GET", r"/_phones/(\+\d{7,15})", "phone"),
        ("POST", r"/_phones/(\+\d{7,15})/reply", "reply"),
        ("POST", r"/_phones/(\+\d{7,15})/handset", "handset"),
        ("GET", r"/_faults", "faults"),
        ("POST", r"/_faults", "switch_faults"),
        ("POST", r"/_clock", "set_clock"),
        ("GET", r"/_state", "state"),
    ]

    def do_GET(self) -> None:
        self._dispatch("GET")

    def do_POST(self) -> None:
        self._dispatch("POST")

    def _dispatch(self, method: str) -> None:
        path, _, query = self.path.partition("?")
        self.query = _single(query)
        try:
            self.form = self._read_form()
            answer, groups = self._route(method, unquote(path))
            answer(*groups)
        except Refused as refused:
            self._json(refused.body(), refused.status)
        except Cut:
            self.close_connection = True
        except ValueError as wrong:
            self._json({"message": str(wrong)}, 400)

    def _route(self, method: str, path: str) -> tuple[Callable[..., None], tuple[str, ...]]:
        for verb, pattern, name in self.routes:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                if name in ("create", "list", "fetch"):
                    self._authenticate(found[1])
                elif method == "POST":
                    self._same_origin()
                return getattr(self, f"answer_{name}"), found.groups()
        raise Refused(20404)

    def _read_form(self) -> Mapping[str, str]:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            raise ValueError("body too large")
        body = self.rfile.read(length).decode(errors="replace")
        if "json" in self.headers.get("Content-Type", ""):
            return dict(json.loads(body))
        return _single(body)

    def _authenticate(self, account: str) -> None:
        """Basic auth of account and token, compared in constant time."""
        expected = base64.b64encode(f"{self.server.provider.account}:{self.server.token}".encode()).decode()
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        if not hmac.compare_digest(given.encode(), expected.encode()) or account != self.server.provider.account:
            raise Refused(20003)

    def _same_origin(self) -> None:
        """Another site's page must not answer texts for our patients."""
        origin = self.headers.get("Origin", "")
        if origin not in ("", "null") and urlsplit(origin).netloc != self.headers.get("Host"):
            raise Refused(20003)

    # Twilio's API

    def answer_create(self, _account: str) -> None:
        faults = self.server.provider.faults
        if faults.strikes("too_many"):
            raise Refused(20429)
        if faults.strikes("fail_before_accept"):
            raise Refused(20500)
        if faults.strikes("late_accept"):
            self._hang()
        resource = self.server.provider.create_message(self.form, self.server.clock.now())
        if faults.strikes("early_callback"):
            self.server.courier.hurry(resource["sid"])
        if faults.strikes("garbled"):
            resource = {"status": "queued"}
        if faults.strikes("drop_after_accept"):
            raise Cut
        if faults.strikes("fail_after_accept"):
            raise Refused(20500)
        if faults.strikes("hang"):
            self._hang()
        self._json(resource, 201)

    def _hang(self) -> None:
        """Silent for a while, unless the simulator is ended meanwhile."""
        self.server.courier.stopping.wait(self.server.provider.faults.hang_seconds)

    def answer_list(self, _account: str) -> None:
        self._json(list_messages(self.server.provider, self.query, self.server.clock.now()))

    def answer_fetch(self, _account: str, sid: str) -> None:
        self._json(self.server.provider.fetch_message(sid))

    # the patients' phones

    def answer_phones(self) -> None:
        self._html(phones.page(self.server.provider, search=self.query.get("q", "")))

    def answer_phone(self, number: str) -> None:
        self._html(phones.page(self.server.provider, number))

    def answer_reply(self, number: str) -> None:
        if not self.form.get("Body", "").strip():
            raise Refused(21602)
        fields = self.server.reply(number, self.form["Body"], self.form.get("To"))
        if "json" in self.headers.get("Accept", ""):
            self._json(fields, 201)
        else:
            self._see_other(f"/_phones/{quote(number)}")

    def answer_handset(self, number: str) -> None:
        code = self.form.get("error_code")
        self.server.provider.break_handset(number, int(code) if code else None)
        self._json({"number": number, "error_code": int(code) if code else None})

    # switches for demonstrations and tests

    def answer_faults(self) -> None:
        self._json(self.server.provider.faults.as_dict())

    def answer_switch_faults(self) -> None:
        self.server.provider.faults.switch(self.form)
        self.answer_faults()

    def answer_set_clock(self) -> None:
        now = self.form.get("now", "")
        self.server.clock.set(datetime.fromisoformat(now) if now else None)
        self._json({"now": self.server.clock.now().isoformat()})

    def answer_state(self) -> None:
        ledger, now = self.server.provider.ledger, self.server.clock.now()
        counts = {row["status"]: row["c"] for row in ledger.rows("SELECT status, count(*) AS c FROM message GROUP BY status")}
        owed = ledger.rows("SELECT count(*) AS c FROM callback WHERE done IS NULL AND due <= ?", (now.timestamp(),))[0]["c"]
        moving = ledger.rows("SELECT count(*) AS c FROM message WHERE next_at <= ?", (now.timestamp(),))[0]["c"]
        self._json({"now": now.isoformat(), "messages": counts, "moving": moving, "callbacks_owed": owed})

    # answers

    def _json(self, body: Mapping[str, Any], status: int = 200) -> None:
        self._answer(json.dumps(body).encode(), "application/json", status)

    def _html(self, text: str) -> None:
        self._answer(text.encode(), "text/html; charset=utf-8", 200)

    def _see_other(self, path: str) -> None:
        self.send_response(303)
        self.send_header("Location", path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, body: bytes, kind: str, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Twilio-Request-Id", f"RQ{id(self):032x}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, template: str, *args: Any) -> None:
        """Nothing: the ledger is the log, and a phone number has no place on stderr."""


def _single(encoded: str) -> dict[str, str]:
    """Form fields, the last of each name; a `+` that was not encoded is a space, as at Twilio."""
    return {name: values[-1] for name, values in parse_qs(encoded, keep_blank_values=True).items()}
