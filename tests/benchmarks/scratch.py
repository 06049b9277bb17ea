"""A cluster of its own for benchmarks, with fsync on, and databases that start alike."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.db import connection

from config.embedded.place import Place
from config.embedded.session import scratch_services
from pathways.writing import ids

SETTINGS = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def cluster() -> Iterator[Place]:
    """An empty cluster that is gone afterwards; never the demo's."""
    with scratch_services(valkey=False, durable=True) as place:
        yield place


def admin(place: Place, statement: str) -> None:
    with psycopg.connect(host=str(place.sockets), user="postgres", dbname="postgres", autocommit=True) as psql:
        psql.execute(statement)


def use(place: Place, database: str) -> None:
    """Points Django's one connection at a database of the cluster."""
    connection.close()
    ids.forget()
    connection.settings_dict.update(
        {
            "NAME": database,
            "HOST": str(place.sockets),
            "USER": "postgres",
            "PASSWORD": "",
            "PORT": "",
            "OPTIONS": {"prepare_threshold": settings.DATABASE_PREPARE_THRESHOLD},
        }
    )
    connection.ensure_connection()


def clone(place: Place, template: str, names: list[str]) -> None:
    """Every contender starts from the same bytes."""
    connection.close()
    for name in names:
        admin(place, f'DROP DATABASE IF EXISTS "{name}"')
        admin(place, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')


def checkpoint() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")


def assert_honest() -> None:
    """Asks the contender's own connection what it promises; a benchmark without fsync measures another database."""
    with connection.cursor() as cursor:
        for name in SETTINGS:
            cursor.execute(f"SHOW {name}")
            row = cursor.fetchone()
            if row is None or row[0] != "on":
                raise RuntimeError(f"{name} is {row}, must be on")
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relpersistence <> 'p' AND relnamespace = 'public'::regnamespace"
        )
        if cursor.fetchone() != (0,):
            raise RuntimeError("an unlogged table is not the same table")
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE NOT convalidated")
        if cursor.fetchone() != (0,):
            raise RuntimeError("a constraint is not validated")


def buffers() -> int:
    """Blocks touched by this database so far, hit or read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
    with connection.cursor() as cursor:
        cursor.execute("SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def tell(what: str) -> None:
    """Progress, on stderr: the answer alone stands on stdout."""
    print(f"{time.strftime('%H:%M:%S')}  {what}", file=sys.stderr, flush=True)


def load_average() -> float:
    return os.getloadavg()[0]


def timed(work: object) -> float:
    """Wall seconds of one call."""
    assert callable(work)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
