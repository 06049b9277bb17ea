"""Who still needs the servers: a shared file lock per user process.

The kernel lets go of a lock when its process ends, however it ends. So there is no list of pids that a kill -9 could leave
behind: whoever can take the lock alone is the last one, and stops the servers.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(path: str | os.PathLike[str]) -> Iterator[None]:
    """One process at a time."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Lease:
    """Held from `take` to `give_back`; any number of processes may hold it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.handle: int | None = None

    def take(self) -> None:
        self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self.handle, fcntl.LOCK_SH)

    def give_back(self) -> None:
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None

    def nobody_holds_it(self) -> bool:
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            os.close(handle)
