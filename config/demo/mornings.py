"""The first half of each day: a hospital's messages come in, its candidates are accepted, its staff file what they did.

The two hospitals share no patient, so each may live its mornings in a process of its own; the day goes on when both are done.
"""

from __future__ import annotations

import gc
import multiprocessing
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Protocol

import msgspec
from django.db import connections
from django.utils import timezone

from pathways.ingest import intake
from pathways.models import Feed
from pathways.writing.house import House
from patients.models import Site

from .course import Course
from .messages import Delivery
from .staff import Staff


class Tally(msgspec.Struct):
    """What happened: messages received and set aside, candidates settled, acts filed; seconds by part."""

    received: int = 0
    quarantined: int = 0
    candidates: int = 0
    acts: int = 0
    seconds: dict[str, float] = {}

    @contextmanager
    def clocked(self, part: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[part] = self.seconds.get(part, 0.0) + time.monotonic() - started


class Morning:
    """One hospital's. Time only moves forward: each call takes what has come since the last one."""

    def __init__(self, site: str, *, courses: Sequence[Course], posts: Sequence[Delivery], staff: Staff) -> None:
        self.staff = staff
        self.feed_name = f"{site}-engine"
        self.posts = [post for post in posts if post.feed == self.feed_name]
        acts = [(step.at, course, step) for course in courses if course.person.site == site for step in course.steps if step.told == "act"]
        self.acts = sorted(acts, key=lambda act: act[0])
        self.taken = self.acted = 0

    def live(self, now: datetime) -> Tally:
        tally = Tally(seconds={})
        with tally.clocked("messages in"):
            self._take_in(now, tally)
        with tally.clocked("candidates"):
            tally.candidates = self.staff.accept_candidates(now)
        with tally.clocked("acts of staff"):
            while self.acted < len(self.acts) and self.acts[self.acted][0] <= now:
                _at, course, step = self.acts[self.acted]
                tally.acts += self.staff.act(course, step, now)
                self.acted += 1
        return tally

    def _take_in(self, now: datetime, tally: Tally) -> None:
        start = self.taken
        while self.taken < len(self.posts) and self.posts[self.taken].at <= now:
            self.taken += 1
        if self.taken > start:
            feed = Feed.objects.select_related("site").get(name=self.feed_name)
            counts = intake.receive([post.body for post in self.posts[start : self.taken]], feed=feed, now=now)
            tally.received, tally.quarantined = counts.received, counts.quarantined


class Mornings(Protocol):
    def live(self, now: datetime) -> list[Tally]: ...


class InTurn:
    """One hospital after the other, in this process."""

    def __init__(self, mornings: Sequence[Morning]) -> None:
        self.mornings = mornings

    def live(self, now: datetime) -> list[Tally]:
        return [morning.live(now) for morning in self.mornings]


class SideBySide:
    """Each hospital in a process forked from this one, which ends when we do."""

    def __init__(self, mornings: Sequence[Morning]) -> None:
        _make_ready()
        connections.close_all()
        fork = multiprocessing.get_context("fork")
        self.lines: list[Connection] = []
        self.children = []
        for morning in mornings:
            ours, theirs = fork.Pipe()
            self.lines.append(ours)
            child = fork.Process(target=_serve, args=(morning, theirs, list(self.lines)), daemon=True)
            child.start()
            theirs.close()
            self.children.append(child)

    def live(self, now: datetime) -> list[Tally]:
        for line in self.lines:
            line.send(now)
        answers = [line.recv() for line in self.lines]
        for answer in answers:
            if isinstance(answer, str):
                raise RuntimeError(f"a hospital's morning failed:\n{answer}")
        return answers

    def close(self) -> None:
        for line in self.lines:
            line.close()
        for child in self.children:
            child.join(10)
            if child.is_alive():
                child.terminate()
                child.join()


def _make_ready() -> None:
    """Loads once what each process would load for itself, and leaves it out of every later search for garbage."""
    house = House.load(timezone.now())
    _ = house.published, house.knowledge
    for site in Site.objects.all():
        house.calendar(site.pk)
    gc.collect()
    gc.freeze()


def _serve(morning: Morning, line: Connection, parents: Sequence[Connection]) -> None:
    """The child: one answer per day asked for, until the line is cut. It lets go of the parent's ends, or none would ever seem cut."""
    for end in parents:
        end.close()
    try:
        while True:
            now = line.recv()
            try:
                line.send(morning.live(now))
            except Exception:
                line.send(traceback.format_exc())
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        pass
    finally:
        connections.close_all()


@contextmanager
def in_turn(mornings: Sequence[Morning]) -> Iterator[Mornings]:
    yield InTurn(mornings)


@contextmanager
def side_by_side(mornings: Sequence[Morning]) -> Iterator[Mornings]:
    both = SideBySide(mornings)
    try:
        yield both
    finally:
        both.close()
