"""Names in a definition that must mean something: kinds of events, milestones, tracks, stages, entries, matters, and guards that ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pathways.definitions import schema
from pathways.definitions.faults import Finding
from pathways.definitions.guards import BadGuard, compile_guard, kinds_of, milestones_of, tracks_of
from pathways.definitions.reading import Place
from pathways.definitions.stagegraph import END, all_moves
from pathways.kinds import KINDS
from pathways.models import MatterKind

_GUARDED = ("when", "unless", "takes", "not_applicable")
_ENDED = ("never", "closed", "ended")
_NAMES = ("kind", "entry", "reached", "not_reached", "about", "track")


def name_findings(pathway: schema.Pathway, body: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _kinds(pathway)
    yield from _milestones(pathway)
    for place, guard in guards_of(body):
        yield from _guard(pathway, place, guard)


def guards_of(body: Mapping[str, Any]) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """Every guard that the file writes, with its place."""
    yield from _guards_in(body, ())
    for part in ("hears", "overhears"):
        yield from (((part, kind), guard) for kind, guard in _mapping(body.get(part)).items() if isinstance(guard, Mapping))
    for name, join in _mapping(body.get("joins")).items():
        for part, guards in _mapping(join).items():
            listed = guards if isinstance(guards, list) else [guards]
            yield from ((("joins", name, part, n), guard) for n, guard in enumerate(listed) if isinstance(guard, Mapping))


def _guards_in(value: Any, place: Place) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    children = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        if key in _GUARDED and isinstance(child, Mapping):
            yield (*place, key), child
        elif place or key not in ("hears", "overhears", "joins"):
            yield from _guards_in(child, (*place, key))


def _guard(pathway: schema.Pathway, place: Place, guard: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        compile_guard({key: wanted for key, wanted in guard.items() if key != "join"})
    except (BadGuard, ValueError, TypeError, AttributeError) as error:
        yield place, "bad-guard", str(error)
        return
    if odd := [key for key, wanted in words_of(guard) if key in _NAMES and not _named(key, wanted)]:
        yield place, "bad-guard", f"{odd[0]!r} takes names"
        return
    yield from (
        (place, "unknown-milestone", f"no milestone called {name!r}") for name in sorted(milestones_of(guard) - set(pathway.milestones))
    )
    yield from ((place, "unknown-track", f"no track called {name!r}") for name in sorted(tracks_of(guard) - set(pathway.tracks)))
    for key, wanted in words_of(guard):
        if key == "kind":
            yield from ((place, "unknown-kind", f"no event kind called {kind!r}") for kind in _listed(wanted) if kind not in KINDS)
        elif key == "entry":
            yield from (
                (place, "unknown-entry", f"{entry!r} is not in `entries`") for entry in _listed(wanted) if entry not in pathway.entries
            )
        elif key == "track" and isinstance(wanted, Mapping):
            yield from ((place, "unknown-place", f"track {name} never stands in {where!r}") for name, where in _lost(pathway, wanted))


def words_of(guard: Any) -> Iterator[tuple[str, Any]]:
    """The words of a guard and of the guards in its `all`, `any` and `not`."""
    for key, wanted in (guard if isinstance(guard, Mapping) else {}).items():
        yield str(key), wanted
        if key in ("all", "any", "not"):
            for inner in _listed(wanted):
                yield from words_of(inner)


def _named(key: str, wanted: Any) -> bool:
    """Only `track` is a mapping, of names to names."""
    parts = list(wanted.values()) if key == "track" and isinstance(wanted, Mapping) else [wanted]
    return all(isinstance(one, str) for part in parts for one in _listed(part))


def _lost(pathway: schema.Pathway, wanted: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, where in wanted.items():
        track = pathway.tracks.get(name)
        if track is None or track.included == "nothing":
            continue
        ended = {move.as_ or "closed" for _, of_track, move in all_moves(pathway) if of_track == name and move.to == END}
        yield from ((name, str(place)) for place in _listed(where) if place not in {*track.stages, *ended, *_ENDED})


def _kinds(pathway: schema.Pathway) -> Iterator[Finding]:
    named: list[tuple[Place, Iterable[str]]] = [((*place, "on"), move.on or ()) for place, _, move in all_moves(pathway)]
    for name, track in pathway.tracks.items():
        named += [(("tracks", name, "stages", one, "awaits"), stage.awaits) for one, stage in track.stages.items()]
        if track.schedule:
            named += [(("tracks", name, "schedule", "undone_by"), track.schedule.undone_by)]
            named += [(("tracks", name, "schedule", "met_by"), [kind for reach in track.schedule.met_by for kind in reach.on])]
    for name, milestone in pathway.milestones.items():
        named += [(("milestones", name, "reached_by"), [kind for reach in milestone.reached_by for kind in reach.on])]
        named += [(("milestones", name, "taken_back_by"), [kind for reach in milestone.taken_back_by for kind in reach.on])]
    for n, rule in enumerate(pathway.matters):
        named.append((("matters", n), [*rule.on, *(kind for reach in rule.until for kind in reach.on)]))
        if rule.matter not in MatterKind.values:
            yield ("matters", n), "unknown-matter", f"no matter called {rule.matter!r}"
    named += [(("holds", n), [hold.on, *hold.ends]) for n, hold in enumerate(pathway.holds)]
    named += [(("hears", kind), [kind]) for kind in pathway.hears]
    named += [(("overhears",), pathway.overhears)]
    named += [(("late",), pathway.late), (("acted_on", "kinds"), pathway.acted_on.kinds if pathway.acted_on else ())]
    for place, kinds in named:
        yield from ((place, "unknown-kind", f"no event kind called {kind!r}") for kind in kinds if kind not in KINDS)
    for n, enrol in enumerate(pathway.enrol):
        if not kinds_of(enrol.when):
            yield ("enrol", n), "no-kind", "an enrol rule says which kinds of fact it reads"
        if enrol.entry not in pathway.entries:
            yield ("enrol", n, "entry"), "unknown-entry", f"{enrol.entry!r} is not in `entries`"


def _milestones(pathway: schema.Pathway) -> Iterator[Finding]:
    named: list[tuple[Place, Iterable[str]]] = [(("funnels", name), steps) for name, steps in pathway.funnels.items()]
    named += [(("must_follow", n), pair) for n, pair in enumerate(pathway.must_follow)]
    named += [(("targets", n), (target.from_, target.to)) for n, target in enumerate(pathway.targets)]
    named += [(("milestones", name, "implied_by"), milestone.implied_by) for name, milestone in pathway.milestones.items()]
    named += [(("acted_on", "after"), pathway.acted_on.after if pathway.acted_on else ())]
    for name, track in pathway.tracks.items():
        if track.schedule:
            named += [(("tracks", name, "schedule"), (*track.schedule.anchor, *track.schedule.ends_with))]
    for place, names in named:
        yield from ((place, "unknown-milestone", f"{one!r} is no milestone") for one in names if one not in pathway.milestones)
    spine = [milestone.phase for milestone in pathway.milestones.values() if milestone.spine]
    for phase in pathway.phases:
        if spine.count(phase) != 1:
            yield ("phases", phase), "spine", f"{phase} needs exactly one milestone with `spine: true`, it has {spine.count(phase)}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
