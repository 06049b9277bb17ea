"""Sending what is due: claim a few, hand each over once, record what was said."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from notifications import endings, epoch, halts, outbox, transports
from notifications.codes import Fate
from notifications.outbox import Claimed
from notifications.transports.base import Accepted, Transport

LEASE = timedelta(minutes=2)
GUARD_SECONDS = 25.0  # since before the claim; with the client's ten seconds nothing is on its way 35 seconds after it
TOGETHER_SECONDS = 0.25  # what is accepted so soon after one another is written down together; a death leaves that much in doubt
ANOTHER_DAY = timedelta(hours=1)
LONGEST_RUN_SECONDS = 60.0  # well within a task's time limit; the next wake-up goes on


def boot_time() -> float:
    """Seconds that go on while the machine sleeps; Python's `monotonic` stands still then."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Sent(msgspec.Struct, frozen=True):
    """Rows judged, texts accepted, texts not accepted (refused, put off or in doubt), texts given back unsent."""

    judged: int = 0
    accepted: int = 0
    not_accepted: int = 0
    given_back: int = 0

    def plus(self, other: Sent) -> Sent:
        return Sent(*(mine + theirs for mine, theirs in zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)))


def send_due(
    *,
    now: datetime,
    transport: Transport | None = None,
    batch: int = outbox.BATCH,
    seconds: float = LONGEST_RUN_SECONDS,
    stopwatch: Callable[[], float] = boot_time,
) -> Sent:
    """Sends until nothing is due, the time is up, or the provider refuses our account. Safe in any number of processes.

    While everything is halted nothing goes; when it is time to try again one text does, and its success ends the halt.

    The stopwatch of a batch starts *before* its claim: a process that was frozen meanwhile (a paused machine, swap) finds that it
    is late and gives its texts back instead of posting what somebody may have looked up already.
    """
    way, begun, total = transport or transports.current(), stopwatch(), Sent()
    if not epoch.is_ours(now=now):
        return total
    while (elapsed := stopwatch() - begun) < seconds:
        started, at = stopwatch(), now + timedelta(seconds=elapsed)
        halt = halts.of_everything()
        if halt is not None and (halt.again_at is None or at < halt.again_at):
            break
        claim = outbox.claim(now=at, batch=1 if halt else batch)
        if not claim.judged:
            break
        run = _Run(way, now, begun, started, stopwatch, trying=halt is not None)
        try:
            for claimed in claim.texts:
                run.hand_over(claimed)
        finally:  # a task that is told to end writes down what it did
            run.write_down()
        total = total.plus(Sent(claim.judged, run.accepted, run.not_accepted, run.given_back))
        if run.paused:
            break
    return total


class _Run:
    """One batch on its way."""

    def __init__(
        self, way: Transport, now: datetime, begun: float, started: float, stopwatch: Callable[[], float], *, trying: bool = False
    ) -> None:
        self.trying = trying  # whether one text may show that a halt is over
        self.way, self.now, self.begun, self.started, self.stopwatch = way, now, begun, started, stopwatch
        self.accepted = self.not_accepted = self.given_back = 0
        self.paused = False
        self.taken: list[tuple[Claimed, str]] = []  # accepted, not yet written down
        self.written = started

    def hand_over(self, claimed: Claimed) -> None:
        if self.paused or self.stopwatch() - self.started > GUARD_SECONDS:
            outbox.abandon(claimed=claimed, now=self._moment())
            self.given_back += 1
            return
        way = transports.training() if claimed.training else self.way
        if way is None or not way.may_reach(claimed.text.to):
            reason = "no simulator for training" if way is None else "real numbers only in production"
            outbox.postpone(claimed=claimed, reason=reason, until=self._moment() + ANOTHER_DAY)
            self.given_back += 1
            return
        answer = way.send(claimed.text)
        if isinstance(answer, Accepted):
            self.taken.append((claimed, answer.sid))
            self.accepted += 1
            self._it_works(claimed)
        else:
            rule = endings.record(claimed=claimed, answer=answer, now=self._moment())
            self.paused = rule is not None and rule.fate is Fate.PAUSE
            self.not_accepted += 1
        if self.stopwatch() - self.written > TOGETHER_SECONDS:
            self.write_down()

    def write_down(self) -> None:
        """What was accepted since the last time, in one transaction."""
        if self.taken:
            endings.record_accepted(self.taken, now=self._moment())
        self.taken, self.written = [], self.stopwatch()

    def _it_works(self, claimed: Claimed) -> None:
        if self.trying and not claimed.training:
            endings.all_clear(halts.PROVIDER, now=self._moment())
            self.trying = False

    def _moment(self) -> datetime:
        return self.now + timedelta(seconds=self.stopwatch() - self.begun)
