"""The stages of a track as a graph: what nothing leads to, what leads nowhere, and circles in which nobody would ever be told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from pathways.definitions import schema
from pathways.definitions.faults import Finding
from pathways.definitions.reading import Place

END = "end"
_LONGEST_SEARCH = 20_000


class Way(msgspec.Struct, frozen=True):
    """One way from a stage of a track to another, or to an end of the track (`end`) or of the journey (blank)."""

    source: str
    target: str
    move: schema.Move


def ways(track: schema.Track) -> list[Way]:
    """Every way that a move of a stage, or one that holds in every stage, can take."""
    found = []
    for name, stage in track.stages.items():
        for move in [*stage.moves, *(move for move in track.anywhere if move.to != name)]:
            if move.completes or move.exits:
                found.append(Way(name, "", move))
            elif move.to:
                found.append(Way(name, move.to, move))
    return found


def all_moves(pathway: schema.Pathway) -> Iterator[tuple[Place, str, schema.Move]]:
    """Every move with its place and its track."""
    for name, track in pathway.tracks.items():
        for part in ("opens", "anywhere"):
            yield from ((("tracks", name, part, n), name, move) for n, move in enumerate(getattr(track, part)))
        for stage_name, stage in track.stages.items():
            yield from ((("tracks", name, "stages", stage_name, "moves", n), name, move) for n, move in enumerate(stage.moves))


def graph_findings(pathway: schema.Pathway) -> Iterator[Finding]:
    opened = {name for _, _, move in all_moves(pathway) for name in move.opens}
    closed = {name for _, _, move in all_moves(pathway) for name in move.closes}
    for name, track in pathway.tracks.items():
        if not track.included:
            yield from _unreachable(name, track, _begins(name, track, opened))
        yield from _dead_ends(name, track, name in closed)
        yield from _unclocked(name, track)
        yield from _endless(name, track)


def _begins(name: str, track: schema.Track, opened: set[str]) -> set[str]:
    begins = {move.to for move in track.opens} | {key.partition(".")[2] for key in opened if key.startswith(f"{name}.")}
    return begins | {track.start} if name == "main" or name in opened else begins


def _unreachable(name: str, track: schema.Track, begins: set[str]) -> Iterator[Finding]:
    reached = _closure(begins & set(track.stages), {(way.source, way.target) for way in ways(track)})
    for stage in track.stages:
        if stage not in reached:
            yield ("tracks", name, "stages", stage), "unreachable-stage", "no move leads here and nothing starts here"


def _closure(begins: Iterable[str], pairs: set[tuple[str, str]]) -> set[str]:
    found, waiting = set(begins), list(begins)
    while waiting:
        at = waiting.pop()
        for source, target in pairs:
            if source == at and target not in found:
                found.add(target)
                waiting.append(target)
    return found


def _dead_ends(name: str, track: schema.Track, is_closed: bool) -> Iterator[Finding]:
    """Main must be able to end from everywhere; another track may go round for as long as the journey lasts, but not stand still."""
    found = ways(track)
    ends = {way.source for way in found if way.target in ("", END)} | {n for n, stage in track.stages.items() if "exited" in stage.awaits}
    may_end = _closure(ends, {(way.target, way.source) for way in found})
    for stage in track.stages:
        place: Place = ("tracks", name, "stages", stage)
        leads = sorted({way.target for way in found if way.source == stage and way.target not in ("", stage)})
        if is_closed or stage in ends:
            continue
        if not leads:
            yield place, "dead-end-stage", "no move leads away and it does not await `exited`"
        elif name == "main" and stage not in may_end:
            yield place, "dead-end-stage", f"it leads to {', '.join(leads)}, and from there to no end"


def _unclocked(name: str, track: schema.Track) -> Iterator[Finding]:
    silent = {stage for stage, written in track.stages.items() if not (written.within or written.review_after)}
    pairs = {(way.source, way.target) for way in ways(track) if way.source in silent and way.target in silent}
    told: set[str] = set()
    for stage in track.stages:
        if stage in silent - told and stage in _after(stage, pairs):
            ring = [other for other in track.stages if other in _after(stage, pairs) and stage in _after(other, pairs)]
            told.update(ring)
            yield ("tracks", name, "stages", stage), "cycle-without-clock", f"{' > '.join([*ring, ring[0]])}: none has a clock"


def _after(stage: str, pairs: set[tuple[str, str]]) -> set[str]:
    return _closure({target for source, target in pairs if source == stage}, pairs)


# moves without `on`, tested again after every fact


def _endless(name: str, track: schema.Track) -> Iterator[Finding]:
    """Circles of moves without `on` whose guards can all hold at once: replay would go round until it gives up."""
    always: dict[str, list[Way]] = {stage: [] for stage in track.stages}
    for way in ways(track):
        if way.move.on is None:
            always[way.source].append(way)
    told: set[frozenset[str]] = set()
    for ring in _rings(always):
        stages = frozenset(way.source for way in ring)
        if stages not in told and _can_hold(ring, always):
            told.add(stages)
            path = " > ".join([*(way.source for way in ring), ring[0].source])
            yield ("tracks", name, "stages", ring[0].source, "moves"), "endless-moves", f"{path}, for ever"


def _rings(always: Mapping[str, list[Way]]) -> Iterator[list[Way]]:
    """Simple circles, each from the stage that stands first in the file."""
    order = {stage: n for n, stage in enumerate(always)}
    steps = 0
    for first in always:
        waiting: list[list[Way]] = [[way] for way in always[first]]
        while waiting and steps < _LONGEST_SEARCH:
            steps += 1
            path = waiting.pop()
            at = path[-1].target
            if at == first:
                yield path
            elif order.get(at, -1) > order[first] and at not in {way.source for way in path}:
                waiting += [[*path, way] for way in always[at]]


def _can_hold(ring: list[Way], always: Mapping[str, list[Way]]) -> bool:
    """Whether the guards of a circle do not contradict each other and no earlier move of a stage would be taken instead."""
    facts = {fact for way in ring for fact in _facts(way.move.when)}
    if any((not sense, name) in facts for sense, name in facts if name.startswith("milestone:")):
        return False
    entries = [set(name.removeprefix("entry:").split(",")) for _, name in facts if name.startswith("entry:")]
    if entries and not set.intersection(*entries):
        return False
    for way in ring:
        earlier = always[way.source][: always[way.source].index(way)]
        if any(set(_facts(other.move.when)) <= facts and not _has_more(other.move.when) for other in earlier):
            return False
    return True


def _facts(guard: Any) -> Iterator[tuple[bool, str]]:
    """What a guard asks of milestones and entry, each as (must be so, what)."""
    for key, wanted in (guard or {}).items():
        listed = wanted if isinstance(wanted, list) else [wanted]
        if key in ("reached", "not_reached"):
            yield from ((key == "reached", f"milestone:{name}") for name in listed)
        elif key == "entry":
            yield True, f"entry:{','.join(str(name) for name in listed)}"
        elif key == "all":
            for inner in listed:
                yield from _facts(inner)


def _has_more(guard: Any) -> bool:
    """Whether a guard asks for something that `_facts` does not tell."""
    return any(key not in ("reached", "not_reached", "entry") for key in guard or {})
