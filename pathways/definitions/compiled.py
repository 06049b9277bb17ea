"""A definition as the pure core runs it: plain tuples, look-ups by kind and closures. `compile` makes it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from pathways.deadlines import Duration
from pathways.definitions import schema
from pathways.definitions.guards import Matches, Test
from pathways.timeline import MilestoneLine, Timeline


class Rung(msgspec.Struct, frozen=True, eq=False):
    """A planned reaction at a signed offset from due."""

    n: int
    at: Duration
    to: str
    wording: str
    priority: int
    catch_up: str
    expires_after: timedelta | None
    every: timedelta | None
    answer_within: timedelta
    problem: str
    unless: Test | None
    trial: schema.Trial | None = None
    channels: tuple[str, ...] = ("sms",)
    quiet_hours: bool = False

    @property
    def is_text(self) -> bool:
        return self.to == "patient"


class Move(msgspec.Struct, frozen=True, eq=False):
    """`to` is the key of a stage, `end`, or empty: the wait goes on. `opens` are keys of stages, `closes` names of tracks."""

    when: Test | None
    grade: int
    to: str
    closed_as: str
    opens: tuple[str, ...]
    closes: tuple[str, ...]
    completes: str
    exits: str
    reaches_out: bool


class Stage(msgspec.Struct, frozen=True, eq=False):
    """A place to wait. `on` are its moves by kind and `always` those that need no kind; both include the track's own.

    `minds` are the milestones and tracks that `always` asks for: unless one of them changed, nothing there can have become true.
    """

    track: str
    name: str
    key: str
    label: str
    phase: str
    awaits: tuple[str, ...]
    within: Duration | None
    review_after: Duration | None
    anchor: tuple[str, str]
    source: dict[str, Any] | None
    ball: str
    problem: str
    blocks: bool
    watch: bool
    ladder: tuple[Rung, ...]
    on: dict[str, tuple[Move, ...]]
    always: tuple[Move, ...]
    texts: tuple[int, ...]
    guarded: tuple[tuple[int, Test], ...]
    mark: str
    minds: frozenset[str]
    recurs: bool = False
    version: int = 0

    @property
    def is_scheduled(self) -> bool:
        """Its deadline is the schedule's: a hold silences it and moves it not."""
        return self.recurs and self.anchor == ("field", "due")


class Schedule(msgspec.Struct, frozen=True, eq=False):
    """`repeats`: how far apart, how often. `met_by`: kind, guard over the fact, least grade."""

    anchor: tuple[str, ...]
    repeats: tuple[tuple[Duration, int], ...]
    window: Duration
    met_by: tuple[tuple[str, Test | None, int], ...]
    undone_by: frozenset[str]
    ends_with: tuple[str, ...]


class Track(msgspec.Struct, frozen=True, eq=False):
    name: str
    takes: Test | None
    start: str
    opens: dict[str, tuple[Move, ...]]
    listens: frozenset[str]


class Milestone(msgspec.Struct, frozen=True, eq=False):
    name: str
    label: str
    phase: str
    spine: bool
    not_applicable: Test | None


class Reach(msgspec.Struct, frozen=True, eq=False):
    """A kind reaches (or takes back) a milestone; `tracked` keeps every occasion, because one may be taken back."""

    milestone: str
    when: Test | None
    grade: int
    tracked: bool = False


class EnrolRule(msgspec.Struct, frozen=True, eq=False):
    entry: str
    kinds: frozenset[str]
    when: Test | None
    then: str
    clock: Duration | None
    group: str
    found_by: str
    to: str = "navigator"
    unless_on: frozenset[str] = frozenset()


class MatterRule(msgspec.Struct, frozen=True, eq=False):
    """A kind opens or closes a matter."""

    matter: str
    when: Test | None
    grade: int


class HoldRule(msgspec.Struct, frozen=True, eq=False):
    reason: str
    length: Duration
    ends: frozenset[str]
    party: str


class Plan(msgspec.Struct, frozen=True, eq=False):
    """All that a fact of one kind may do, found by one look-up."""

    reaches: tuple[Reach, ...]
    takes_back: tuple[Reach, ...]
    side_tracks: tuple[Track, ...]
    raises: tuple[MatterRule, ...]
    settles: tuple[MatterRule, ...]
    holds: bool
    acted_on: bool


class Definition(msgspec.Struct, frozen=True, eq=False):
    """A published version of a programme, ready to run. Compare by `digest`."""

    code: str
    number: int
    title: str
    digest: str
    primary_group: str
    entries: dict[str, schema.Entry]
    enrol: tuple[EnrolRule, ...]
    enrol_kinds: frozenset[str]
    look_back: Duration
    look_back_days: int
    death_ends: bool
    phase_labels: dict[str, str]
    listens: frozenset[str]
    hears: dict[str, Test | None]
    overhears: dict[str, Test | None]
    reasons: tuple[Matches, ...]
    tracks: dict[str, Track]
    schedules: dict[str, Schedule]
    stages: dict[str, Stage]
    minds: frozenset[str]
    plans: dict[str, Plan]
    milestones: dict[str, Milestone]
    unknown: dict[str, MilestoneLine]
    implies: dict[str, tuple[str, ...]]
    implied: frozenset[str]
    spine: tuple[Milestone, ...]
    not_applicable: tuple[tuple[str, Test], ...]
    funnels: dict[str, tuple[str, ...]]
    must_follow: tuple[tuple[str, str], ...]
    targets: tuple[schema.Target, ...]
    holds: dict[str, HoldRule]
    late: frozenset[str]
    acted_after: tuple[str, ...]
    completions: dict[str, str]
    exits: dict[str, str]

    def phase_times(self, timeline: Timeline) -> dict[str, datetime | None]:
        """First time of every phase of this programme's spine; None where it is not reached, not even implied."""
        return {one.phase: timeline.milestones[one.name].at for one in self.spine}
