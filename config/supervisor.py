"""Runs the demo's processes side by side: their words with a name before each line, and no process left when it ends.

Every child is the head of a process group of its own, so Ctrl-C reaches this process only, which then stops the children in
order. Should this process be killed, the kernel sends its children SIGTERM (Linux).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

GRACE_SECONDS = 15
RESTART_SECONDS = (1, 2, 5, 10, 30)
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Child:
    """A program to keep running. With a vital one gone, everything stops; another is started again."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    vital: bool = False


def children(*, port: int, simulator_port: int, ledger: str) -> list[Child]:
    """The processes of a working site on this machine. What the environment says of Twilio and of our own address stands."""
    local = {"TWILIO_API_URL": f"http://127.0.0.1:{simulator_port}", "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}"}
    quiet = {"LOG_LEVEL": "WARNING", "PYTHONWARNINGS": "ignore:You're running the worker with superuser"}  # root is nobody special here
    here = {name: os.environ.get(name) or value for name, value in {**local, **quiet}.items()}
    python, celery = sys.executable, [sys.executable, "-m", "celery", "-A", "config", "--quiet"]
    inbound = f"{here['PUBLIC_BASE_URL']}/webhooks/twilio/inbound/"
    simulator = [python, "-m", "config.simulator", "--port", str(simulator_port), "--ledger", ledger, "--inbound-url", inbound]
    web = [
        python,
        "-m",
        "gunicorn",
        "config.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "2",
        "--threads",
        "4",
        "--no-control-socket",
    ]
    return [
        Child("simulator", simulator, here, vital=True),
        Child("web", [*web, "--log-level", "warning"], here, vital=True),
        Child("worker", [*celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"], here),
        Child("beat", [*celery, "beat", "--scheduler", "celery.beat:Scheduler", "--loglevel", "WARNING"], here),
    ]


def run(wanted: Sequence[Child], *, started: Callable[[], None] = lambda: None) -> int:
    """Keep `wanted` running until SIGTERM or Ctrl-C (0) or until a vital child ends (1). Main thread only."""
    return Supervisor(wanted).run(started)


class Supervisor:
    def __init__(self, wanted: Sequence[Child]) -> None:
        self.wanted = wanted
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.starts: dict[str, int] = {}
        self.again_at: dict[str, float] = {}
        self.rest: dict[str, bytes] = {}
        self.pipes = selectors.DefaultSelector()
        self.stopping = False

    def run(self, started: Callable[[], None]) -> int:
        former = {number: signal.signal(number, self.ask_to_stop) for number in (signal.SIGTERM, signal.SIGINT)}
        result = 0
        try:
            for child in self.wanted:
                self.start(child)
            started()
            while not self.stopping:
                self.read(0.2)
                if gone := self.look_after():
                    say(gone.name, "ended, and nothing works without it")
                    result = 1
                    break
        finally:
            self.stop()
            for number, handler in former.items():
                signal.signal(number, handler)
        return result

    def ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def start(self, child: Child) -> None:
        self.starts[child.name] = self.starts.get(child.name, 0) + 1
        process = subprocess.Popen(
            child.words,
            env={**os.environ, **child.environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent(),
        )
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        self.pipes.register(process.stdout, selectors.EVENT_READ, child.name)
        self.running[child.name] = process

    def read(self, seconds: float) -> None:
        """Print what the children said, whole lines with the child's name."""
        for key, _events in self.pipes.select(seconds) if self.pipes.get_map() else []:
            words = key.fileobj.read()  # type: ignore[union-attr]
            *lines, rest = (self.rest.pop(key.data, b"") + (words or b"")).split(b"\n")
            if words == b"":
                self.pipes.unregister(key.fileobj)
                lines.append(rest)
            else:
                self.rest[key.data] = rest
            for line in filter(None, lines):
                say(key.data, line.decode(errors="replace"))

    def look_after(self) -> Child | None:
        """Start again what ended; the vital child that ended, if one did."""
        now = time.monotonic()
        for child in self.wanted:
            process = self.running.get(child.name)
            if process is not None and process.poll() is not None:
                self.forget(child.name)
                if child.vital:
                    return child
                wait = RESTART_SECONDS[min(self.starts[child.name], len(RESTART_SECONDS)) - 1]
                say(child.name, f"ended with {process.returncode}, starts again in {wait} s")
                self.again_at[child.name] = now + wait
            elif process is None and now >= self.again_at.get(child.name, now):
                self.start(child)
        return None

    def forget(self, name: str) -> None:
        """Take leave of an ended child, and of what it may have left in its group."""
        process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.read(0)
        if process.stdout is not None:
            with contextlib.suppress(KeyError):
                self.pipes.unregister(process.stdout)
            process.stdout.close()

    def stop(self) -> None:
        """Ask all, the last started first; after the grace period insist."""
        for process in reversed(self.running.values()):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        end = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < end and any(process.poll() is None for process in self.running.values()):
            self.read(0.1)
        for name in list(self.running):
            self.forget(name)


def _die_with_parent() -> Callable[[], None] | None:
    """What the child does before it becomes its program: ask the kernel for SIGTERM when we die (elsewhere than Linux: nothing)."""
    if not sys.platform.startswith("linux"):
        return None
    library, parent = ctypes.CDLL(None), os.getpid()

    def ask() -> None:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # we died before the kernel was asked
            os._exit(1)

    return ask


def say(name: str, words: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody reads any more; the children still want looking after
        print(f"{name:>9} | {words}", flush=True)
