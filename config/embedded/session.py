"""Servers for as long as somebody needs them: started by the first process, stopped by the last.

What a kill -9 leaves running is adopted by the next process that comes, and stopped when that one ends.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .lease import Lease, alone
from .place import Place, of_checkout, scratch
from .postgres import Postgres
from .valkey import Valkey

Server = Postgres | Valkey

# Commands that need no store, or are asked for before there can be one.
WITHOUT_STORES = {"bench", "check", "collectstatic", "help", "knowledge", "simulator", "version", "wording", "--help", "--version", "-h"}


@contextmanager
def services(place: Place, servers: list[Server]) -> Iterator[Place]:
    """Hold a lease on the servers of `place`, which are started if need be."""
    lease, guard = Lease(place.home / "lease"), place.home / "guard"
    with alone(guard):
        lease.take()
        for server in servers:
            server.start()
    try:
        yield place
    finally:
        with alone(guard):
            lease.give_back()
            if lease.nobody_holds_it():
                for server in reversed(servers):
                    server.stop()


@contextmanager
def checkout_services(*, postgres: bool = True, valkey: bool = True) -> Iterator[Place]:
    """The servers of this checkout, with the data that stays."""
    place = of_checkout()
    place.make()
    servers: list[Server] = [Postgres(place, durable=True)] if postgres else []
    if valkey:
        servers.append(Valkey(place))
    with services(place, servers):
        yield place


@contextmanager
def scratch_place() -> Iterator[Place]:
    """A place of its own, removed afterwards; those that killed runs left are removed first."""
    with alone(_scratch_guard()):
        _sweep_scratch()
        place = scratch(f"{os.getpid()}-{secrets.token_hex(3)}")
        place.make()
        holder = Lease(place.home / "holder")
        holder.take()
    try:
        yield place
    finally:
        holder.give_back()
        _remove(place)


@contextmanager
def scratch_services(*, postgres: bool = True, valkey: bool = True, durable: bool) -> Iterator[Place]:
    """Fresh servers that are gone afterwards. `durable` keeps fsync on: a benchmark without it measures another database."""
    with scratch_place() as place:
        servers: list[Server] = [Postgres(place, durable=durable)] if postgres else []
        if valkey:
            servers.append(Valkey(place))
        with services(place, servers):
            yield place


def _scratch_guard() -> os.PathLike[str]:
    home = of_checkout()
    home.make()
    return home.home / "scratch.guard"


def _sweep_scratch() -> None:
    """Stop and remove what runs that were killed left behind."""
    root = of_checkout().home / "scratch"
    for directory in root.iterdir() if root.exists() else []:
        if Lease(directory / "holder").nobody_holds_it():
            place = scratch(directory.name)
            Postgres(place, durable=False).stop()
            Valkey(place).stop()
            _remove(place)


def _remove(place: Place) -> None:
    shutil.rmtree(place.sockets, ignore_errors=True)
    shutil.rmtree(place.home, ignore_errors=True)


@contextmanager
def for_command(words: list[str]) -> Iterator[None]:
    """What `manage.py` wraps around every command: the embedded servers where the environment names no others."""
    name = words[1] if len(words) > 1 else "help"
    postgres, valkey = not _elsewhere("DATABASE_URL"), not _elsewhere("REDIS_URL")
    if name in WITHOUT_STORES or not (postgres or valkey):
        yield
        return
    end_on_sigterm()
    with checkout_services(postgres=postgres, valkey=valkey):
        yield


def _elsewhere(variable: str) -> bool:
    return bool(os.environ.get(variable)) or os.environ.get("FINALMILE_ENV") in {"staging", "production"}


def end_on_sigterm() -> None:
    """Python dies of SIGTERM without cleaning up; turn it into an exit that runs every `finally`."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
