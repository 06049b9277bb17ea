"""Sending what is due: claim a few, hand each over once, record what was said."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from django.conf import settings

from notifications import endings, epoch, halts, outbox, pacing, transports
from notifications.codes import Fate, policy
from notifications.models import Channel
from notifications.outbox import Claimed
from notifications.posting import Posts
from notifications.transports.base import Accepted, Answer, Declined, Transport, Unclear

LEASE = timedelta(minutes=2)
GUARD_SECONDS = 25.0  # since before the claim; with the client's ten seconds nothing is on its way 35 seconds after it
TOGETHER_SECONDS = 0.25  # what is accepted so soon after one another is written down together; a death leaves that much in doubt
LOOK_SECONDS = 1.0  # between two looks whether somebody stopped everything: of a batch in hand nothing more is posted then
ANOTHER_DAY = timedelta(hours=1)
LONGEST_RUN_SECONDS = 60.0  # well within a task's time limit
BETWEEN_WAKE_UPS = 9.0  # seconds; shorter than the pause between two of them: a backlog does not take all the hands that a worker has


def boot_time() -> float:
    """Seconds that go on while the machine sleeps; Python's `monotonic` stands still then."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Sent(msgspec.Struct):
    """Rows judged, texts accepted, texts not accepted (refused, put off or in doubt), texts given back unsent."""

    judged: int = 0
    accepted: int = 0
    not_accepted: int = 0
    given_back: int = 0


class Held(msgspec.Struct, frozen=True):
    """Not handed over: given back as it was, or (with a reason) put off."""

    reason: str = ""


class Ready(msgspec.Struct, frozen=True):
    """A claimed text and when, by the stopwatch, its claim was begun."""

    claimed: Claimed
    started: float


def get_ready() -> None:
    """Loads what a first text needs (routes, words, the provider's client), without a database: once for all hands of a worker, and not
    under the locks of a claim, by a process that has just replaced a killed one and whose stopwatch is running."""
    outbox.get_ready()
    transports.current()


def send_due(
    *,
    now: datetime,
    transport: Transport | None = None,
    batch: int = outbox.BATCH,
    seconds: float = LONGEST_RUN_SECONDS,
    stopwatch: Callable[[], float] = boot_time,
    at_once: int | None = None,
) -> Sent:
    """Sends until nothing is due, the time is up, or the provider refuses our account. Safe in any number of processes.

    While everything is halted nothing goes; when it is time to try again one text does, and its success ends the halt.

    The stopwatch of a batch starts *before* its claim: a process that was frozen meanwhile (a paused machine, swap) finds that it
    is late and gives its texts back instead of posting what somebody may have looked up already.

    `at_once` texts are on their way at the same time, so that one which the provider is slow about holds up no other.
    """
    way, begun = transport or transports.current(), stopwatch()
    if not outbox.waits(Channel.SMS, now=now) or not epoch.is_ours(now=now):
        return Sent()
    run = _Run(way, now, begun, stopwatch, at_once or settings.SMS_AT_ONCE)
    try:
        run.send(batch, seconds)
    finally:  # a task that is told to end writes down what it did
        run.end()
    return run.sent


class _Run:
    """What one process has in its hands: texts claimed, posts on their way, acceptances not yet written down."""

    def __init__(self, way: Transport, now: datetime, begun: float, stopwatch: Callable[[], float], at_once: int) -> None:
        self.way, self.now, self.begun, self.stopwatch = way, now, begun, stopwatch
        self.posts = Posts(self._post, at_once)
        self.claimed: deque[Ready] = deque()
        self.taken: list[tuple[Claimed, str]] = []
        self.written = self.looked = begun
        self.sent = Sent()
        self.trial: int | None = None  # the text that is to show whether a halt is over
        self.over = self.paused = False  # nothing more is claimed; nothing more is posted

    def send(self, batch: int, seconds: float) -> None:
        while not self.over or self.claimed or self.posts.running:
            if not self.over and not self.claimed and not (self.trial and self.posts.running):
                self._claim(batch, seconds)
            while self.claimed and self.posts.has_room:
                self._look()
                self.posts.begin(self.claimed.popleft())
            if self.posts.running:
                self._note_ended()

    def end(self) -> None:
        """Whatever ended the run: what was not posted is given back, what is on its way is waited for."""
        self.over = self.paused = True
        try:
            self.send(0, 0)
        finally:
            self.posts.close()
            self._write_down()

    def _claim(self, batch: int, seconds: float) -> None:
        started = self.stopwatch()
        at, halt = self.now + timedelta(seconds=started - self.begun), halts.of_everything()
        if self.paused or started - self.begun >= seconds or (halt is not None and (halt.again_at is None or at < halt.again_at)):
            self.over = True
            return
        if per_minute := self.way.per_minute():
            batch = min(batch, pacing.room(now=at, per_minute=per_minute))
            if batch <= 0:  # the next wake-up goes on
                self.over = True
                return
        batch = 1 if halt else batch
        claim = outbox.claim(now=at, batch=batch)
        self.claimed.extend(Ready(claimed, started) for claimed in claim.texts)
        self.trial = claim.texts[0].id if halt and claim.texts else None
        self.looked = started
        self.sent.judged += claim.judged
        self.over = claim.judged < batch  # what is left is in other hands; the next wake-up looks again

    def _look(self) -> None:
        """Whether everything was stopped since the claim: a batch may lie here for long where the provider is slow."""
        if self.trial or self.paused or self.stopwatch() - self.looked < LOOK_SECONDS:
            return
        self.looked = self.stopwatch()
        if halts.of_everything() is not None:
            self.paused = self.over = True

    def _post(self, ready: Ready) -> Answer | Held:
        """In a thread of its own, and without the database. The last look at the stopwatch is here."""
        text, training = ready.claimed.text, ready.claimed.training
        way = transports.training() if training else self.way
        if way is None or not way.may_reach(text.to):
            return Held("no simulator for training" if way is None else "real numbers only in production")
        if self.paused or self.stopwatch() - ready.started > GUARD_SECONDS:
            return Held()
        try:
            answer = way.send(text)
        except Exception as fault:  # it may have gone out all the same
            return Unclear(type(fault).__name__)
        if isinstance(answer, Declined) and policy(answer.code, answer.status).fate is Fate.PAUSE:
            self.paused = self.over = True  # at once: others are about to go
        return answer

    def _note_ended(self) -> None:
        for ready, answer in self.posts.ended():
            self._note(ready.claimed, answer)
        if self.stopwatch() - self.written > TOGETHER_SECONDS:
            self._write_down()

    def _note(self, claimed: Claimed, answer: Answer | Held) -> None:
        now = self.now + timedelta(seconds=self.stopwatch() - self.begun)
        if isinstance(answer, Held):
            outbox.give_back(claimed=claimed, reason=answer.reason, not_before=now + ANOTHER_DAY if answer.reason else now)
            self.sent.given_back += 1
        elif isinstance(answer, Accepted):
            self.taken.append((claimed, answer.sid))
            self.sent.accepted += 1
            if claimed.id == self.trial and not claimed.training:
                endings.all_clear(halts.PROVIDER, now=now)
        else:
            endings.record(claimed=claimed, answer=answer, now=now)
            self.sent.not_accepted += 1

    def _write_down(self) -> None:
        """What was accepted since the last time, in one transaction."""
        taken, self.taken = self.taken, []
        self.written = self.stopwatch()
        if taken:
            endings.record_accepted(taken, now=self.now + timedelta(seconds=self.written - self.begun))
