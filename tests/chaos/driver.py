"""Kills real workers by a seed while they sweep and send, and waits until everything is quiet again.

A worker is killed where it hurts: in the middle of a statement (another session holds the table it wants), after the provider took a
text and before we heard of it, with a request on its way to a provider that answers later or has died, or at any moment at all.
The clock is the run's own: it moves only while no living worker is sending, so that it never outruns a request on its way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from unittest import mock
from urllib.parse import quote

import psycopg
from celery import Celery
from django.conf import settings
from django.db import connection
from django.test import override_settings
from kombu.exceptions import OperationalError

from config.embedded.session import scratch_services
from config.embedded.valkey import Valkey
from notifications.models import Message, MessageState
from notifications.reconcile import WITH_A_PERSON
from pathways.models import Alert, Matter, Stay
from tests.chaos import truth
from tests.chaos.clock import Clock
from tests.chaos.processes import Phones, Site, Worker, ended, until

MIDDLES = ("pathways_alert", "notifications_workitem", "notifications_message", "notifications_workitemalert", "notifications_messagealert")
"""Tables that a sweep writes, in its order: ring, then what plan makes."""
TASKS = ("tick", "send", "reconcile")
LONGEST_QUIET = timedelta(hours=3)
STEP = timedelta(minutes=5)
AT_ONCE = 2  # every wake-up is given twice, as two beats would


class Chaos:
    """One run: a worker, a provider, a broker, and who kills them."""

    def __init__(self, *, home: Path, seed: int, clock: Clock, worker: Worker, phones: Phones, broker: Valkey, celery: Celery) -> None:
        self.home, self.dice, self.clock = home, Random(seed), clock
        self.worker, self.phones, self.broker, self.celery = worker, phones, broker, celery
        self.done: dict[str, int] = {}
        self.orphans: set[tuple[int, int]] = set()  # texts (with attempt) whose worker was killed on the way

    # -- waking -----------------------------------------------------------------------------------------------------------------

    def wake(self, *tasks: str) -> None:
        """Two beats ask for the same; with the broker gone both are lost, and nothing but time with them."""
        for task in tasks * AT_ONCE:
            with contextlib.suppress(OperationalError):
                self.celery.send_task(f"notifications.tasks.{task}", retry=False, expires=60)

    def move_to(self, now: datetime) -> None:
        self.clock.set(now)
        self.phones.ask("POST", "_clock", {"now": now.isoformat()})

    # -- killing ----------------------------------------------------------------------------------------------------------------

    def die(self, how: str) -> None:
        """The worker goes, wholly or only its hands; a new one starts."""
        if self.dice.random() < 0.5:
            self.worker.kill()
        else:
            self.worker.kill_hands()
        self.orphans |= set(_sending())
        self.done[how] = self.done.get(how, 0) + 1
        self.worker.start()

    def kill_in_a_sweep(self) -> None:
        """While a statement of the sweep waits for a table that somebody else holds."""
        table = self.dice.choice(MIDDLES)
        with held(table):
            self.wake("tick")
            if until(_waiting):
                self.die(f"sweep, before {table}")

    def kill_anywhere(self, task: str, what: Callable[[], object]) -> None:
        """At some moment after the work has begun."""
        before = what()
        self.wake(task)
        until(lambda: what() != before, pause=0.002)
        until(lambda: False, seconds=self.dice.random() * 0.1)
        self.die(f"{task}, anywhere")

    def kill_after_accepting(self) -> None:
        """The provider has the text and takes its time to say so."""
        self.phones.faults(hang=1, hang_seconds=20)
        self._kill_with_a_text_outside("send, after the provider accepted", lambda: truth.copies(self.phones.ledger).total())
        self.phones.faults(hang=0)

    def kill_before_accepting(self, *, provider_too: bool) -> None:
        """The request lies in the provider's door: it is taken after our death, or never."""
        self.phones.freeze()
        how = "send, request lost" if provider_too else "send, accepted after our death"
        self._kill_with_a_text_outside(how, lambda: {key for key in _sending() if key not in self.orphans})
        if provider_too:
            self.phones.kill()
            self.phones.start()
            self.move_to(self.clock.now())
        else:
            self.phones.thaw()

    def _kill_with_a_text_outside(self, how: str, sign: Callable[[], object]) -> None:
        before = sign()
        self.wake("send")
        if until(lambda: sign() != before):
            until(lambda: False, seconds=0.2)
            self.die(how)

    def lose_the_broker(self, seconds: float) -> None:
        """Redis is down for a while, with all that was in it."""
        self.broker.stop()
        until(lambda: False, seconds=seconds)
        self.broker.start()
        self.done["broker lost"] = self.done.get("broker lost", 0) + 1

    # -- the end ----------------------------------------------------------------------------------------------------------------

    def sweep_until_quiet(self) -> bool:
        """No clock is needed for this: the next tick does what the killed one left."""

        def swept() -> bool:
            self.wake("tick")
            return bool(until(lambda: not _due(self.clock.now()), seconds=2, pause=0.1))

        self.worker.start()
        return bool(until(swept, seconds=60))

    def send_until_quiet(self) -> bool:
        """Leases run out, lists are asked, people are asked: hours of the run's clock, seconds of ours."""
        self.worker.start()
        end = self.clock.now() + LONGEST_QUIET
        while _open() and self.clock.now() < end:
            self.wake(*TASKS)
            self.let_pass(STEP)
        return not _open()

    def let_pass(self, time: timedelta) -> None:
        """The clock moves while no request is on its way: a provider that takes longer than a quarter of an hour is not tested here."""
        until(lambda: not self.celery_waits() and not self._on_the_way())
        self.move_to(self.clock.now() + time)

    def celery_waits(self) -> int:
        with self.celery.connection_for_read() as broker:
            return int(broker.default_channel.client.llen("celery"))

    def _on_the_way(self) -> set[tuple[int, int]]:
        return set(_sending()) - self.orphans


@contextmanager
def chaos(*, home: Path, seed: int, start: datetime, lost_receipts: float = 0.4) -> Iterator[Chaos]:
    """Everything running, on the database that this process is connected to; nothing left afterwards."""
    clock = Clock(home / "clock")
    clock.set(start)
    with scratch_services(postgres=False, valkey=True, durable=False) as place:
        broker = place.redis_url
        phones, site = Phones(home / "ledger.sqlite3"), Site(Random(seed), lost_receipts)
        worker = Worker(
            {
                "DATABASE_URL": database_url(),
                "REDIS_URL": broker,
                "TWILIO_API_URL": phones.address,
                "PUBLIC_BASE_URL": site.address,
                "CHAOS_CLOCK": str(clock.path),
                "FINALMILE_ENV": "test",
                "LOG_LEVEL": "ERROR",
            },
            home / "worker.log",
        )
        celery = Celery(broker=broker.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1), set_as_current=False)
        celery.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        with (
            ended(worker, phones),
            override_settings(PUBLIC_BASE_URL=site.address),
            mock.patch("django.utils.timezone.now", clock.now),
        ):
            run = Chaos(home=home, seed=seed, clock=clock, worker=worker, phones=phones, broker=Valkey(place), celery=celery)
            run.move_to(start)
            worker.start()
            try:
                yield run
            finally:
                celery.close()
        site.shutdown()
        site.server_close()
        until(_alone, seconds=10)


def database_url() -> str:
    """Of the database that this very process uses: a test's own, or a scratch one."""
    connection.ensure_connection()
    to = connection.connection.info
    user = f"{to.user}:{quote(to.password, safe='')}" if to.password else to.user
    if to.host.startswith("/"):
        return f"postgres://{user}@/{to.dbname}?host={to.host}&port={to.port}"
    return f"postgres://{user}@{to.host}:{to.port}/{to.dbname}"


@contextmanager
def held(table: str) -> Iterator[None]:
    """Somebody else writes this table: whoever wants to waits."""
    with psycopg.connect(database_url()) as other:
        other.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        yield
        other.rollback()


def _waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


def _alone() -> bool:
    """What a killed worker asked for last has ended on the server, too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        return bool(cursor.fetchone()[0] == 0)


def _due(now: datetime) -> bool:
    return (
        Stay.objects.filter(attention_at__lte=now, gated=False, release=False).exists()
        or Matter.objects.filter(attention_at__lte=now).exists()
        or Alert.objects.filter(planned_at=None).exists()
    )


def _sending() -> list[tuple[int, int]]:
    return list(Message.objects.filter(state=MessageState.SENDING).values_list("pk", "attempt"))


def _open() -> bool:
    """Texts that are not at their end yet; those with a person are."""
    waiting = Message.objects.filter(state__in=[MessageState.PENDING, MessageState.SENDING, MessageState.UNKNOWN])
    return waiting.exclude(state=MessageState.UNKNOWN, reason=WITH_A_PERSON).exists()
