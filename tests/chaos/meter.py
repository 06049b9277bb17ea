"""What each part of a run cost in seconds of a processor: read from /proc while it runs, so that what is killed is counted, too."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from pathlib import Path
from threading import Event, Thread

PAUSE = 0.5  # seconds; what a process used between the last look and its death is not seen
TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
NAMES = {
    "--schedule": "beats", "tests.chaos.hasty": "workers", "tests.chaos.usual": "workers", "gunicorn": "web", "config.simulator": "simulator",
    "postgres": "database", "valkey": "broker", "redis": "broker", "tests.chaos": "driver",
}  # fmt: skip
"""What the command line of a process must hold, the first that does."""


class Meter(Thread):
    """Looks at all processes that belong to this run: ourselves, our children and theirs, and the servers of its directory."""

    def __init__(self, home: Path) -> None:
        super().__init__(daemon=True, name="meter")
        self.home, self.over = str(home), Event()
        self.seen: dict[tuple[int, int], tuple[str, float]] = {}  # by process and when it began

    def run(self) -> None:
        while not self.over.wait(PAUSE):
            self.look()

    def look(self) -> None:
        found = {int(entry.name): _stat(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
        ours, roots = {os.getpid()}, {pid for pid in found if self.home in _words(pid)}
        ours |= roots
        grown = True
        while grown:
            more = {pid for pid, stat in found.items() if stat and stat[0] in ours} - ours
            grown, ours = bool(more), ours | more
        for pid in ours:
            if stat := found.get(pid):
                known = self.seen.get((pid, stat[1]))
                gone = known is not None and not _words(pid)  # dead and not yet buried: it keeps its name
                self.seen[pid, stat[1]] = (known[0] if gone and known else _part(pid, stat[0]), stat[2])

    def end(self) -> dict[str, float]:
        """Seconds by part."""
        self.look()
        self.over.set()
        spent: defaultdict[str, float] = defaultdict(float)
        for part, seconds in self.seen.values():
            spent[part] += seconds
        return {part: round(seconds, 1) for part, seconds in sorted(spent.items(), key=lambda one: -one[1])}


def _stat(entry: Path) -> tuple[int, int, float] | None:
    """Parent, beginning, seconds used."""
    with contextlib.suppress(OSError):
        words = (entry / "stat").read_text().rpartition(")")[2].split()
        return int(words[1]), int(words[19]), (int(words[11]) + int(words[12])) / TICK
    return None


def _words(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def _part(pid: int, parent: int) -> str:
    for words in (_words(pid), _words(parent)):
        for sign, name in NAMES.items():
            if sign in words:
                return name
    return "other"
