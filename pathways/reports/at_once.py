"""Parts of a large report that are worked out at the same time: numpy works outside of Python's lock, and the database in processes of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from django.db import connection

T = TypeVar("T")
Later = Callable[[], T]
"""Something that is there when asked for; until then it may still be made."""
MANY = 100_000
"""Journeys from which on it is worth a thread."""
MOST = 4


def at_once(works: Sequence[Callable[[], T]], journeys: int) -> list[T]:
    """What each gives, in their order. They ask nothing of the database."""
    if journeys < MANY:
        return [work() for work in works]
    with ThreadPoolExecutor(min(MOST, os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda work: work(), works))


def later(make: Callable[[], T], journeys: int) -> Later[T]:
    """Of many journeys made meanwhile, over a connection of its own; of few when first asked."""
    if journeys < MANY:
        return cache(make)
    pool = ThreadPoolExecutor(1)
    made = pool.submit(_over, make)
    pool.shutdown(wait=False)
    return made.result


def _over(make: Callable[[], T]) -> T:
    try:
        return make()
    finally:
        connection.close()
