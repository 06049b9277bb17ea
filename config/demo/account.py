"""How the truth about one person is kept: one wait at a time on every track, told from the steps of the story."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from .course import Step


class Wait(msgspec.Struct, frozen=True):
    """Somebody waited in `stage` ("track.stage") from `entered` until `left` (None: still)."""

    stage: str
    entered: datetime
    left: datetime | None


class Account:
    """One wait at a time on every track; `enter` ends the one before."""

    def __init__(self) -> None:
        self.at: dict[str, tuple[str, datetime]] = {}
        self.done: list[Wait] = []
        self.known: set[str] = set()
        self.ended: datetime | None = None

    def where(self, track: str) -> str:
        return self.at[track][0] if track in self.at else ""

    def enter(self, track: str, stage: str, moment: datetime) -> None:
        self.leave(track, moment)
        self.at[track] = (stage, moment)

    def leave(self, track: str, moment: datetime) -> None:
        if track in self.at:
            stage, since = self.at.pop(track)
            self.done.append(Wait(f"{track}.{stage}", since, moment))

    def end(self, moment: datetime) -> None:
        for track in list(self.at):
            self.leave(track, moment)
        self.ended = moment

    def add(self, stage: str, entered: datetime, left: datetime | None) -> None:
        """A wait that no step began."""
        self.done.append(Wait(stage, entered, left))

    def look(self, zone: str, today: datetime) -> None:
        """What time alone decides by `today`."""

    def close(self) -> list[Wait]:
        return self.done + [Wait(f"{track}.{stage}", since, None) for track, (stage, since) in self.at.items()]

    def hear(self, step: Step) -> None:
        listener: Callable[[Step], None] | None = getattr(self, f"on_{step.kind}", None)
        if listener is not None:
            listener(step)
        self.known.add(step.kind)

    def on_death(self, step: Step) -> None:
        self.end(step.at)

    def on_exited(self, step: Step) -> None:
        self.end(step.at)
