"""Writes `Changes` with set-based statements: a fixed number of them whatever the size of the batch, few rows all in one trip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

import msgspec

from pathways import alerts
from pathways.models import Journey
from pathways.models.edges import edges
from pathways.writing import ordered, rows
from pathways.writing.changes import Changes
from pathways.writing.state import JourneyState, StayState
from pathways.writing.wire import execute, one_trip, put, when_answered

UPDATE_JOURNEYS = """
WITH wanted AS (SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
        id bigint, phase text, status text, outcome text, exit_reason text, exit_class text, ended_at timestamptz,
        identified_at timestamptz, ordered_at timestamptz, sampled_at timestamptz, resulted_at timestamptz, decided_at timestamptz,
        started_at timestamptz, milestones jsonb, ball text, balls jsonb, held_until timestamptz, hold_reason text, context_digest text,
        anomalies jsonb, responsible_id bigint, names_responsible boolean)),
     phases (source, target) AS (SELECT * FROM unnest(%(phase_from)s::text[], %(phase_to)s::text[])),
     statuses (source, target) AS (SELECT * FROM unnest(%(status_from)s::text[], %(status_to)s::text[]))
UPDATE pathways_journey j
SET phase = w.phase, status = w.status, outcome = w.outcome, exit_reason = w.exit_reason, exit_class = w.exit_class,
    ended_at = w.ended_at, identified_at = w.identified_at, ordered_at = w.ordered_at, sampled_at = w.sampled_at,
    resulted_at = w.resulted_at, decided_at = w.decided_at, started_at = w.started_at, milestones = w.milestones, ball = w.ball,
    balls = w.balls, held_until = w.held_until, hold_reason = w.hold_reason, context_digest = w.context_digest, anomalies = w.anomalies,
    responsible_id = CASE WHEN w.names_responsible THEN w.responsible_id ELSE j.responsible_id END, replayed_at = %(now)s
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


NOTHING: Mapping[str, Sequence[msgspec.Struct]] = MappingProxyType({})


def store(changes: Changes, *, now: datetime, beside: Mapping[str, Sequence[msgspec.Struct]] = NOTHING) -> None:
    """Stores everything; the caller owns the transaction. `beside`: new rows of other tables that go in with ours.

    Raises:
        IllegalMove: a phase or status would change along an edge that the state machine does not have.
    """
    with one_trip():
        teams = ordered.decide(changes.ordered, changes.clinicians, now=now)
        ordered.end(teams)
        moving = [journey for journey in changes.journeys.values() if not journey.is_new]
        _update_journeys(moving, teams.responsible, now)
        _point("pathways_journey", "version_id", changes.repinned)
        _supersede(changes.superseded)
        _point("pathways_stay", "stage_id", changes.restaged)
        _update_stays(changes.stays)
        # after the stays that end: a journey's track may have one open stay at any instant
        put({**beside, **new_rows(changes, now=now), "pathways_careteam": teams.begun})
        _point("pathways_journey", "responsible_id", {pk: who for pk, who in teams.responsible.items() if pk not in changes.journeys})
        for reason, stay_ids in changes.withdrawn_stays.items():
            alerts.withdraw_of_stays(stay_ids, reason=reason, now=now)
        for reason, matter_ids in changes.closed_matters.items():
            close_matters(matter_ids, reason=reason, now=now)
        if changes.turns:
            _note_turns(changes.turns)


def new_rows(changes: Changes, *, now: datetime) -> dict[str, Sequence[msgspec.Struct]]:
    """By table; rows refer to each other by ids that were drawn beforehand."""
    return {
        "pathways_event": [rows.event(new, now) for new in changes.events],
        "pathways_journey": [rows.journey(journey, now) for journey in changes.new_journeys],
        "pathways_binding": [rows.BindingRow(*binding, now) for binding in changes.bindings],
        "pathways_stay": [rows.stay(journey_id, stay) for journey_id, stay in changes.new_stays],
        "pathways_stayrevision": [rows.StayRevisionRow(*said, now) for said in changes.stay_revisions],
        "pathways_journeyrevision": list(_journey_revisions(changes, now)),
        "pathways_matter": [rows.matter(matter) for matter in changes.matters],
    }


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


def _update_journeys(journeys: list[JourneyState], responsible: Mapping[int, int | None], now: datetime) -> None:
    if not journeys:
        return
    params: dict[str, Any] = {
        "rows": _json([_moved(journey, responsible) for journey in journeys]),
        "now": now,
        **_edges("phase"),
        **_edges("status"),
    }
    moved = execute(UPDATE_JOURNEYS, params)

    def check() -> None:
        if moved.rowcount != len(journeys):
            raise IllegalMove(f"{len(journeys) - moved.rowcount} journeys would leave their state machine")

    when_answered(check)


@cache
def _edges(column: str) -> dict[str, str]:
    """As arrays that the server reads: the driver would write them out anew for each message."""
    sources, targets = zip(*edges(Journey, column), strict=True)
    return {f"{column}_from": "{" + ",".join(sources) + "}", f"{column}_to": "{" + ",".join(targets) + "}"}


def _moved(journey: JourneyState, responsible: Mapping[int, int | None]) -> dict[str, Any]:
    row = {"id": journey.id, **journey.columns}
    return {**row, "names_responsible": True, "responsible_id": responsible[journey.id]} if journey.id in responsible else row


def _update_stays(stays: list[StayState]) -> None:
    """Those that end come first: a journey's track may have one open stay at any instant."""
    for some in ([stay for stay in stays if stay.left_at], [stay for stay in stays if not stay.left_at]):
        if some:
            execute(UPDATE_STAYS, [_json(some)])


def _supersede(superseded: list[tuple[int, str]]) -> None:
    if superseded:
        execute(
            "UPDATE pathways_stay s SET superseded = w.why, attention_at = NULL "
            "FROM unnest(%s::bigint[], %s::text[]) AS w (id, why) WHERE s.id = w.id",
            [[stay_id for stay_id, _ in superseded], [why for _, why in superseded]],
        )


def _point(table: str, column: str, targets: Mapping[int, int | None]) -> None:
    """Changes what a journey or a stay refers to."""
    if targets:
        sql = f"UPDATE {table} t SET {column} = w.target FROM unnest(%s::bigint[], %s::bigint[]) AS w (id, target) WHERE t.id = w.id"
        execute(sql, [list(targets), list(targets.values())])


def _journey_revisions(changes: Changes, now: datetime) -> Iterable[rows.JourneyRevisionRow]:
    """What each journey said before; of a new one, that it was not there."""
    yield from (rows.JourneyRevisionRow(journey.id, "created", None, now) for journey in changes.new_journeys)
    yield from (rows.JourneyRevisionRow(*said, now) for said in changes.journey_revisions)
