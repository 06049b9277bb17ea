"""What replay says of a journey: where it waited, since when, until when, and what each wait is due."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

PHASES = ("identified", "ordered", "sampled", "resulted", "decided", "started")


class Calendar(msgspec.Struct, frozen=True):
    """A site's working days and hours. `holidays` are local dates; `opens`/`closes` are local hours of a working day."""

    zone: str = "America/New_York"
    holidays: frozenset[date] = frozenset()
    opens: int = 9
    closes: int = 17


class Context(msgspec.Struct, frozen=True):
    """All that replay may read beside definition and facts. Its digest is stored on the journey.

    `anchors` are further named times (birth, admission); `entry` is how the journey began (`suspected`, `advanced` ...).
    """

    calendar: Calendar = Calendar()
    opened_at: datetime | None = None
    entry: str = ""
    birth: date | None = None
    anchors: dict[str, datetime] = {}


class StayLine(msgspec.Struct, frozen=True):
    """One wait. `rung_at[n]` is when rung n of the stage's ladder is to ring; None where a hold or rule took it away.

    `version` is the number of the version whose stage it is.
    """

    track: str
    stage: str
    occurrence: int
    root_lineage: str
    entered_at: datetime
    due_at: datetime | None
    left_at: datetime | None
    left_by: str
    rung_at: tuple[datetime | None, ...]
    version: int = 0


class MilestoneLine(msgspec.Struct, frozen=True):
    """`state` is reached, implied, not_applicable or unknown; `basis` the lineage of the fact that says so."""

    name: str
    state: str
    at: datetime | None
    basis: str


class BallSpan(msgspec.Struct, frozen=True):
    """Whom everyone waited for, from `since` until `until` (None: still)."""

    party: str
    since: datetime
    until: datetime | None


class HoldSpan(msgspec.Struct, frozen=True):
    reason: str
    since: datetime
    until: datetime | None
    review_at: datetime | None
    party: str = ""


class Anomaly(msgspec.Struct, frozen=True):
    """Something a person may want to look at: a fact no track takes, a negative interval, a move that its guard refused."""

    rule: str
    lineage: str
    detail: str


class Timeline(msgspec.Struct, frozen=True):
    """The whole answer of replay, in time order. `matters` are (kind, subject) pairs that a person must settle.

    `version` is the number of the version in force at the end.
    """

    stays: tuple[StayLine, ...]
    milestones: dict[str, MilestoneLine]
    phase: str
    status: str
    outcome: str = ""
    exit_reason: str = ""
    exit_class: str = ""
    ended_at: datetime | None = None
    balls: tuple[BallSpan, ...] = ()
    holds: tuple[HoldSpan, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    matters: tuple[tuple[str, str], ...] = ()
    version: int = 0
