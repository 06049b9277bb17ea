"""Journeys that were migrated: under which version they began, what each version hears, and how a wait's row goes over to the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from math import floor
from typing import TYPE_CHECKING

import msgspec

from pathways import alerts
from pathways.definitions.compile import Definition, Rung, Stage
from pathways.definitions.guards import Test
from pathways.facts import Fact
from pathways.lineage import current
from pathways.replaying.migration import KIND, Versions, opened_under
from pathways.scheduling import turns
from pathways.timeline import Context, StayLine, Timeline
from pathways.writing.acts import SYSTEM
from pathways.writing.state import JourneyState, PatientState, StayState

if TYPE_CHECKING:
    from pathways.replaying.state import State
    from pathways.writing.desk import Desk
    from pathways.writing.house import House

Chain = tuple[tuple[datetime | None, Definition], ...]


def first_definition(house: House, journey: JourneyState, facts: Sequence[Fact]) -> tuple[Definition, bool]:
    """The version with which the journey began, and whether it was ever migrated. `facts` are the journey's own, retracted ones included."""
    number = opened_under(facts)
    if number is None:
        return house.definition(journey), False
    return house.numbered(journey.pathway, number).definition, True


def versions(house: House, pathway: str) -> Versions:
    return lambda number: house.numbered(pathway, number).definition


def heard(house: House, patient: PatientState, journey: JourneyState) -> Definition:
    """What binding asks: for a migrated journey each fact is judged by the version in force when it happened."""
    acts = [fact for fact in patient.facts if fact.kind == KIND and journey.key in fact.keys]
    if not acts:
        return house.definition(journey)
    chain = in_turn(first_definition(house, journey, acts)[0], current(acts), versions(house, journey.pathway))
    return _one_after_another(chain) if len(chain) > 1 else chain[0][1]


def in_turn(first: Definition, told: Sequence[Fact], others: Versions) -> Chain:
    """The definitions that a journey stood under, each with its beginning. `told` are current facts."""
    acts = [fact for fact in told if fact.kind == KIND]
    later = [(fact.occurred.lo, definition) for fact in acts if (definition := others(int(fact.body["to"]))) is not None]
    return (None, first), *later


def scheduled(chain: Chain, received: Sequence[Fact], timeline: Timeline, context: Context, *, until: datetime | None) -> list[Fact]:
    """What schedules say, each version's for its own time only."""
    said: list[Fact] = []
    ends = [*(since for since, _ in chain[1:]), None]
    for (since, definition), end in zip(chain, ends, strict=True):
        known = msgspec.structs.replace(timeline, milestones={**definition.unknown, **timeline.milestones})
        for fact in turns(definition, received, known, context, until=until):
            at = fact.occurred.lo
            if (since is None or at >= since) and (end is None or at < end):
                said.append(fact)
    return said


@lru_cache(maxsize=1024)
def _one_after_another(chain: Chain) -> Definition:
    kinds = frozenset().union(*(definition.listens for _, definition in chain))
    return msgspec.structs.replace(
        chain[-1][1],
        digest="|".join(f"{at}:{definition.digest}" for at, definition in chain),
        listens=kinds,
        look_back_days=chain[0][1].look_back_days,
        hears={kind: _hears(kind, chain) for kind in kinds},
    )


def _hears(kind: str, chain: Chain) -> Test:
    def test(fact: Fact, state: State) -> bool:
        definition = next(one for at, one in reversed(chain) if at is None or fact.occurred.lo >= at)
        guard = definition.hears.get(kind)
        return kind in definition.listens and (guard is None or guard(fact, state))

    return test


# the row of a wait under another version


def stage_places(house: House, journey: JourneyState) -> dict[int, Stage]:
    """The stages of all versions whose rows the journey's stays refer to, by the row's id."""
    places: dict[int, Stage] = {}
    for version_id in house.versions_of(journey.pathway):
        published = house.version(version_id)
        places.update({stage_id: published.definition.stages[f"{track}.{name}"] for (track, name), stage_id in published.stage_ids.items()})
    return places


def retired(line: StayLine) -> bool:
    """The wait was left because the new version has no such stage."""
    return line.left_by.startswith(f"{SYSTEM}|{KIND}|")


def counterparts(old: Sequence[Rung], new: Sequence[Rung]) -> dict[int, int]:
    """Which rung of the new ladder is which of the old: same audience, words and time; else same audience and words; else same time."""
    met: dict[int, int] = {}
    for same in (_wholly, _audience, _time):
        for before in old:
            if before.n not in met:
                found = next((after.n for after in new if after.n not in met.values() and same(before) == same(after)), None)
                if found is not None:
                    met[before.n] = found
    return met


def _wholly(rung: Rung) -> object:
    return rung.to, rung.wording, rung.at


def _audience(rung: Rung) -> object:
    return rung.to, rung.wording


def _time(rung: Rung) -> object:
    return rung.is_text, rung.at


def carry_over(desk: Desk, stay: StayState, line: StayLine, old: Sequence[Rung], new: Sequence[Rung]) -> None:
    """Sets what rings next of a wait that goes on in another version's stage.

    What rang stays rung, whatever the ladder is now; what the new ladder makes due and never rang rings at the next sweep. Only where a
    rung that rang is not due any more a new round begins, as after every other change of the deadline.
    """
    stay.gated = False
    if line.left_at is not None:
        stay.attention_at = None
        return
    times, now = line.rung_at, desk.house.now
    rang = [n for n, at in enumerate(stay.rung_at) if at is not None and stay.rang_through is not None and at <= stay.rang_through]
    pairs = counterparts(old, new)
    known = {pairs[n]: times[pairs[n]] for n in rang if n in pairs}
    latest = _latest(known.values())
    if stay.left_at is not None or any(at is None or at > now for at in known.values()):
        if rang:
            stay.round += 1
            desk.changes.withdraw(alerts.MOVED, stay.id)
        stay.rang_through = None
    elif not rang:
        stay.rang_through = None
    elif latest is not None and any(at is not None and latest < at <= now for n, at in enumerate(times) if n not in known):
        stay.rang_through = latest
    stay.attention_at = _next(new, times, stay.rang_through)


def _latest(times: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in times if at is not None), default=None)


def _first(times: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in times if at is not None), default=None)


def _next(rungs: Sequence[Rung], times: Sequence[datetime | None], after: datetime | None) -> datetime | None:
    """The first time after `after` at which a rung or a repetition of one is to ring."""
    if after is None:
        return _first(times)
    return _first(_ringing(rung, at, after) for rung, at in zip(rungs, times, strict=True))


def _ringing(rung: Rung, at: datetime | None, after: datetime) -> datetime | None:
    if at is None or at > after:
        return at
    return at + (floor((after - at) / rung.every) + 1) * rung.every if rung.every else None
