"""Going on under another version of the programme: what the act `migrated` does to a journey that is being read.

What was left before keeps the old version's stages. A wait that stands goes on as the same wait, in the stage that the act's map names (by
default the stage of the same name). Its clock is the act's choice: `keep` the deadline it had, `recompute` it as the new version would have
set it, or `restart` it now; where a schedule sets the deadline it stays the schedule's. Replay must always have an answer, also where later facts move the journey to a stage that the map forgot: a
side track is then closed, and `main` begins anew and asks for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec

from pathways.facts import Fact, Moment
from pathways.replaying.milestones import reach, take_back
from pathways.timeline import Anomaly

if TYPE_CHECKING:
    from pathways.definitions.compiled import Definition, Stage
    from pathways.replaying.reading import Reader
    from pathways.replaying.state import OpenStay

KIND = "migrated"
RETIRED = "definition retired"
Clock = Literal["keep", "recompute", "restart"]
Versions = Callable[[int], "Definition | None"]


def unknown(number: int) -> Definition | None:
    """For journeys that know one version only."""
    return None


def opened_under(facts: Iterable[Fact]) -> int | None:
    """Number of the version that the journey was opened with, where it was ever migrated; an act taken back still says so."""
    said = [fact for fact in facts if fact.kind == KIND]
    return int(min(said, key=lambda fact: (fact.occurred.lo, fact.lineage)).body["from"]) if said else None


def counterpart(key: str, new: Definition, stages: Mapping[str, str]) -> Stage | None:
    """Where a wait in the stage `key` goes on; a wait never changes its track."""
    found = new.stages.get(stages.get(key, key))
    return found if found is not None and found.track == key.partition(".")[0] else None


def migrate(reader: Reader, fact: Fact) -> None:
    old, new = reader.definition, reader.versions(int(fact.body["to"]))
    if new is None:
        reader.state.anomalies.append(Anomaly("unknown_version", fact.lineage, f"there is no version {fact.body['to']}"))
        return
    state, stages = reader.state, fact.body.get("stages") or {}
    reader.definition = new
    _carry_milestones(reader, fact, old, new)
    state.left_in = [found for stage in state.left_in if (found := counterpart(stage.key, new, stages)) is not None]
    for stay in list(state.open.values()):
        found = counterpart(stay.stage.key, new, stages)
        if found is not None:
            _carry(reader, stay, found, str(fact.body.get("clock") or "keep"), fact)
        else:
            _retire(reader, stay, fact)
    _go_on(reader, fact)


def _carry(reader: Reader, stay: OpenStay, stage: Stage, clock: str, fact: Fact) -> None:
    state, old = reader.state, stay.stage
    if stage.is_scheduled:
        clock = "scheduled"
    if clock == "restart":
        stay.anchor = fact.occurred.hi
    elif clock == "recompute":
        stay.anchor = _anchor(reader, stay, stage)
    stay.stage = _with_clock_of(stage, old) if clock == "keep" else stage
    if stage.key != old.key and not stage.recurs:
        stay.occurrence = state.times[stage.key] = state.times.get(stage.key, 0) + 1
    state.places[stage.track] = stage.name


def _anchor(reader: Reader, stay: OpenStay, stage: Stage) -> datetime:
    """From when the new version would have counted, had it been in force when the wait began."""
    opening = next((one for one in reader.told if one.lineage == stay.root), None)
    opening = opening or Fact("", stay.root, Moment(stay.entered_at, stay.entered_at), "")
    return opening.occurred.hi if stage.anchor[0] == "entered" else reader.anchor(stage, opening)


@lru_cache(maxsize=4096)
def _with_clock_of(stage: Stage, old: Stage) -> Stage:
    """The new stage with the old one's deadline, and the new ladder about it."""
    if (stage.within, stage.review_after) == (old.within, old.review_after):
        return stage
    return msgspec.structs.replace(stage, within=old.within, review_after=old.review_after)


def _retire(reader: Reader, stay: OpenStay, fact: Fact) -> None:
    track = stay.stage.track
    reader.close(track, fact, "retired")
    if track == "main":
        reader.state.anomalies.append(Anomaly("no_counterpart", fact.lineage, f"{stay.stage.key} is in no version after"))
        reader.state.matters[("anomaly", fact.lineage)] = None
        reader.enter(reader.definition.tracks[track].start, fact)


def _carry_milestones(reader: Reader, fact: Fact, old: Definition, new: Definition) -> None:
    """What the old version knew stays as it was; milestones that only the new one knows are read from the facts until now."""
    state = reader.state
    state.seen = {name: seen for name, seen in state.seen.items() if name in new.milestones}
    fresh = new.milestones.keys() - old.milestones.keys()
    if not fresh:
        return
    for one in reader.told:
        if one is fact:
            return
        plan = new.plans[one.kind]
        take_back(new, state, one, tuple(rule for rule in plan.takes_back if rule.milestone in fresh))
        reach(new, state, one, tuple(rule for rule in plan.reaches if rule.milestone in fresh))


def _go_on(reader: Reader, fact: Fact) -> None:
    """A stage whose condition is met already under the new version is left at once, as on arrival."""
    state = reader.state
    for stay in list(state.open.values()):
        if stay.stage.always and state.open.get(stay.stage.track) is stay:
            move = reader.met(stay.stage, fact)
            if move is not None:
                reader.apply(move, stay.stage.track, fact)
    state.changed |= reader.definition.minds
    if state.status == "active":
        reader.settle(fact)
