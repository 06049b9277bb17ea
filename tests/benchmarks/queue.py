"""A navigator's queue among 300,000 open and 700,000 done items, beside hand-written SQL and the plain page of the ORM.

Floor: the same lines (names, problem, stage, number, last contact) and the same capped counts, as two statements written by hand. Plain: a list
view with a paginator and its count, as the usual tutorial has it, behind the same door, with the same access-log row and the same template.
"""

from __future__ import annotations

import gzip
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.embedded.place import Place
from notifications.views.filters import Wanted
from notifications.views.lanes import unclaimed
from notifications.views.lines import lines
from notifications.views.pages import PAGE, Cursor, counts, page_of
from pathways.sql import load
from patients.models import User
from tests.benchmarks import scratch
from tests.benchmarks.queue_world import CLAIMED_BY_HER, populate

URLS = "tests.benchmarks.plain_queue"
DEEP = 100
REQUESTS_A_ROUND = 10


def run(*, journeys: int = 300_000, rounds: int = 6) -> dict[str, Any]:
    """`journeys` open items (each of its own journey) and 7/3 as many done; medians and percentiles over interleaved rounds."""
    with scratch.cluster() as place, override_settings(ROOT_URLCONF=URLS, ALLOWED_HOSTS=["*"]):
        _prepare(place, journeys)
        user = User.objects.get(username="dara")
        answer = {**_statements(user, rounds), **_responses(user, rounds), **_first_load(user)}
    return {"name": "queue", "open": journeys, "done": journeys * 7 // 3, **answer, "load": round(scratch.load_average(), 1)}


def _prepare(place: Place, journeys: int) -> None:
    scratch.tell("the schema")
    scratch.admin(place, 'CREATE DATABASE "queue"')
    scratch.use(place, "queue")
    call_command("migrate", database="default", verbosity=0)
    populate(journeys)
    scratch.tell("vacuum")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    scratch.assert_honest()
    scratch.checkpoint()


# -- the statements of a page against the floor's ------------------------------------------------------------------------------


def _statements(user: User, rounds: int) -> dict[str, Any]:
    """Seconds in the database for the rows of a page and the counts of the lanes, interleaved; both show the same items. Beside them what no load
    of the machine changes: blocks and statements."""
    scratch.tell("statements beside the floor's")
    user.remember()  # as in every request: what somebody holds is asked once, by the door
    now = timezone.now()
    wanted = Wanted.read({}, now)
    mine: list[float] = []
    floor: list[float] = []
    for number in range(rounds * REQUESTS_A_ROUND + 5):
        after = _somewhere(user, wanted) if number % 2 else None
        first, second = (_ours, _floor) if number % 4 < 2 else (_floor, _ours)
        answers = {contender: contender(user, wanted, after, now) for contender in (first, second)}
        (our_ids, ours_s), (floor_ids, floor_s) = answers[_ours], answers[_floor]
        if our_ids != floor_ids:
            raise RuntimeError("the floor shows another page")
        if number >= 5:
            mine.append(ours_s)
            floor.append(floor_s)
    ratios = [ours / his for ours, his in zip(mine, floor, strict=True)]
    return {
        "ours_s": round(statistics.median(mine), 5),
        "floor_s": round(statistics.median(floor), 5),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_of_quickest": round(min(mine) / min(floor), 3),
        **_counters(user, wanted, now),
    }


def _counters(user: User, wanted: Wanted, now: datetime) -> dict[str, Any]:
    """Blocks touched and statements sent for one page."""
    found: dict[str, Any] = {}
    for name, contender in (("ours", _ours), ("floor", _floor)):
        before = scratch.buffers()
        with CaptureQueriesContext(connection) as asked:
            contender(user, wanted, None, now)
        found |= {f"{name}_blocks": scratch.buffers() - before, f"{name}_statements": len(asked)}
    return found


def _somewhere(user: User, wanted: Wanted) -> Cursor:
    """A cursor in the middle of the lane."""
    middle = unclaimed(user, wanted).filter(priority=3).order_by("due_at").first()
    assert middle is not None
    return Cursor.of(middle)


@contextmanager
def _database_time() -> Iterator[list[float]]:
    took = [0.0]

    def clock(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            took[0] += time.perf_counter() - start

    with connection.execute_wrapper(clock):
        yield took


def _ours(user: User, wanted: Wanted, after: Cursor | None, now: datetime) -> tuple[list[int], float]:
    """What the view asks of the database for the rows and the lanes."""
    with _database_time() as took:
        page = page_of("team", user, wanted, after, now=now)
        lines(page.items, user, now, page.facts)
        counts(user, "team", wanted, now)
    return [item.pk for item in page.items], took[0]


def _floor(user: User, wanted: Wanted, after: Cursor | None, now: datetime) -> tuple[list[int], float]:
    params: dict[str, Any] = {
        "user": user.pk, "sites": sorted(set(user.site_ids())), "roles": sorted(user.roles()), "most": PAGE + 1, "now": now,
        "midnight": wanted.midnight, "priority": after.priority if after else 0, "due": after.due_at if after else datetime.min,
        "id": after.id if after else 0,
    }  # fmt: skip
    with _database_time() as took, connection.cursor() as cursor:
        cursor.execute(load("tests.benchmarks.floor", "queue_page"), params)
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute(load("tests.benchmarks.floor", "queue_counts"), params)
        cursor.fetchone()
    return found[:PAGE], took[0]


# -- whole answers -------------------------------------------------------------------------------------------------------------


def _responses(user: User, rounds: int) -> dict[str, Any]:
    """Milliseconds of whole answers through all middleware: ours, the plain page, and page 100 beside page 1."""
    scratch.tell("whole answers beside the plain page's")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    deep = _address_of_page(client, DEEP)
    addresses = {
        "page": ["/queue/?lane=team", "/queue/?lane=team&about=problem"],
        "plain": ["/plain/?page=1", "/plain/?page=1&about=problem"],
        "deep": [deep, deep],
    }
    took: dict[str, list[float]] = {name: [] for name in addresses}
    for number in range(rounds * REQUESTS_A_ROUND + 3):
        for name in list(addresses)[number % 3 :] + list(addresses)[: number % 3]:
            seconds = _get(client, addresses[name][number % 2])
            if number >= 3:
                took[name].append(seconds * 1000)
    with CaptureQueriesContext(connection) as asked:
        client.get("/queue/?lane=team")
    return {
        "page_p50_ms": round(statistics.median(took["page"]), 1),
        "page_p99_ms": round(_p99(took["page"]), 1),
        "plain_p50_ms": round(statistics.median(took["plain"]), 1),
        "plain_p99_ms": round(_p99(took["plain"]), 1),
        "of_plain_p99": round(_p99(took["page"]) / _p99(took["plain"]), 3),
        "page_100_of_page_1": round(statistics.median(took["deep"]) / statistics.median(took["page"][::2]), 3),
        "queries": len([one for one in asked.captured_queries if "SAVEPOINT" not in (one["sql"] or "")]),
    }


def _address_of_page(client: Client, number: int) -> str:
    """By following the link to the next page, as a person would."""
    address = "/queue/?lane=team"
    for _ in range(number - 1):
        following = re.search(r'rel="next" href="([^"]+)"', client.get(address).content.decode())
        if following is None:
            break
        address = "/queue/" + following[1].replace("&amp;", "&")
    return address


def _get(client: Client, address: str) -> float:
    start = time.perf_counter()
    answer = client.get(address)
    seconds = time.perf_counter() - start
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    return seconds


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98]  # never more than the slowest


def _first_load(user: User) -> dict[str, Any]:
    """Kilobytes of the page and all that it names, for a browser that has nothing yet: as they are, and packed as WhiteNoise sends them."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/queue/?lane=team").content
    named = sorted(set(re.findall(rf'(?:src|href)="{re.escape(settings.STATIC_URL)}([^"#?]+)', page.decode())))
    named += ["icons.svg"] if "icons.svg" not in named else []
    parts = [page, *(Path(found).read_bytes() for name in named if isinstance(found := finders.find(_plain(name)), str))]
    return {
        "first_load_kb": round(sum(map(len, parts)) / 1024, 1),
        "first_load_packed_kb": round(sum(len(gzip.compress(part, 6)) for part in parts) / 1024, 1),
        "files": len(parts),
        "hers": CLAIMED_BY_HER,
    }


def _plain(name: str) -> str:
    """A hashed file name without its hash."""
    return re.sub(r"\.[0-9a-f]{12}(?=\.\w+$)", "", name)
