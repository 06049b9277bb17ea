"""One clock for all processes of a chaos run: a file that only the driver writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path


class Clock:
    """Stands still until it is moved, so that a lease of two minutes runs out when the run says so, not when the machine is slow."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def now(self) -> datetime:
        return datetime.fromisoformat(self.path.read_text())

    def set(self, now: datetime) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_text(now.isoformat())
        fresh.replace(self.path)  # a reader sees the old or the new time, never half of one

    def move(self, by: timedelta) -> datetime:
        self.set(self.now() + by)
        return self.now()
