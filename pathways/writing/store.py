"""Writes `Changes` with set-based statements: a fixed number of them whatever the size of the batch, few rows all in one trip."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from pathways import alerts
from pathways.models import Journey
from pathways.models.edges import edges
from pathways.writing import ordered
from pathways.writing.changes import Changes, NewEvent, NewMatter
from pathways.writing.state import PHASE_TIMES, JourneyState, StayState
from pathways.writing.wire import execute, one_trip, put, when_answered

EVENT = (
    "id, patient_id, kind, lineage, rank, issued_at, message_at, digest, retracted, grade, basis, occurred_lo, occurred_hi, "
    "assumed_zone, recorded_at, received_at, inbound_id, by_id, keys, body"
)
BINDING = "event_id, journey_id, attached, by_id, how, at"
JOURNEY = (
    "id, uid, patient_id, pathway, version_id, primary_group, episode_no, episode_kind, laterality, entry, found_by, home_site_id, "
    "accountable_id, prevalent, opened_at, observed_from, phase, status, outcome, exit_reason, exit_class, ended_at, identified_at, ordered_at, "
    "sampled_at, resulted_at, decided_at, started_at, milestones, ball, balls, held_until, hold_reason, context, context_digest, anomalies, replayed_at"
)
STAY = (
    "id, journey_id, stage_id, track, occurrence, root_lineage, entered_at, due_at, left_at, left_by, rung_at, attention_at, "
    "rang_through, round, feed_id, gated, release, superseded, set_aside, failures"
)
MATTER = (
    "uid, kind, subject, site_id, patient_id, journey_id, detail, opened_at, due_at, rung_at, attention_at, round, mode, release, reason, "
    "set_aside, failures"
)
UPDATE_JOURNEYS = """
WITH wanted AS (SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
        id bigint, phase text, status text, outcome text, exit_reason text, exit_class text, ended_at timestamptz,
        identified_at timestamptz, ordered_at timestamptz, sampled_at timestamptz, resulted_at timestamptz, decided_at timestamptz,
        started_at timestamptz, milestones jsonb, ball text, balls jsonb, held_until timestamptz, hold_reason text, context_digest text,
        anomalies jsonb)),
     phases (source, target) AS (SELECT * FROM unnest(%(phase_from)s::text[], %(phase_to)s::text[])),
     statuses (source, target) AS (SELECT * FROM unnest(%(status_from)s::text[], %(status_to)s::text[]))
UPDATE pathways_journey j
SET phase = w.phase, status = w.status, outcome = w.outcome, exit_reason = w.exit_reason, exit_class = w.exit_class,
    ended_at = w.ended_at, identified_at = w.identified_at, ordered_at = w.ordered_at, sampled_at = w.sampled_at,
    resulted_at = w.resulted_at, decided_at = w.decided_at, started_at = w.started_at, milestones = w.milestones, ball = w.ball,
    balls = w.balls, held_until = w.held_until, hold_reason = w.hold_reason, context_digest = w.context_digest, anomalies = w.anomalies,
    replayed_at = %(now)s
FROM wanted w
WHERE j.id = w.id
  AND (j.phase = w.phase OR EXISTS (SELECT FROM phases p WHERE p.source = j.phase AND p.target = w.phase))
  AND (j.status = w.status OR EXISTS (SELECT FROM statuses t WHERE t.source = j.status AND t.target = w.status))
"""
UPDATE_STAYS = """
UPDATE pathways_stay s
SET occurrence = w.occurrence, root_lineage = w.root_lineage, entered_at = w.entered_at, due_at = w.due_at, left_at = w.left_at,
    left_by = w.left_by, rung_at = w.rung_at, attention_at = w.attention_at, rang_through = w.rang_through, round = w.round,
    feed_id = w.feed_id, gated = w.gated, release = w.release
FROM jsonb_to_recordset(%s::jsonb) AS w (
    id bigint, occurrence smallint, root_lineage text, entered_at timestamptz, due_at timestamptz, left_at timestamptz,
    left_by text, rung_at timestamptz[], attention_at timestamptz, rang_through timestamptz, round smallint, feed_id bigint,
    gated boolean, release boolean)
WHERE s.id = w.id
"""


TURNS = """
INSERT INTO pathways_turn (journey_id, at, set_aside, failures) SELECT w.id, w.at, '', 0 FROM unnest(%s::bigint[], %s::timestamptz[]) AS w (id, at)
ON CONFLICT (journey_id) DO UPDATE SET at = EXCLUDED.at, set_aside = '', failures = 0
"""


class IllegalMove(Exception):
    """A journey was to make a move that its state machine forbids; the transaction must not commit."""


def store(changes: Changes, *, now: datetime) -> None:
    """Stores everything; the caller owns the transaction.

    Raises:
        IllegalMove: a phase or status would change along an edge that the state machine does not have.
    """
    with one_trip():
        put("pathways_event", EVENT, (_event(new, now) for new in changes.events))
        put("pathways_journey", JOURNEY, (_new_journey(journey, now) for journey in changes.new_journeys))
        put("pathways_binding", BINDING, ((e, j, on, by, how, now) for e, j, on, by, how in changes.bindings))
        moving = [journey for journey in changes.journeys.values() if not journey.is_new]
        _update_journeys(moving, now)
        _point("pathways_journey", "version_id", changes.repinned)
        _supersede(changes.superseded)
        _point("pathways_stay", "stage_id", changes.restaged)
        _update_stays(changes.stays)
        put("pathways_stay", STAY, (_new_stay(journey_id, stay) for journey_id, stay in changes.new_stays))
        put("pathways_stayrevision", "stay_id, field, old, until_received", _revisions(changes.stay_revisions, now))
        put("pathways_journeyrevision", "journey_id, field, old, until_received", _revisions(_journey_revisions(changes), now))
        for reason, stay_ids in changes.withdrawn_stays.items():
            alerts.withdraw_of_stays(stay_ids, reason=reason, now=now)
        for reason, matter_ids in changes.closed_matters.items():
            close_matters(matter_ids, reason=reason, now=now)
        put("pathways_matter", MATTER, (_new_matter(matter) for matter in changes.matters))
        if changes.turns:
            _note_turns(changes.turns)
        ordered.store(changes.ordered, now=now)


def close_matters(matter_ids: Sequence[int], *, reason: str, now: datetime, by_id: int | None = None) -> None:
    """Closes matters and withdraws their alerts."""
    execute(
        "UPDATE pathways_matter SET closed_at = %s, reason = %s, closed_by_id = %s, attention_at = NULL "
        "WHERE id = ANY(%s) AND closed_at IS NULL",
        [now, reason, by_id, list(matter_ids)],
    )
    alerts.withdraw_of_matters(matter_ids, reason=alerts.CLOSED, now=now)


def _note_turns(turns: Mapping[int, datetime | None]) -> None:
    """When each journey's schedule next speaks; None: never again."""
    execute("DELETE FROM pathways_turn WHERE journey_id = ANY(%s)", [[pk for pk, at in turns.items() if at is None]])
    execute(TURNS, [[pk for pk, at in turns.items() if at], [at for at in turns.values() if at]])


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _event(new: NewEvent, now: datetime) -> tuple[Any, ...]:
    fact = new.fact
    return (
        fact.id,
        new.patient_id,
        fact.kind,
        fact.lineage,
        int(fact.rank),
        fact.issued_at or fact.message_at,
        fact.message_at,
        fact.digest,
        fact.retracted,
        int(fact.grade),
        None if fact.basis is None else _json(fact.basis),
        fact.occurred.lo,
        fact.occurred.hi,
        fact.occurred.assumed_zone,
        fact.recorded_at,
        fact.received_at or now,
        new.inbound_id,
        new.by_id,
        list(fact.keys),
        _json(fact.body),
    )


def _new_journey(journey: JourneyState, now: datetime) -> tuple[Any, ...]:
    c = journey.columns
    return (
        journey.id,
        uuid.uuid4(),
        journey.patient_id,
        journey.pathway,
        journey.version_id,
        journey.primary_group,
        journey.episode_no,
        "initial",
        journey.laterality,
        journey.entry,
        journey.found_by,
        journey.home_site_id,
        journey.accountable_id,
        journey.prevalent,
        journey.opened_at,
        journey.observed_from,
        c["phase"],
        c["status"],
        c["outcome"],
        c["exit_reason"],
        c["exit_class"],
        c["ended_at"],
        *(c[name] for name in PHASE_TIMES),
        _json(c["milestones"]),
        c["ball"],
        _json(c["balls"]),
        c["held_until"],
        c["hold_reason"],
        "{}",
        c["context_digest"],
        _json(c["anomalies"]),
        now,
    )


def _update_journeys(journeys: list[JourneyState], now: datetime) -> None:
    if not journeys:
        return
    phases, statuses = edges(Journey, "phase"), edges(Journey, "status")
    params: dict[str, Any] = {
        "rows": _json([{"id": journey.id, **journey.columns} for journey in journeys]),
        "now": now,
        "phase_from": [source for source, _ in phases],
        "phase_to": [target for _, target in phases],
        "status_from": [source for source, _ in statuses],
        "status_to": [target for _, target in statuses],
    }
    moved = execute(UPDATE_JOURNEYS, params)

    def check() -> None:
        if moved.rowcount != len(journeys):
            raise IllegalMove(f"{len(journeys) - moved.rowcount} journeys would leave their state machine")

    when_answered(check)


def _update_stays(stays: list[StayState]) -> None:
    """Those that end come first: a journey's track may have one open stay at any instant."""
    for some in ([stay for stay in stays if stay.left_at], [stay for stay in stays if not stay.left_at]):
        if some:
            execute(UPDATE_STAYS, [_json(some)])


def _new_stay(journey_id: int, stay: StayState) -> tuple[Any, ...]:
    return (
        stay.id,
        journey_id,
        stay.stage_id,
        stay.track,
        stay.occurrence,
        stay.root_lineage,
        stay.entered_at,
        stay.due_at,
        stay.left_at,
        stay.left_by,
        stay.rung_at,
        stay.attention_at,
        stay.rang_through,
        stay.round,
        stay.feed_id,
        stay.gated,
        stay.release,
        "",
        "",
        0,
    )


def _supersede(superseded: list[tuple[int, str]]) -> None:
    if superseded:
        execute(
            "UPDATE pathways_stay s SET superseded = w.why, attention_at = NULL "
            "FROM unnest(%s::bigint[], %s::text[]) AS w (id, why) WHERE s.id = w.id",
            [[stay_id for stay_id, _ in superseded], [why for _, why in superseded]],
        )


def _point(table: str, column: str, targets: dict[int, int]) -> None:
    """Only migrations change what a journey or a stay refers to."""
    if targets:
        sql = f"UPDATE {table} t SET {column} = w.target FROM unnest(%s::bigint[], %s::bigint[]) AS w (id, target) WHERE t.id = w.id"
        execute(sql, [list(targets), list(targets.values())])


def _journey_revisions(changes: Changes) -> Iterable[tuple[int, str, Any]]:
    """What each journey said before; of a new one, that it was not there."""
    yield from ((journey.id, "created", None) for journey in changes.new_journeys)
    yield from changes.journey_revisions


def _revisions(revisions: Iterable[tuple[int, str, Any]], now: datetime) -> Iterable[tuple[Any, ...]]:
    return ((row_id, name, _json(old), now) for row_id, name, old in revisions)


def _new_matter(matter: NewMatter) -> tuple[Any, ...]:
    first = matter.rung_at[0] if matter.rung_at else None
    return (
        uuid.uuid4(),
        matter.kind,
        matter.subject,
        matter.site_id,
        matter.patient_id,
        matter.journey_id,
        _json(matter.detail),
        matter.opened_at,
        matter.due_at,
        matter.rung_at,
        first,
        1,
        matter.mode,
        matter.release,
        "",
        "",
        0,
    )
