"""The demo's clock: every virtual day is one tick, in the order of a real one, from the first referral until today."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
from django.conf import settings
from django.core.mail import get_connection
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from notifications import emailing, mail
from notifications.models import Message, MessageState
from notifications.send import send_due
from notifications.tick import tick
from pathways import review
from patients import consent
from patients.consent import Heard
from patients.models import ConsentKind, ContactPoint, User
from patients.permissions import GRANTED

from .course import Course
from .exchange import Exchange, in_process, over_http
from .messages import Delivery
from .mornings import Morning, Mornings, Tally, in_turn, side_by_side
from .people import agrees_to_email
from .staff import Staff

TICK_HOUR = 18  # UTC: early afternoon at both hospitals, when people may be texted
HTTP_DAYS = 14
WORKED_DAYS = 12  # before that the queue is only filled
ANSWERS = ("Thank you", "OK", "I will be there", "Gracias", "Can I come at 3 instead?", "What time was it again?", "STOP", "Who is this?")
ANSWER_RATE = 0.12
ALL = 1_000


class Ran(msgspec.Struct):
    """What the run did: days, messages in, candidates taken, alerts, texts out, receipts back, items worked; and where the time went."""

    days: int = 0
    received: int = 0
    quarantined: int = 0
    candidates: int = 0
    acts: int = 0
    alerts: int = 0
    texts: int = 0
    emails: int = 0
    receipts: int = 0
    items_worked: int = 0
    seconds: dict[str, float] = {}

    def add(self, tallies: Sequence[Tally]) -> None:
        for tally in tallies:
            self.received += tally.received
            self.quarantined += tally.quarantined
            self.candidates += tally.candidates
            self.acts += tally.acts
            for part, seconds in tally.seconds.items():
                self.seconds[part] = self.seconds.get(part, 0.0) + seconds


def ticks(today: datetime, days: int) -> list[datetime]:
    """One a day at the same hour, the last one `today`."""
    return [today - timedelta(days=back) for back in range(days, -1, -1)]


def last_tick(now: datetime) -> datetime:
    """The latest tick that is not in the future."""
    at = now.replace(hour=TICK_HOUR, minute=0, second=0, microsecond=0)
    return at if at <= now else at - timedelta(days=1)


class Day:
    """The second half of each day, for both hospitals: what is due rings, the queue is worked, texts go out and are answered."""

    def __init__(self, *, staff: Sequence[Staff], seed: int, works_from: datetime, today: datetime) -> None:
        self.staff = staff
        self.today = today
        self.dice = random.Random(f"answers {seed}")
        self.works_from = works_from
        self.total = Ran(seconds={})

    def live(self, now: datetime, mornings: Mornings, exchange: Exchange) -> None:
        clock = Tally(seconds={})
        self.total.add(mornings.live(now))
        with clock.clocked("ring, plan, settle"):
            self.total.alerts += tick(now=now).rang.alerts
            review.release_daily(now=now)
        with clock.clocked("queue"):
            if self.works_from <= now < self.today:
                self.total.items_worked += sum(staff.work_queue(now) for staff in self.staff)
            elif now == self.today:
                for staff in self.staff:
                    staff.begin(now)
        with clock.clocked("texts"):
            self._text(now, exchange)
            self._email(now)
            self.total.emails += mail.send_due(now=now, batch=ALL)
        self.total.days += 1
        self.total.add([clock])

    def _email(self, now: datetime) -> None:
        """Who was just heard to have an address is asked at the desk, and half agree. Nothing leaves: the server takes all and keeps none."""
        new = ContactPoint.objects.filter(
            mailbox__isnull=False, until=None, since__gt=now - timedelta(days=2), person__mail_permissions=None
        )
        found = new.order_by("mailbox__address").values_list("mailbox__address", "person__patient")
        agrees = [Heard(patient, GRANTED, now, ConsentKind.EMAIL) for address, patient in found if patient and agrees_to_email(address)]
        consent.record_all(agrees, evidence=consent.Evidence("signed form", wording_version="demonstration"))
        emailing.send_due(now=now, server=get_connection(emailing.NOWHERE), seconds=600)

    def _text(self, now: datetime, exchange: Exchange) -> None:
        exchange.begin(now)
        sent = send_due(now=now, transport=exchange.transport, seconds=600, at_once=1)  # in one order: two demos are alike
        self.total.texts += sent.accepted
        if sent.accepted:
            for number in self._who_answers(now):
                words = self.dice.choice(ANSWERS)
                if now >= self.works_from or words == "STOP":  # before, nobody would read the others
                    exchange.reply(number, words, now + timedelta(minutes=1))
            self.total.receipts += exchange.finish(now)

    def _who_answers(self, now: datetime) -> list[str]:
        texted = Message.objects.filter(claimed_at__gte=now, purpose="reminder", state=MessageState.SENT, phone__isnull=False)
        numbers = texted.order_by("pk").values_list("phone__e164", flat=True)
        return [number for number in numbers if self.dice.random() < ANSWER_RATE]


def play(
    *,
    courses: Sequence[Course],
    posts: Sequence[Delivery],
    navigators: dict[str, User],
    seed: int,
    today: datetime,
    days: int,
    ledger: Path,
    console: Console,
    parallel: bool = True,
) -> Ran:
    """All days; the last two weeks of texts go over real HTTP. `parallel`: each hospital's mornings in a process of its own."""
    calendar = ticks(today, days)
    split = max(len(calendar) - HTTP_DAYS, 0)
    staff = {site: Staff(site, navigator, courses, seed) for site, navigator in navigators.items()}
    mornings = [Morning(site, courses=courses, posts=posts, staff=mine) for site, mine in staff.items()]
    day = Day(staff=list(staff.values()), seed=seed, works_from=today - timedelta(days=WORKED_DAYS), today=today)
    with _nowhere(), (side_by_side if parallel else in_turn)(mornings) as both, _progress(console, len(calendar)) as advance:
        for way, some in ((in_process, calendar[:split]), (over_http, calendar[split:])):
            with way(ledger) as exchange:
                for now in some:
                    day.live(now, both, exchange)
                    advance(now.date())
    return day.total


@contextmanager
def _nowhere() -> Iterator[None]:
    """E-mails of days long past go out and arrive nowhere."""
    former = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    try:
        yield
    finally:
        settings.EMAIL_BACKEND = former


@contextmanager
def _progress(console: Console, total: int) -> Iterator[Callable[[date], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=not console.is_terminal) as progress:
        task = progress.add_task("living through the days", total=total)
        yield lambda day: progress.update(task, advance=1, description=f"{day:%d %b %Y}")
