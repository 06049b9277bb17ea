"""The writer's new rows: structs whose fields are the columns of their table. `wire.put` sends them as they are."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec

from pathways.facts import Fact
from pathways.writing.changes import NewEvent, NewMatter
from pathways.writing.state import JourneyState, StayState


class EventRow(msgspec.Struct, gc=False):
    id: int | None
    patient_id: int
    kind: str
    lineage: str
    rank: int
    issued_at: datetime | None
    message_at: datetime | None
    digest: str
    retracted: bool
    grade: int
    basis: Any
    occurred_lo: datetime
    occurred_hi: datetime
    assumed_zone: bool
    recorded_at: datetime | None
    received_at: datetime
    inbound_id: int | None
    by_id: int | None
    keys: tuple[str, ...]
    body: dict[str, Any]


class JourneyRow(msgspec.Struct, gc=False):
    id: int
    uid: uuid.UUID
    patient_id: int
    pathway: str
    version_id: int
    primary_group: str
    episode_no: int
    episode_kind: str
    laterality: str
    entry: str
    found_by: str
    home_site_id: int
    accountable_id: int | None
    prevalent: bool
    opened_at: datetime
    observed_from: datetime | None
    phase: str
    status: str
    outcome: str
    exit_reason: str
    exit_class: str
    ended_at: datetime | None
    identified_at: datetime | None
    ordered_at: datetime | None
    sampled_at: datetime | None
    resulted_at: datetime | None
    decided_at: datetime | None
    started_at: datetime | None
    milestones: dict[str, Any]
    ball: str
    balls: list[Any]
    held_until: datetime | None
    hold_reason: str
    context: dict[str, Any]
    context_digest: str
    anomalies: list[Any]
    replayed_at: datetime


class BindingRow(msgspec.Struct, gc=False):
    event_id: int
    journey_id: int
    attached: bool
    by_id: int | None
    how: str
    at: datetime


class StayRow(msgspec.Struct, gc=False):
    id: int
    journey_id: int
    stage_id: int
    track: str
    occurrence: int
    root_lineage: str
    entered_at: datetime
    due_at: datetime | None
    left_at: datetime | None
    left_by: str
    rung_at: list[datetime | None]
    attention_at: datetime | None
    rang_through: datetime | None
    round: int
    feed_id: int | None
    gated: bool
    release: bool
    superseded: str = ""
    set_aside: str = ""
    failures: int = 0


class StayRevisionRow(msgspec.Struct, gc=False):
    stay_id: int
    field: str
    old: Any
    until_received: datetime


class JourneyRevisionRow(msgspec.Struct, gc=False):
    journey_id: int
    field: str
    old: Any
    until_received: datetime


class MatterRow(msgspec.Struct, gc=False):
    uid: uuid.UUID
    kind: str
    subject: str
    site_id: int
    patient_id: int | None
    journey_id: int | None
    detail: dict[str, Any]
    opened_at: datetime
    due_at: datetime
    rung_at: list[datetime]
    attention_at: datetime | None
    round: int
    mode: str
    release: bool
    reason: str = ""
    set_aside: str = ""
    failures: int = 0


def event(new: NewEvent, now: datetime) -> EventRow:
    fact: Fact = new.fact
    moment = fact.occurred
    return EventRow(
        fact.id,
        new.patient_id,
        fact.kind,
        fact.lineage,
        fact.rank,
        fact.issued_at or fact.message_at,
        fact.message_at,
        fact.digest,
        fact.retracted,
        fact.grade,
        fact.basis,
        moment.lo,
        moment.hi,
        moment.assumed_zone,
        fact.recorded_at,
        fact.received_at or now,
        new.inbound_id,
        new.by_id,
        fact.keys,
        fact.body,
    )


def journey(opened: JourneyState, now: datetime) -> JourneyRow:
    return JourneyRow(
        id=opened.id,
        uid=uuid.uuid4(),
        patient_id=opened.patient_id,
        pathway=opened.pathway,
        version_id=opened.version_id,
        primary_group=opened.primary_group,
        episode_no=opened.episode_no,
        episode_kind="initial",
        laterality=opened.laterality,
        entry=opened.entry,
        found_by=opened.found_by,
        home_site_id=opened.home_site_id,
        accountable_id=opened.accountable_id,
        prevalent=opened.prevalent,
        opened_at=opened.opened_at,
        observed_from=opened.observed_from,
        context={},
        replayed_at=now,
        **opened.columns,
    )


def stay(journey_id: int, begun: StayState) -> StayRow:
    return StayRow(
        begun.id,
        journey_id,
        begun.stage_id,
        begun.track,
        begun.occurrence,
        begun.root_lineage,
        begun.entered_at,
        begun.due_at,
        begun.left_at,
        begun.left_by,
        begun.rung_at,
        begun.attention_at,
        begun.rang_through,
        begun.round,
        begun.feed_id,
        begun.gated,
        begun.release,
    )


def matter(asked: NewMatter) -> MatterRow:
    return MatterRow(
        uid=uuid.uuid4(),
        kind=asked.kind,
        subject=asked.subject,
        site_id=asked.site_id,
        patient_id=asked.patient_id,
        journey_id=asked.journey_id,
        detail=asked.detail,
        opened_at=asked.opened_at,
        due_at=asked.due_at,
        rung_at=asked.rung_at,
        attention_at=asked.rung_at[0] if asked.rung_at else None,
        round=1,
        mode=asked.mode,
        release=asked.release,
    )
