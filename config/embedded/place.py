"""Where the embedded services of this checkout live, and as whom they run.

Everything follows from the path of the checkout and the user, so that settings can name the addresses without starting
anything, and two checkouts never meet. An ordinary user's data lies in `.finalmile/` of the checkout. PostgreSQL refuses to run
as root; for root the servers run as `nobody`, which may be unable to reach the checkout, so the data lies in /var/tmp.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import tempfile
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
DATABASE = "finalmile"
OWNER_ROLE = "finalmile_owner"
APP_ROLE = "finalmile_app"
LONGEST_SOCKET_DIR = 80  # the kernel allows 107 bytes for a socket's whole path


@dataclass(frozen=True)
class Account:
    """The system user that runs the servers."""

    uid: int
    gid: int


def account() -> Account:
    """Ourselves, or `nobody` where we are root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534)
    return Account(entry.pw_uid, entry.pw_gid)


@dataclass(frozen=True)
class Place:
    """One set of services: a directory for their data, logs and leases, and a directory for their sockets."""

    home: Path
    sockets: Path

    def url(self, role: str) -> str:
        """Address of the database, in the form that libpq, psql and settings all read."""
        return f"postgres://{role}@/{DATABASE}?host={self.sockets}"

    @property
    def owner_url(self) -> str:
        return self.url(OWNER_ROLE)

    @property
    def app_url(self) -> str:
        return self.url(APP_ROLE)

    @property
    def redis_url(self) -> str:
        return f"unix://{self.sockets}/valkey.sock?db=0"

    def make(self) -> None:
        """Create both directories for the account alone. Never touches the mode of a directory above."""
        for directory in dict.fromkeys([self.home, self.sockets]):
            _private(directory)


def of_checkout() -> Place:
    """The place of the demo and of everyday commands."""
    for_root = Path("/var/tmp") / f"finalmile-{_name()}"  # noqa: S108 (private by mode, and `_private` checks its owner)
    home = for_root if os.geteuid() == 0 else CHECKOUT / ".finalmile"
    return Place(home, _socket_dir(home))


def scratch(name: str) -> Place:
    """A place of its own for one run of tests or of a benchmark."""
    home = of_checkout().home / "scratch" / name
    return Place(home, _socket_dir(home))


def _socket_dir(home: Path) -> Path:
    if len(str(home)) <= LONGEST_SOCKET_DIR:
        return home / "run"
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"finalmile-{os.geteuid()}-{digest}"


def _name() -> str:
    return hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:12]


def _private(directory: Path) -> None:
    owner = account()
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(path, owner.uid, owner.gid)
    found = directory.lstat()
    if found.st_uid not in (owner.uid, os.geteuid()) or directory.is_symlink():
        raise PermissionError(f"{directory} belongs to someone else")
