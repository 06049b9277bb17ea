"""A Valkey server of our own, on a unix socket. It keeps nothing: PostgreSQL is the queue of record."""

from __future__ import annotations

import contextlib
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from . import binaries
from .place import Place
from .postgres import run

START_SECONDS = 30


class Valkey:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.program = binaries.valkey(place.home)
        self.socket = place.sockets / "valkey.sock"

    def start(self) -> None:
        """Leave a ready server, adopted when one was left over."""
        if self.is_ready():
            return
        self.socket.unlink(missing_ok=True)
        home = str(self.place.home)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": home,
            "logfile": f"{home}/valkey.log",
            "pidfile": f"{home}/valkey.pid",
            "daemonize": "yes",
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        run([str(self.program), *words], cwd=self.place.home, log=self.place.home / "programs.log")
        self._wait(ready=True)

    def stop(self) -> None:
        if not self.is_ready():
            return
        with self._client() as client, contextlib.suppress(redis.ConnectionError):
            client.shutdown(nosave=True)
        self._wait(ready=False)

    def is_ready(self) -> bool:
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def pid(self) -> int:
        with self._client() as client:
            return int(client.info("server")["process_id"])

    def _client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5, retry=Retry(NoBackoff(), 0))

    def _wait(self, *, ready: bool) -> None:
        end = time.monotonic() + START_SECONDS
        while self.is_ready() is not ready:
            if time.monotonic() > end:
                raise RuntimeError(f"Valkey did not {'start' if ready else 'stop'}; {self.place.home / 'valkey.log'} says why")
            time.sleep(0.02)
