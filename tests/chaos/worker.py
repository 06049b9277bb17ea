"""Workers that can be killed at a chosen point: `python -m tests.chaos.worker` reads one order a line (JSON: duty, now, ledger, point), forks a worker
for each and answers how it ended. It never opens a database itself, so each worker is a process with a connection of its own; what is
loaded only once is Python.

A worker does its duty at the instant NOW through the very functions that the tasks call. Points are counted: before each SQL statement,
and before and after each text is handed to the provider. At the given point it kills itself with SIGKILL, as the kernel would:
no `finally`, no rollback, the connection just ends. Point 0 is never reached. The provider's ledger is a file that outlives us.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import django
from django.db import connection

django.setup()

from config.demo.exchange import InProcess  # noqa: E402
from notifications.reconcile import reconcile  # noqa: E402
from notifications.send import send_due  # noqa: E402
from notifications.tick import tick  # noqa: E402
from notifications.transports.base import Answer, Text  # noqa: E402


class Fuse:
    """Counts points, and burns at the chosen one."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.points = itertools.count(1)

    def step(self) -> None:
        if next(self.points) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        self.step()
        return execute(sql, params, many, context)


class Provider(InProcess):
    """The worst moments of all: just before the provider took a text, and just after, with nothing written of it here."""

    fuse: Fuse

    def send(self, text: Text) -> Answer:
        self.fuse.step()
        answer = super().send(text)
        self.fuse.step()
        return answer


def main(duty: str, now: datetime, ledger: Path, at: int) -> None:
    fuse = Fuse(at)
    provider = Provider(ledger)
    provider.fuse = fuse
    provider.begin(now)
    with connection.execute_wrapper(fuse.statement):
        if duty == "tick":
            tick(now=now)
        elif duty == "send":
            send_due(now=now, transport=provider.transport, batch=1)  # a death strands one text, so the next worker has some left
        else:
            reconcile(now=now, transport=provider.transport)


def born(order: dict[str, Any]) -> int:
    """One worker's life: 0, or minus the signal that ended it."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    ended = 1
    try:
        main(order["duty"], datetime.fromisoformat(order["now"]), Path(order["ledger"]), order["point"])
        ended = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(ended)


if __name__ == "__main__":
    for line in sys.stdin:
        print(born(json.loads(line)), flush=True)
