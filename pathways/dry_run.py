"""What a draft would have made of the stored journeys of the last days, and what migrating to it now would set off. Changes nothing.

The past is replayed over the facts as they stand bound today: under the versions in force then, and under the draft as if it had always
been in force. Every rung is taken to have rung in its minute; a late feed, an outage or a hold of the programme at a site delays nothing
here. What would ring now is not computed so: there the writer itself runs in memory, and the sweep's own SELECT over what it leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from pathways import migrating
from pathways.definitions import registry
from pathways.definitions.compile import Definition, compile_body
from pathways.migrating import Plan, Row
from pathways.models import PathwayVersion
from pathways.retold import Misfit, Past, Wait, retell
from pathways.rollouts import RINGING
from pathways.supposing import Ladders, imaginary_desk, ladders, rings, suppose
from pathways.writing.desk import Incoming
from pathways.writing.house import House
from pathways.writing.load import load
from pathways.writing.state import JourneyState

NONE: Mapping[str, str] = {}
HOW = ("earlier", "later", "newly", "no_longer")


class Change(msgspec.Struct, frozen=True):
    """A stall that is found at another time: `before` is today's, `after` the draft's; None: not found."""

    journey_id: int
    problem: str
    before: datetime | None
    after: datetime | None


class Next(msgspec.Struct, frozen=True):
    """Migrating now: what each journey would do, and the alerts that the next sweep would make."""

    rows: tuple[Row, ...]
    alerts: tuple[dict[str, Any], ...]
    stays: dict[int, int]


class DryRun(msgspec.Struct, frozen=True):
    """`changes`: earlier, later, newly, no_longer. `today` and `draft` are the alerts of the window as each would have had them."""

    code: str
    title: str
    in_force: int
    since: datetime
    now: datetime
    journeys: int
    changes: dict[str, tuple[Change, ...]]
    misfits: tuple[Misfit, ...]
    today: tuple[dict[str, Any], ...]
    draft: tuple[dict[str, Any], ...]
    stays: dict[int, int]
    ladders: Ladders
    next: Next


def dry_run(body: Mapping[str, Any], *, days: int, now: datetime, clock: str = "recompute", stages: Mapping[str, str] = NONE) -> DryRun:
    """Runs a checked draft over the journeys that were open within the last `days` days.

    Raises:
        KeyError: no version of this programme was ever published, so there is nothing to compare with.
        ValueError: clock or stages cannot be.
    """
    house = House.load(now)
    in_force = registry.published()[str(body["code"])]
    draft = compile_body(body, number=_free_number(in_force.definition.code))
    suppose(house, draft)
    plan = _plan(draft, clock, stages)
    since = now - timedelta(days=days)
    past = retell(house, draft, since)
    known = ladders(house, draft.code)
    alerts = {side: tuple(_alerts(waits, known, since, now)) for side, waits in (("today", past.today), ("draft", past.draft))}
    return DryRun(
        code=draft.code,
        title=draft.title,
        in_force=in_force.definition.number,
        since=since,
        now=now,
        journeys=past.journeys,
        changes=_changes(past, since, now),
        misfits=tuple(past.misfits),
        today=alerts["today"],
        draft=alerts["draft"],
        stays={wait.id: wait.journey_id for wait in (*past.today, *past.draft)},
        ladders=known,
        next=_next(house, draft.code, plan, known, now),
    )


def _free_number(code: str) -> int:
    """No stored version has it, be it published or in the making."""
    return 1 + max(PathwayVersion.objects.filter(code=code).values_list("number", flat=True), default=0)


def _plan(draft: Definition, clock: str, stages: Mapping[str, str]) -> Plan:
    migrating.check(draft, clock=clock, stages=stages)
    return Plan(draft.number, clock, dict(stages))  # type: ignore[arg-type]


# the last days


def _changes(past: Past, since: datetime, now: datetime) -> dict[str, tuple[Change, ...]]:
    """Stalls by journey, problem and the fact that began the wait; only those that either side finds within the window."""
    before, after = _stalls(past.today, now), _stalls(past.draft, now)
    found: dict[str, list[Change]] = {how: [] for how in HOW}
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old == new or all(at is None or at < since for at in (old, new)):
            continue
        how = "newly" if old is None else "no_longer" if new is None else "earlier" if new < old else "later"
        found[how].append(Change(key[0], key[1], old, new))
    return {how: tuple(some) for how, some in found.items()}


def _stalls(waits: Iterable[Wait], now: datetime) -> dict[tuple[int, str, str], datetime]:
    return {(wait.journey_id, wait.stage.problem, wait.root): at for wait in waits if (at := wait.stalled_at(now)) is not None}


def _alerts(waits: Iterable[Wait], known: Ladders, since: datetime, now: datetime) -> Iterator[dict[str, Any]]:
    """Every rung and repetition that falls into the window while the wait stands."""
    number = 0
    for wait in waits:
        if wait.mode not in RINGING:
            continue
        for rung, due_at in zip(wait.stage.ladder, wait.rung_at, strict=True):
            for at in _times(wait, due_at, rung.every, since, now):
                number -= 1
                yield {
                    "id": number,
                    "stay_id": wait.id,
                    "matter_id": None,
                    "rung_id": known.ids[(wait.stage_id, rung.n)],
                    "audience": rung.to,
                    "also_for": [],
                    "due_at": at,
                    "rang_at": at,
                    "mode": wait.mode,
                    "to_confirm": False,
                    "acts": True,
                }


def _times(wait: Wait, at: datetime | None, every: timedelta | None, since: datetime, now: datetime) -> Iterator[datetime]:
    """A rung whose time lies before the wait rings as it begins."""
    if at is None:
        return
    at = max(at, wait.entered_at)
    while at <= now and (wait.left_at is None or at < wait.left_at):
        if at >= since:
            yield at
        if every is None:
            return
        at += every


# now


def _next(house: House, code: str, plan: Plan, known: Ladders, now: datetime) -> Next:
    """Runs the writer in memory over every open journey and asks the sweep's SELECT what would ring of what it leaves."""
    rows: list[Row] = []
    due: list[dict[str, Any]] = []
    stays: dict[int, int] = {}
    for ids in migrating.batches(migrating.patients_of(code, plan)):
        desk, patients = imaginary_desk(house), load(ids, lock=False)
        for patient, journey in list(migrating.affected(house, patients, code, plan)):
            row = migrating.row(house, patient, journey, plan, now)
            rows.append(row)
            if not row.refused:
                act = migrating.hypothetical(house, journey, plan, now)
                desk.work(patient, [Incoming((act,), journey.home_site_id)])
            for stay in journey.stays:
                if (
                    stay.left_at is None
                    and not stay.gated
                    and not stay.release
                    and stay.attention_at is not None
                    and stay.attention_at <= now
                ):
                    stays[stay.id] = journey.id
                    due.append(_as_due(stay, journey))
    return Next(tuple(rows), tuple(rings(due, known, now=now)), stays)


def _as_due(stay: Any, journey: JourneyState) -> dict[str, Any]:
    named = ("id", "stage_id", "rung_at", "rang_through", "round", "attention_at", "feed_id")
    return {**{name: getattr(stay, name) for name in named}, "journey_id": journey.id}
