"""Carries texts to handsets and callbacks to us while the simulator runs; the clock it goes by."""

from __future__ import annotations

import http.client
import threading
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlencode, urlsplit

from .handler import Callback, Provider
from .signature import sign

TRIES = 3
PAUSE = 0.1  # seconds
HANDS = 4
STALE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)  # the other side had closed a line that was kept


class Lines(threading.local):
    """One connection per hand and host, kept between receipts as a provider does; straight to us, through no proxy."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], http.client.HTTPConnection] = {}

    def take(self, to: SplitResult, timeout: float) -> tuple[http.client.HTTPConnection, bool]:
        """A line, and whether it was in use before."""
        if line := self.kept.pop((to.scheme, to.netloc), None):
            return line, True
        kind = http.client.HTTPSConnection if to.scheme == "https" else http.client.HTTPConnection
        return kind(to.netloc, timeout=timeout), False

    def keep(self, to: SplitResult, line: http.client.HTTPConnection) -> None:
        self.kept[to.scheme, to.netloc] = line


LINES = Lines()


class Clock:
    """The wall clock, unless a demonstration has set another time."""

    def __init__(self) -> None:
        self._fixed: datetime | None = None

    def now(self) -> datetime:
        return self._fixed or datetime.now(UTC)

    def set(self, fixed: datetime | None) -> None:
        self._fixed = fixed


def post(url: str, fields: dict[str, str], token: str, timeout: float = 10) -> int:
    """A signed form POST as Twilio makes it; the HTTP status, 0 when nobody answered."""
    to = urlsplit(url)
    if to.scheme not in ("http", "https"):
        return 0
    headers = {
        "X-Twilio-Signature": sign(token, url, fields), "User-Agent": "TwilioProxy/1.1", "Content-Type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    return _post(to, urlencode(fields).encode(), headers, timeout)


def _post(to: SplitResult, body: bytes, headers: dict[str, str], timeout: float) -> int:
    line, used = LINES.take(to, timeout)
    try:
        line.request("POST", f"{to.path or '/'}{'?' if to.query else ''}{to.query}", body, headers)
        answer = line.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as fault:
        line.close()
        return _post(to, body, headers, timeout) if used and isinstance(fault, STALE) else 0
    LINES.keep(to, line)
    return answer.status


class Courier(threading.Thread):
    """Several hands, one per text: the callbacks of one text leave in their order, and a slow one delays no other."""

    def __init__(self, provider: Provider, clock: Clock, token: str) -> None:
        super().__init__(daemon=True, name="courier")
        self.provider = provider
        self.clock = clock
        self.token = token
        self.stopping = threading.Event()
        self._tries: dict[int, int] = {}
        self._hands = ThreadPoolExecutor(HANDS, "courier")

    def run(self) -> None:
        while not self.stopping.is_set():
            if not self.round():
                self.stopping.wait(PAUSE)
        self._hands.shutdown(wait=False)

    def round(self) -> int:
        """Advance and post what is owed; how many callbacks were settled."""
        now = self.clock.now()
        self.provider.advance(now)
        owed: dict[str, list[Callback]] = defaultdict(list)
        for callback in self.provider.callbacks(now):
            owed[callback.fields.get("MessageSid", callback.url)].append(callback)
        if not owed:
            return 0
        return sum(self._hands.map(lambda callbacks: self._deliver_all(callbacks, now), owed.values()))

    def hurry(self, sid: str) -> None:
        """Before the caller has its answer the handset has the text, and we say so."""
        now = self.clock.now()
        self._deliver_all(self.provider.hurry(sid, now), now)

    def _deliver_all(self, callbacks: Iterable[Callback], now: datetime) -> int:
        return sum(self._deliver(callback, now) for callback in callbacks)

    def _deliver(self, callback: Callback, now: datetime) -> bool:
        answer = post(callback.url, callback.fields, self.token)
        tried = self._tries.pop(callback.n, 0) + 1
        if answer == 0 and tried < TRIES:
            self._tries[callback.n] = tried
            return False
        self.provider.settled(callback.n, now, answer)
        return True
