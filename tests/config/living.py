"""A demo of a few people, lived through from the first message to today in a transaction that is taken back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.db import transaction
from rich.console import Console

from config.demo import cast, messages, run
from config.demo.course import Course
from pathways.definitions import registry
from pathways.definitions.publish import publish_catalogue

TODAY = datetime(2026, 3, 11, run.TICK_HOUR, tzinfo=UTC)


class Lived(NamedTuple):
    """What was truly going on, what was sent about it, and what the run did."""

    courses: list[Course]
    posts: list[messages.Delivery]
    ran: run.Ran
    ledger: Path


@contextmanager
def lived_through(courses: list[Course], *, seed: int, days: int, blocker: Any, folder: Path, today: datetime = TODAY) -> Iterator[Lived]:
    """One run for all tests of a file; `blocker` and `folder` are pytest's (`django_db_blocker`, a temporary directory)."""
    posts, begin, ledger = messages.deliveries(courses, seed, today), run.ticks(today, days)[0], folder / "ledger.sqlite3"
    with blocker.unblock(), transaction.atomic():
        publish_catalogue(by=None, now=begin)
        registry.clear()
        cast.set_up(since=begin)
        ran = run.play(
            courses=courses,
            posts=posts,
            navigators=cast.navigators(),
            seed=seed,
            today=today,
            days=days,
            ledger=ledger,
            console=Console(file=io.StringIO()),
            parallel=False,
        )
        yield Lived(courses, posts, ran, ledger)
        transaction.set_rollback(True)
    registry.clear()
