"""Claim and record without a provider's delay, in batches of fifty, against hand-written SQL and against a Celery task per text."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from config.embedded.place import CHECKOUT, Place
from config.embedded.session import scratch_services
from notifications.models import Message, SendSlot
from notifications.plan import plan
from notifications.send import send_due
from notifications.transports.base import Accepted, Answer, Text
from pathways.sql import prepared
from pathways.sweep import ring
from tests.benchmarks import scratch
from tests.chaos.crowd import admit, zone_where_it_is_forenoon
from tests.notifications.carrier import Carrier
from tests.notifications.world import World

BATCH = 50
TASKS = 200
DONE = """
UPDATE notifications_message m SET state = 'sent', provider_sid = u.sid, sent_at = %s
FROM unnest(%s::bigint[], %s::text[]) AS u (id, sid) WHERE m.id = u.id
"""
ROWS = "SELECT state, attempt, phone_id, date_trunc('minute', claimed_at), language, length(token), sent_at IS NOT NULL FROM notifications_message WHERE attempt > 0"


class Stub(Carrier):
    """Takes every text at once, and keeps its number."""

    def send(self, text: Text) -> Answer:
        self.calls += 1
        self.moods.append(text.to)
        return Accepted(f"SM{self.calls:032d}")


def run(*, journeys: int = 3_500, rounds: int = 6) -> dict[str, Any]:
    """Medians over `rounds` interleaved rounds after one warm-up, each of the same texts in a copy of its own. A batch before each round
    warms the connection, as a worker's is by its texts before."""
    per_round = max(journeys // (rounds + 1) // BATCH - 1, 1) * BATCH
    with scratch_services(valkey=True, durable=True) as place:
        now = datetime.now().astimezone().replace(second=0, microsecond=0)
        _populate(place, (BATCH + per_round) * (rounds + 1), per_round, now)
        scratch.clone(place, "base", ["ours", "floor", "celery"])
        answer = _rounds(place, now, per_round, rounds)
        tasks = _tasks(place)
    each = answer["ours_s"] / per_round
    return {"name": "outbox", "texts": per_round, "batch": BATCH, **answer, "celery_task_ms": round(tasks * 1000, 2),
            "ours_ms": round(each * 1000, 3), "faster_than_a_task": round(tasks / each, 1)}  # fmt: skip


def _populate(place: Place, count: int, per_round: int, now: datetime) -> None:
    """Texts that become due in portions: in the first minute a batch, in the next a round, and so on."""
    scratch.admin(place, 'CREATE DATABASE "base"')
    scratch.use(place, "base")
    call_command("migrate", database="default", verbosity=0)
    admit(World(), count, now=now)
    ring(now=now)
    plan(now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_message m SET not_before = %s::timestamptz + (r.n / %s * 2 + (r.n %% %s >= %s)::int) * interval '1 minute' "
            "FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM notifications_message) AS r WHERE r.id = m.id",
            [now, BATCH + per_round, BATCH + per_round, BATCH],
        )
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def _rounds(place: Place, now: datetime, per_round: int, rounds: int) -> dict[str, Any]:
    stub = Stub()
    contenders: dict[str, Callable[[datetime], object]] = {
        "floor": lambda at: _floor(at),
        "ours": lambda at: send_due(now=at, transport=stub, batch=BATCH),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        at = now + timedelta(minutes=2 * number + 1)
        for name in list(contenders) if number % 2 else reversed(list(contenders)):
            scratch.use(place, name)
            scratch.assert_honest()
            contenders[name](at - timedelta(minutes=1))
            scratch.checkpoint()
            took = scratch.timed(lambda work=contenders[name], at=at: work(at))
            if number:
                seconds[name].append(took)
    _verify(place, stub, (BATCH + per_round) * (rounds + 1))
    ratios = [mine / his for mine, his in zip(seconds["ours"], seconds["floor"], strict=True)]
    return {
        "ours_s": round(statistics.median(seconds["ours"]), 4),
        "floor_s": round(statistics.median(seconds["floor"]), 4),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_min_max": [round(min(ratios), 3), round(max(ratios), 3)],
        "load": round(scratch.load_average(), 1),
    }


def _floor(at: datetime) -> None:
    claim = resources.files("tests.benchmarks.floor").joinpath("outbox.sql").read_text()
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    home = _day(at)
    given = {"now": at, "batch": BATCH, "day": home, "opens": midnight - timedelta(days=1), "closes": midnight + timedelta(days=2)}
    while True:
        with transaction.atomic(), prepared() as cursor:
            cursor.execute(claim, given)
            taken = cursor.fetchall()
        if not taken:
            return
        with transaction.atomic(), prepared() as cursor:
            cursor.execute(DONE, [at, [row[0] for row in taken], [f"SM{row[0]:032d}" for row in taken]])


def _day(at: datetime) -> Any:
    from zoneinfo import ZoneInfo

    return at.astimezone(ZoneInfo(zone_where_it_is_forenoon(at.astimezone(ZoneInfo("UTC"))))).date()


def _verify(place: Place, stub: Stub, count: int) -> None:
    """Both left the same rows, each text once, and a further run does nothing."""
    seen = {}
    for name in ("floor", "ours"):
        scratch.use(place, name)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT md5(string_agg(t::text, '~' ORDER BY t::text)), count(*) FROM ({ROWS}) AS t")
            seen[name] = (cursor.fetchone(), SendSlot.objects.count())
    if len({str(found) for found in seen.values()}) != 1 or seen["ours"][1] != count:
        raise RuntimeError(f"contenders left different rows: {seen}")
    if len(set(stub.moods)) != count or stub.calls != count:
        raise RuntimeError("a number was texted twice, or not at all")


def _tasks(place: Place) -> float:
    """Seconds a text takes from being put into the queue by a worker with two hands, its connections warm."""
    words = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "tests.benchmarks.celery_task",
        "--quiet",
        "worker",
        "--concurrency",
        "2",
        "--loglevel",
        "ERROR",
    ]
    url = f"postgres://postgres@/celery?host={place.sockets}"
    here = {"DATABASE_URL": url, "REDIS_URL": place.redis_url, "FINALMILE_ENV": "test", "PYTHONWARNINGS": "ignore"}
    os.environ |= here
    scratch.use(place, "celery")
    ids = list(Message.objects.order_by("pk").values_list("pk", flat=True)[: 2 * TASKS])
    from celery import Celery

    queue = Celery(broker=place.redis_url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1))
    queue.conf.broker_transport_options = {"global_keyprefix": "finalmile:"}
    with subprocess.Popen([*words, "--without-gossip", "--without-mingle"], cwd=CHECKOUT, env={**os.environ, **here}) as worker:
        try:
            took = [_drain(queue, ids[:TASKS]), _drain(queue, ids[TASKS:])]
        finally:
            worker.kill()
    return took[1] / TASKS


def _drain(queue: Any, ids: list[int]) -> float:
    begun = time.perf_counter()
    for message in ids:
        queue.send_task("bench.text", [message])
    while Message.objects.filter(pk__in=ids).exclude(state="sent").exists():
        if time.perf_counter() - begun > 120:
            raise RuntimeError("the worker did not do its tasks")
        time.sleep(0.02)
    return time.perf_counter() - begun
