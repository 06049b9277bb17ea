"""Sending what is due: claim a few, hand each over once, record what was said."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from notifications import outbox, transports
from notifications.codes import Fate
from notifications.outbox import Claimed
from notifications.transports.base import Accepted, Transport

LEASE = timedelta(minutes=2)
GUARD_SECONDS = LEASE.total_seconds() / 4
TRAINING_AGAIN = timedelta(hours=1)
LONGEST_RUN_SECONDS = 60.0  # well within a task's time limit; the next wake-up goes on


class Sent(msgspec.Struct, frozen=True):
    """Rows judged, texts accepted, texts not accepted (refused, put off or in doubt), texts given back unsent."""

    judged: int = 0
    accepted: int = 0
    not_accepted: int = 0
    given_back: int = 0


def send_due(
    *,
    now: datetime,
    transport: Transport | None = None,
    batch: int = outbox.BATCH,
    seconds: float = LONGEST_RUN_SECONDS,
    stopwatch: Callable[[], float] = time.monotonic,
) -> Sent:
    """Sends until nothing is due, the time is up, or the provider refuses our account. Safe in any number of processes.

    The stopwatch of a batch starts *before* its claim: a process that was frozen meanwhile (a paused machine, swap) finds that it
    is late and gives its texts back instead of posting what somebody may have looked up already.
    """
    way, begun, total = transport or transports.current(), stopwatch(), Sent()
    while (elapsed := stopwatch() - begun) < seconds:
        started = stopwatch()
        claim = outbox.claim(now=now + timedelta(seconds=elapsed), batch=batch)
        if not claim.judged:
            break
        run = _Run(way, now, begun, started, stopwatch)
        for claimed in claim.texts:
            run.hand_over(claimed)
        total = Sent(
            total.judged + claim.judged,
            total.accepted + run.accepted,
            total.not_accepted + run.not_accepted,
            total.given_back + run.given_back,
        )
        if run.paused:
            break
    return total


class _Run:
    """One batch on its way."""

    def __init__(self, way: Transport, now: datetime, begun: float, started: float, stopwatch: Callable[[], float]) -> None:
        self.way, self.now, self.begun, self.started, self.stopwatch = way, now, begun, started, stopwatch
        self.accepted = self.not_accepted = self.given_back = 0
        self.paused = False

    def hand_over(self, claimed: Claimed) -> None:
        if self.paused or self.stopwatch() - self.started > GUARD_SECONDS:
            outbox.abandon(claimed=claimed, now=self._moment())
            self.given_back += 1
            return
        way = transports.training() if claimed.training else self.way
        if way is None:
            outbox.postpone(claimed=claimed, reason="no simulator for training", until=self._moment() + TRAINING_AGAIN)
            self.given_back += 1
            return
        answer = way.send(claimed.text)
        rule = outbox.record(claimed=claimed, answer=answer, now=self._moment())
        self.paused = rule is not None and rule.fate is Fate.PAUSE
        if isinstance(answer, Accepted):
            self.accepted += 1
        else:
            self.not_accepted += 1

    def _moment(self) -> datetime:
        return self.now + timedelta(seconds=self.stopwatch() - self.begun)
