"""A PostgreSQL server of our own: make its cluster, start it, adopt it, stop it.

It listens on a unix socket in a directory that only its account may enter, and on nothing else; so no port can clash and no
password is needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from . import binaries
from .place import APP_ROLE, DATABASE, OWNER_ROLE, Place, account

START_SECONDS = 60  # a loaded machine replays its log slowly
ATTEMPTS = 10
COMMON = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_statement": "none",
    "log_min_error_statement": "panic",  # a failed statement carries the row it was given
    "log_error_verbosity": "terse",
}
DURABLE = {"synchronous_commit": "on"}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """The server of one place. `durable` is false where nothing is kept: tests."""

    def __init__(self, place: Place, *, durable: bool) -> None:
        self.place = place
        self.options = {**COMMON, **(DURABLE if durable else FAST)}
        self.programs = binaries.postgres(place.home)
        self.data = place.home / f"postgres-{self._major()}"
        self.log = place.home / "postgres.log"

    def start(self) -> None:
        """Leave a ready server with its roles and database, whether one was running, left over, or never made."""
        if not self.is_ready():
            self._make_cluster()
            self._forget_dead_server()
            self._launch()
        self._make_roles()

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", str(START_SECONDS), "stop", check=False)

    def is_ready(self) -> bool:
        return self._run("pg_isready", "-q", "-h", str(self.place.sockets), "-t", "2", check=False).returncode == 0

    def pid(self) -> int | None:
        """Of the process that the cluster's lock file names, if it is a PostgreSQL server and alive."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None
        return pid if _program_of(pid).startswith("postgres") else None

    def _make_cluster(self) -> None:
        """Under another name first: an initdb that was cut short is thrown away, never started."""
        if (self.data / "PG_VERSION").exists():
            return
        unfinished = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        collation = ["--locale=C.UTF-8"]
        if int(self._major()) >= 17:
            collation = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        self._run(
            "initdb", "-D", str(unfinished), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions", *collation
        )
        unfinished.rename(self.data)

    def _forget_dead_server(self) -> None:
        """After a crash and a reboot the lock file may name a stranger's pid; the server would refuse to start for it."""
        if self.pid() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _launch(self) -> None:
        settings = {**self.options, "unix_socket_directories": str(self.place.sockets), "unix_socket_permissions": "0700"}
        words = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        command = ["-D", str(self.data), "-l", str(self.log), "-w", "-t", str(START_SECONDS), "-o", words, "start"]
        for _attempt in range(ATTEMPTS):
            if self._run("pg_ctl", *command, check=False).returncode == 0 or self._becomes_ready():
                return
            time.sleep(0.5)  # a killed server's children hold its shared memory until they notice
        raise RuntimeError(f"PostgreSQL did not start; {self.log} says why")

    def _becomes_ready(self) -> bool:
        """A left-over server may still be replaying its log when we find it."""
        end = time.monotonic() + START_SECONDS
        while self.pid() is not None and time.monotonic() < end:
            if self.is_ready():
                return True
            time.sleep(0.1)
        return self.is_ready()

    def _make_roles(self) -> None:
        """The owner makes and migrates databases; the app is no superuser and owns nothing."""
        with psycopg.connect(host=str(self.place.sockets), user="postgres", dbname="postgres", autocommit=True) as connection:
            roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            if OWNER_ROLE not in roles:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(OWNER_ROLE)))
            if APP_ROLE not in roles:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(APP_ROLE)))
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(APP_ROLE), sql.Identifier(OWNER_ROLE)))
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0")
                connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)))

    def _major(self) -> str:
        answer = subprocess.run([self.programs / "postgres", "--version"], check=True, capture_output=True, text=True)
        return answer.stdout.split()[2].split(".")[0]

    def _run(self, program: str, *words: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return run([str(self.programs / program), *words], cwd=self.place.home, log=self.place.home / "programs.log", check=check)


def run(words: list[str], *, cwd: Path, log: Path, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run a server's program as its account, in a session of its own so that Ctrl-C does not reach it, its words kept in `log`.

    Never with pipes: the server inherits them and the reader would wait for its end.
    """
    who = account()
    drop: dict[str, Any] = {"user": who.uid, "group": who.gid, "extra_groups": []} if os.geteuid() == 0 else {}
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C", "TZ": "UTC", "HOME": str(cwd)}
    with log.open("ab") as out:
        done: subprocess.CompletedProcess[bytes] = subprocess.run(
            words, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, check=False, **drop
        )
    if check and done.returncode != 0:
        raise RuntimeError(f"{Path(words[0]).name} failed; {log} says why")
    return done


def _program_of(pid: int) -> str:
    """Name of a live process's program; blank when there is none, or only its remains that nobody has reaped."""
    if Path("/proc/self").exists():
        try:
            status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if status["State"].startswith("Z") else status["Name"]
    found = subprocess.run(["ps", "-p", str(pid), "-o", "comm="], check=False, capture_output=True, text=True)
    return Path(found.stdout.strip()).name
