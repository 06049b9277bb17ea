"""Ring and plan against hand-written SQL, ORM bulk and the usual loop: same rows, same constraints, interleaved rounds."""

from __future__ import annotations

import hashlib
import multiprocessing
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import resources
from multiprocessing.synchronize import Barrier
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from config.embedded.place import Place
from notifications.plan import plan
from pathways.sweep import ring
from tests.benchmarks import orm, scratch

BASE = datetime(2026, 3, 2, 12, tzinfo=UTC)
STEP = 514_229  # prime: neighbours in time are far apart on the heap
BATCH = 500
LOOP = 1_000
ROWS = {
    "alert": "SELECT stay_id, rung_id, round, nth, due_at, mode, audience, acts FROM pathways_alert",
    "item": "SELECT cause_kind, cause_key, site_id, patient_id, audience, priority, state, due_at FROM notifications_workitem",
    "item_link": "SELECT w.cause_key, a.stay_id, a.rung_id FROM notifications_workitemalert l JOIN pathways_alert a ON a.id = l.alert_id "
    "JOIN notifications_workitem w ON w.id = l.item_id",
    "message": "SELECT stay_id, rung_id, recipient_id, channel, state, wording, priority, not_before FROM notifications_message",
    "message_link": "SELECT m.stay_id, a.rung_id FROM notifications_messagealert l JOIN pathways_alert a ON a.id = l.alert_id "
    "JOIN notifications_message m ON m.id = l.message_id",
    "stay": "SELECT id, attention_at, rang_through FROM pathways_stay WHERE rang_through IS NOT NULL",
}


def ours(now: datetime) -> None:
    """What the Celery task calls."""
    ring(now=now)
    plan(now=now)


def floor(now: datetime) -> None:
    statement = resources.files("tests.benchmarks.floor").joinpath("sweep.sql").read_text()
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, {"now": now, "batch": BATCH})
            row = cursor.fetchone()
        if row is None or row[0] < BATCH:
            return


def run(*, journeys: int = 1_000_000, due: int = 10_000, rounds: int = 6) -> dict[str, Any]:
    """Medians over `rounds` interleaved rounds after one warm-up; every contender sweeps the same due stays in its own copy."""
    with scratch.cluster() as place:
        populate(place, "base", journeys)
        contenders: dict[str, Callable[[datetime], object]] = {"floor": floor, "ours": ours, "orm_bulk": orm.bulk}
        scratch.clone(place, "base", list(contenders))
        answer = _rounds(place, contenders, due, rounds)
        answer.update(_loop(place, "ours", due, rounds + 1))
        answer.update(_workers(place, due))
        answer.update(_growth(place, journeys, due, answer["buffers_per_journey"]))
    return {"name": "sweep", "journeys": journeys, "due": due, **answer}


def populate(place: Place, database: str, journeys: int) -> None:
    """A migrated database with `journeys` open stays whose deadlines are one second apart."""
    scratch.admin(place, f'CREATE DATABASE "{database}"')
    scratch.use(place, database)
    call_command("migrate", database="default", verbosity=0)
    fill(journeys)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def fill(journeys: int) -> None:
    """The stays, their people and the programme they are of."""
    statements = resources.files("tests.benchmarks.floor").joinpath("populate_sweep.sql").read_text()
    with connection.cursor() as cursor:
        for statement in statements.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"journeys": journeys, "base": BASE, "step": STEP})
        for table in ("patients_site", "patients_user", "pathways_pathwayversion", "pathways_stage"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 1000)")


def _rounds(place: Place, contenders: dict[str, Callable[[datetime], object]], due: int, rounds: int) -> dict[str, Any]:
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    touched: list[int] = []
    for number in range(rounds + 1):
        now = BASE + timedelta(seconds=(number + 1) * due - 1)
        for name in _rotated(list(contenders), number):
            scratch.use(place, name)
            scratch.assert_honest()
            scratch.checkpoint()
            before = scratch.buffers()
            took = scratch.timed(lambda work=contenders[name], at=now: work(at))
            if number:
                seconds[name].append(took)
                if name == "ours":
                    touched.append(scratch.buffers() - before)
    verify(place, list(contenders), due * (rounds + 1))
    idle = _idle(place, BASE + timedelta(seconds=(rounds + 1) * due - 1))
    ratios = [mine / his for mine, his in zip(seconds["ours"], seconds["floor"], strict=True)]
    return {
        "ours_s": round(statistics.median(seconds["ours"]), 4),
        "floor_s": round(statistics.median(seconds["floor"]), 4),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_min_max": [round(min(ratios), 3), round(max(ratios), 3)],
        "orm_bulk_s": round(statistics.median(seconds["orm_bulk"]), 4),
        "faster_than_orm_bulk": round(statistics.median(seconds["orm_bulk"]) / statistics.median(seconds["ours"]), 2),
        "floor_spread": round(max(seconds["floor"]) / min(seconds["floor"]), 2),
        "load": round(scratch.load_average(), 1),
        "idle_ms": idle,
        "buffers_per_journey": round(statistics.median(touched) / due, 1),
    }


def _rotated(names: list[str], by: int) -> list[str]:
    by %= len(names)
    return names[by:] + names[:by]


def _idle(place: Place, now: datetime) -> float:
    """Milliseconds of a sweep that finds nothing due; it must do nothing."""
    scratch.use(place, "ours")
    before = digests()
    took = [scratch.timed(lambda: ours(now)) for _ in range(7)]
    if digests() != before:
        raise RuntimeError("a second sweep at the same clock did something")
    return round(statistics.median(took) * 1000, 2)


def digests() -> dict[str, tuple[int, str]]:
    """Count and hash of the sorted business keys of every table that the sweep writes."""
    found = {}
    for name, query in ROWS.items():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*), md5(string_agg(r, '~' ORDER BY r)) FROM (SELECT t::text AS r FROM ({query}) AS t) AS s")
            count, digest = cursor.fetchone() or (0, "")
        found[name] = (count, hashlib.md5(str(digest).encode(), usedforsecurity=False).hexdigest())
    return found


def verify(place: Place, names: list[str], due: int) -> None:
    """All contenders made the same rows, each once, from stays that lay apart."""
    seen = {}
    for name in names:
        scratch.use(place, name)
        seen[name] = digests()
    if len({str(one) for one in seen.values()}) != 1:
        raise RuntimeError(f"contenders made different rows: {seen}")
    counts = {name: count for name, (count, _) in seen["ours"].items()}
    if counts != {"alert": 2 * due, "item": due, "item_link": due, "message": due, "message_link": due, "stay": due}:
        raise RuntimeError(f"not exactly once: {counts} for {due} due")


def _loop(place: Place, database: str, due: int, rounds: int) -> dict[str, Any]:
    """The careful loop on a thousand stays, beside ours on the same number."""
    scratch.use(place, database)
    limit = min(LOOP, due)
    start = rounds * due
    mine = scratch.timed(lambda: ours(BASE + timedelta(seconds=start + limit - 1)))
    theirs = scratch.timed(lambda: orm.loop(BASE + timedelta(seconds=start + 2 * limit - 1), limit))
    return {"orm_loop_s": round(theirs, 3), "orm_loop_due": limit, "faster_than_orm_loop": round(theirs / mine, 1)}


def _workers(place: Place, due: int) -> dict[str, Any]:
    """One worker against two on fresh copies; the clock starts when all are connected."""
    now = BASE + timedelta(seconds=due - 1)
    gains = []
    for _ in range(3):
        took = {}
        for count in (1, 2):
            scratch.clone(place, "base", ["race"])
            scratch.use(place, "race")
            scratch.checkpoint()
            connection.close()
            took[count] = _race(place, count, now)
            scratch.use(place, "race")
            if digests()["alert"][0] != 2 * due:
                raise RuntimeError("two workers missed or doubled an alert")
        gains.append(took[1] / took[2])
    return {"two_workers_gain": round(statistics.median(gains), 2)}


def _race(place: Place, count: int, now: datetime) -> float:
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(count + 1)
    racers = [context.Process(target=_racer, args=(place, gate, now)) for _ in range(count)]
    for racer in racers:
        racer.start()
    gate.wait()
    start = time.perf_counter()
    for racer in racers:
        racer.join()
        if racer.exitcode:
            raise RuntimeError("a worker died")
    return time.perf_counter() - start


def _racer(place: Place, gate: Barrier, now: datetime) -> None:
    connection.connection = None  # the parent's; not ours to close
    scratch.use(place, "race")
    gate.wait()
    ours(now)


def _growth(place: Place, journeys: int, due: int, buffers: float) -> dict[str, Any]:
    """Buffers touched per due journey at a tenth of the journeys: cost must follow what is due, not what is open."""
    small = journeys // 10
    populate(place, "small", small)
    scratch.use(place, "small")
    k = min(due, small // 4)
    touched = []
    for number in range(3):
        scratch.checkpoint()
        before = scratch.buffers()
        ours(BASE + timedelta(seconds=(number + 1) * k - 1))
        touched.append((scratch.buffers() - before) / k)
    return {"buffers_at_tenth": round(statistics.median(touched), 1), "buffers_growth": round(buffers / statistics.median(touched), 3)}
