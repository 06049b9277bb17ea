"""The parts of a run that may be killed, frozen and started again; each a process group of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from config.embedded.place import CHECKOUT, Place
from config.embedded.postgres import Postgres
from config.embedded.valkey import Valkey

QUIET = "ignore:You're running the worker with superuser"  # root is nobody special on a machine for tests


class Part:
    """A program that is always started again."""

    def __init__(self, name: str, words: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name, self.words, self.environment, self.log = name, list(words), {**os.environ, "PYTHONWARNINGS": QUIET, **environment}, log
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = self._run(log)

    def _run(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", *self.words]
        return subprocess.Popen(
            words, cwd=CHECKOUT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )

    def kill(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def revive(self) -> bool:
        """As a supervisor does: a Celery worker whose every hand was killed at birth gives up and ends. Whether it had ended."""
        ended = self.process is not None and self.process.poll() is not None
        if ended:
            self.start()
        return ended

    def replace(self) -> None:
        self.kill()
        self.start()

    def kill_hands(self) -> None:
        """Only those that do the work, as the kernel does it when memory is short; the parent starts new ones."""
        assert self.process is not None
        with contextlib.suppress(FileNotFoundError):
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            for pid in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def celery(app: str, *words: str) -> list[str]:
    return ["celery", "-A", f"tests.chaos.{app}", "--quiet", *words, "--loglevel", "ERROR"]


def worker(app: str) -> list[str]:
    return celery(app, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle")


def beat(app: str, home: Path, number: int) -> list[str]:
    return celery("beats" if app == "hasty" else app, "beat", "--schedule", str(home / f"beat{number}"), "--pidfile", "")


def web(port: int) -> list[str]:
    return [
        "gunicorn",
        "config.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "1",
        "--threads",
        "4",
        "--log-level",
        "error",
        "--no-control-socket",
        "--preload",  # what is killed is forked again at once
    ]


def simulator(port: int, ledger: Path) -> list[str]:
    return ["config.simulator", "--port", str(port), "--ledger", str(ledger)]


def crash_postgres(place: Place) -> None:
    """As when the machine loses power, but for the disk: no process says goodbye, the log is replayed at the next start."""
    server = Postgres(place, durable=False)
    pid = server.pid()
    if pid is not None:
        os.kill(pid, signal.SIGQUIT)
    server.start()


def crash_valkey(place: Place) -> None:
    server = Valkey(place)
    with contextlib.suppress(Exception):
        os.kill(server.pid(), signal.SIGKILL)
    server.start()
