"""What truly happened to one invented person: steps in time, written down as the story goes."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from .people import SyntheticPerson

ZONES = {"harbor": "America/New_York", "prairie": "America/Chicago"}


class Step(msgspec.Struct, frozen=True):
    """Something that happened. `kind` is a kind of event (`pathways.kinds`); `data` what a message about it would say.

    `told` is how the product may come to know: by `message`, by an `act` of staff, or `unseen`.
    """

    kind: str
    at: datetime
    data: dict[str, Any] = {}
    told: str = "message"


class Course(msgspec.Struct, frozen=True):
    """One person's true way through one programme. `fate` is where it was to end, whether or not today is past that."""

    person: SyntheticPerson
    pathway: str
    fate: str
    steps: tuple[Step, ...]

    def until(self, today: datetime) -> list[Step]:
        return [step for step in self.steps if step.at <= today]

    def first(self, kind: str, today: datetime) -> Step | None:
        return next((step for step in self.steps if step.kind == kind and step.at <= today), None)


class Pen:
    """Writes steps forward in time. Waits are log-normal about a median; clinics work on weekdays from nine to five."""

    def __init__(self, person: SyntheticPerson, dice: random.Random, start: datetime) -> None:
        self.person = person
        self.dice = dice
        self.zone = ZoneInfo(ZONES[person.site])
        self.now = self.in_hours(start)
        self.steps: list[Step] = []
        self.collected: dict[str, datetime] = {}
        self._ids = 0

    def write(self, kind: str, at: datetime | None = None, told: str = "message", **data: Any) -> Step:
        step = Step(kind, at or self.now, data, told)
        self.steps.append(step)
        return step

    def collect(self, accession: str, at: datetime | None = None, **data: Any) -> None:
        """A specimen is taken; later reports on it carry when."""
        self.collected[accession] = at or self.now
        self.write("specimen_collected", at, id=accession, **data)

    def report(self, kind: str, accession: str, at: datetime | None = None, **data: Any) -> None:
        """A laboratory reports on a specimen."""
        self.write(kind, at, accession=accession, collected=self.collected[accession], **data)

    def wait(self, median_days: float, spread: float = 0.6) -> datetime:
        """Move on by about so many days, to an hour when somebody works."""
        self.now = self.in_hours(self.now + timedelta(days=median_days * math.exp(self.dice.gauss(0, spread))))
        return self.now

    def after(self, median_days: float, spread: float = 0.6) -> datetime:
        """A moment later than now, without moving on."""
        return self.in_hours(self.now + timedelta(days=median_days * math.exp(self.dice.gauss(0, spread))))

    def chance(self, probability: float) -> bool:
        return self.dice.random() < probability

    def id(self, prefix: str) -> str:
        """An identifier of the hospital's or laboratory's, unique over the cohort."""
        self._ids += 1
        return f"{prefix}{self.person.mrn}{self._ids:02d}"

    def in_hours(self, moment: datetime) -> datetime:
        """`moment`, or the next morning that is a weekday's."""
        local = moment.astimezone(self.zone)
        if local.hour >= 17 or local.weekday() > 4:
            local = (local + timedelta(days=1)).replace(hour=9)
        while local.weekday() > 4:
            local += timedelta(days=1)
        if local.hour < 9:
            local = local.replace(hour=9)
        return local.replace(second=0, microsecond=0).astimezone(UTC)

    def course(self, pathway: str, fate: str) -> Course:
        return Course(self.person, pathway, fate, tuple(sorted(self.steps, key=lambda step: step.at)))
