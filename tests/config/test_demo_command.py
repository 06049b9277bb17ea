"""`manage.py demo --no-serve` as it is run: processes of its own, a database of its own, once made and then kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings

from config.embedded import place

pytestmark = [pytest.mark.slow, pytest.mark.processes, pytest.mark.before_merge]


@pytest.fixture
def database() -> Iterator[str]:
    """The address of an empty database beside the tests' own; what the demo keeps on disk for it goes with it."""
    address = urlsplit(os.environ["DATABASE_URL"])
    name = f"demo_command_{os.getpid()}"
    with psycopg.connect(urlunsplit(address), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(address._replace(path=f"/{name}"))
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            for kept in place.of_checkout().home.glob(f"*{name}*"):
                kept.unlink()


def demo(database: str, *options: str) -> tuple[dict[str, object], str]:
    command = [sys.executable, "manage.py", "demo", "--no-serve", "--patients", "8", "--days", "20", *options]
    environment = {**os.environ, "DATABASE_URL": database, "FINALMILE_ENV": "development"}
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, object] = json.loads(done.stdout)
    return answer, done.stderr


def test_it_ends_with_one_object_and_keeps_what_it_made(database: str) -> None:
    first, said = demo(database)
    assert first["ok"] is True
    assert first["violations"] == []
    assert set(first["cohort"]) == {"true", "found", "missed", "false"}  # type: ignore[call-overload]
    assert "messages in" in said

    second, said_again = demo(database)
    assert second == first
    assert "live through" not in said_again
