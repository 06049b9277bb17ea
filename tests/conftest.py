"""The ground every test stands on: a real PostgreSQL, a real Redis-protocol server, no network beyond this machine, a fixed now.

`DATABASE_URL` and `REDIS_URL` are used when set. Otherwise scratch servers of this run start here, in the controlling process
before Django reads its settings (so no settings module is named in pyproject.toml), and stop at its end; xdist's workers inherit their addresses and make databases of their own.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import django
import pytest
from django.core.cache import cache
from django.utils import translation
from hypothesis import HealthCheck, settings

from config.embedded.session import end_on_sigterm, scratch_services

_servers = ExitStack()
atexit.register(_servers.close)

settings.register_profile("dev", max_examples=50, deadline=None)
# What decides a merge draws the same examples each time; `dev` and `nightly` look for new ones.
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_unconfigure() -> None:
    _servers.close()


def _provide_servers() -> None:
    """Tests create databases and migrate: they connect as the owner, and ask for the app role where it matters."""
    postgres, valkey = "DATABASE_URL" not in os.environ, "REDIS_URL" not in os.environ
    if owner := os.environ.pop("DATABASE_OWNER_URL", None):
        os.environ["DATABASE_URL"] = owner
    if postgres or valkey:
        place = _servers.enter_context(scratch_services(postgres=postgres, valkey=valkey, durable=False))
        if postgres:
            os.environ["DATABASE_URL"] = place.owner_url
        if valkey:
            os.environ["REDIS_URL"] = place.redis_url


def _own_redis_database(worker: int) -> None:
    address, _, _ = os.environ["REDIS_URL"].partition("?")
    if address.startswith("unix:"):
        os.environ["REDIS_URL"] = f"{address}?db={worker % 15 + 1}"


def _make_ready() -> None:
    """Stores first, then the settings that name them, then Django: conftests and tests below this one may import models."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        end_on_sigterm()
        _provide_servers()
    else:
        _own_redis_database(int(worker.removeprefix("gw")))
    os.environ["FINALMILE_ENV"] = "test"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()


_make_ready()


@pytest.fixture
def now() -> datetime:
    """A Wednesday morning in Boston, a working day."""
    return datetime(2026, 3, 11, 14, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> Iterator[None]:
    """Rate limits count in the process's cache; one test's attempts are not another's."""
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def english_is_spoken() -> Iterator[None]:
    """A request in Spanish leaves its thread speaking Spanish; the next test begins in English, and so does what it asks of the product."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A test that sleeps is slow when it passes and wrong when the machine is; time is passed in, never waited for."""
    if request.node.get_closest_marker("processes"):
        return

    def refuse(seconds: float) -> None:
        raise AssertionError(f"time.sleep({seconds}) in a test: pass `now` in, or wait for the thing itself")

    monkeypatch.setattr("time.sleep", refuse)
