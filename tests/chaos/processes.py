"""The processes of a chaos run: what may be killed, frozen and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import requests
from django.core.wsgi import get_wsgi_application
from django.db import connections

from config.embedded.place import CHECKOUT

PATIENCE = 60.0


def until(what: Callable[[], Any], *, seconds: float = PATIENCE, pause: float = 0.02) -> Any:
    """Waits for the thing itself; None when it did not come in time."""
    end = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > end:
            return None
        time.sleep(pause)
    return found


class Worker:
    """A Celery worker with two hands, as the supervisor starts it."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.environment, self.log = {**os.environ, **environment}, log
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def start(self) -> None:
        if self.process is not None and self.process.poll() is None:
            return
        words = [sys.executable, "-m", "celery", "-A", "tests.chaos.hurried", "--quiet", "worker", "--concurrency", "2"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*words, "--without-gossip", "--without-mingle", "--loglevel", "WARNING"],
                cwd=CHECKOUT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """The whole machine goes: the parent and its hands, at once."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.kills += 1

    def kill_hands(self) -> None:
        """Only those that do the work go, as the kernel does it when memory is short; the parent starts new ones."""
        for pid in self.hands():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.kills += 1

    def hands(self) -> list[int]:
        assert self.process is not None
        try:
            return [int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]
        except FileNotFoundError:  # not Linux: no such list, the parent stands for all
            return [self.process.pid]


class Phones:
    """The simulator, a process with a ledger that outlives it."""

    def __init__(self, ledger: Path) -> None:
        self.ledger, self.port = ledger, 0
        self.session = requests.Session()
        self.session.trust_env = False
        self.process: subprocess.Popen[str]
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = [sys.executable, "-m", "config.simulator", "--port", str(self.port), "--ledger", str(self.ledger)]
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT, start_new_session=True)
        assert self.process.stderr is not None
        self.port = int(self.process.stderr.readline().rstrip().rstrip("/").rpartition(":")[2])

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def ask(self, method: str, path: str, form: Mapping[str, Any] | None = None) -> Any:
        answer = self.session.request(method, f"{self.address}/{path}", data=form, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()

    def faults(self, **rates: float) -> None:
        self.ask("POST", "_faults", rates)


class Site(ThreadingMixIn, WSGIServer):
    """Our own site, for the provider's receipts; a share of them never arrives."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, dice: Random, lost: float) -> None:
        super().__init__(("127.0.0.1", 0), Quiet)
        self.django, self.dice, self.lost = get_wsgi_application(), dice, lost
        self.set_app(self.answer)
        Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, environ: dict[str, Any], start: Any) -> Any:
        if self.dice.random() < self.lost:
            start("503 Service Unavailable", [("Content-Length", "0")])
            return [b""]
        return self.django(environ, start)

    def process_request_thread(self, *args: Any) -> None:
        super().process_request_thread(*args)
        connections.close_all()


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Nothing: addresses of receipts have no place on stderr."""


@contextmanager
def ended(*processes: Worker | Phones) -> Iterator[None]:
    """Whatever happens inside, none of them is left."""
    try:
        yield
    finally:
        for one in processes:
            with contextlib.suppress(ProcessLookupError):
                one.kill()
