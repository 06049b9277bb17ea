"""The demo's clock: every virtual day is one tick, in the order of a real one, from the first referral until today."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from notifications.models import Message, MessageState
from notifications.send import send_due
from notifications.tick import tick
from pathways import rollouts
from pathways.ingest import intake
from pathways.models import Feed
from patients.models import User

from .course import Course
from .exchange import Exchange, in_process, over_http
from .messages import Delivery
from .staff import Staff

TICK_HOUR = 18  # UTC: early afternoon at both hospitals, when people may be texted
HTTP_DAYS = 14
ANSWERS = ("Thank you", "OK", "I will be there", "Gracias", "Can I come at 3 instead?", "What time was it again?", "STOP", "Who is this?")
ANSWER_RATE = 0.12


class Ran(msgspec.Struct):
    """What the run did: days, messages in, candidates taken, alerts, texts out, receipts back."""

    days: int = 0
    received: int = 0
    quarantined: int = 0
    candidates: int = 0
    alerts: int = 0
    texts: int = 0
    receipts: int = 0
    items_worked: int = 0


def ticks(today: datetime, days: int) -> list[datetime]:
    """One a day at the same hour, the last one `today`."""
    return [today - timedelta(days=back) for back in range(days, -1, -1)]


def last_tick(now: datetime) -> datetime:
    """The latest tick that is not in the future."""
    at = now.replace(hour=TICK_HOUR, minute=0, second=0, microsecond=0)
    return at if at <= now else at - timedelta(days=1)


class Run:
    """Feeds the deliveries of each day through the intake, then lets the product do what is due."""

    def __init__(self, *, courses: Sequence[Course], posts: Sequence[Delivery], navigators: dict[str, User], seed: int) -> None:
        self.staff = Staff(navigators, courses, seed)
        self.feeds = {feed.name: feed for feed in Feed.objects.select_related("site")}
        self.posts = posts
        self.at = 0
        self.dice = random.Random(f"answers {seed}")
        acts = [(step.at, course, step) for course in courses for step in course.steps if step.told == "act"]
        self.acts = sorted(acts, key=lambda act: act[0])
        self.acted = 0
        self.total = Ran()

    def day(self, now: datetime, exchange: Exchange) -> None:
        self._take_in(now)
        self.total.candidates += self.staff.accept_candidates(now)
        self._act(now)
        done = tick(now=now)
        self.total.alerts += done.rang.alerts
        rollouts.release_daily(now=now)
        self.total.items_worked += self.staff.work_queue(now)
        self._text(now, exchange)
        self.total.days += 1

    def _take_in(self, now: datetime) -> None:
        start = self.at
        while self.at < len(self.posts) and self.posts[self.at].at <= now:
            self.at += 1
        arrived = sorted(self.posts[start : self.at], key=lambda post: post.feed)
        for feed, posts in groupby(arrived, key=lambda post: post.feed):
            counts = intake.receive([post.body for post in posts], feed=self.feeds[feed], now=now)
            self.total.received += counts.received
            self.total.quarantined += counts.quarantined

    def _act(self, now: datetime) -> None:
        while self.acted < len(self.acts) and self.acts[self.acted][0] <= now:
            _at, course, step = self.acts[self.acted]
            self.staff.act(course, step, now)
            self.acted += 1

    def _text(self, now: datetime, exchange: Exchange) -> None:
        exchange.begin(now)
        sent = send_due(now=now, transport=exchange.transport)
        self.total.texts += sent.accepted
        if sent.accepted:
            for number in self._who_answers(now):
                exchange.reply(number, self.dice.choice(ANSWERS), now + timedelta(minutes=1))
            self.total.receipts += exchange.finish(now)

    def _who_answers(self, now: datetime) -> list[str]:
        texted = Message.objects.filter(claimed_at__gte=now, purpose="reminder", state=MessageState.SENT, phone__isnull=False)
        numbers = texted.order_by("pk").values_list("phone__e164", flat=True)
        return [number for number in numbers if self.dice.random() < ANSWER_RATE]


def play(run: Run, *, today: datetime, days: int, ledger: Path, console: Console) -> Ran:
    """All days, the last two weeks of texts over real HTTP."""
    calendar = ticks(today, days)
    split = max(len(calendar) - HTTP_DAYS, 0)
    with _progress(console, len(calendar)) as advance:
        for way, some in ((in_process, calendar[:split]), (over_http, calendar[split:])):
            with way(ledger) as exchange:
                for now in some:
                    run.day(now, exchange)
                    advance(now.date())
    return run.total


@contextmanager
def _progress(console: Console, total: int) -> Iterator[_Advance]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=not console.is_terminal) as progress:
        yield _Advance(progress, progress.add_task("living through the days", total=total))


class _Advance:
    def __init__(self, progress: Progress, task: object) -> None:
        self.progress, self.task = progress, task

    def __call__(self, day: date) -> None:
        self.progress.update(self.task, advance=1, description=f"{day:%d %b %Y}")  # type: ignore[arg-type]
