"""Finds what is wrong with a definition before anyone's care depends on it: named faults with file, line and rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from pydantic import ValidationError

from pathways.deadlines import as_timedelta, parse
from pathways.definitions import schema
from pathways.definitions.guards import BadGuard, compile_guard, kinds_of, milestones_of, tracks_of
from pathways.definitions.reading import Place, Source
from pathways.kinds import KINDS
from pathways.models import MatterKind

ESCALATES = ("lead", "manager")
_STATE_WORDS = ("reached", "not_reached", "track", "entry", "all", "any", "not")


class Fault(msgspec.Struct, frozen=True):
    """One thing to mend."""

    file: str
    line: int
    rule: str
    detail: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.detail}"


Finding = tuple[Place, str, str]


def faults_of(source: Source) -> list[Fault]:
    """All faults, in the order of the file; empty when the definition can be published."""
    try:
        if "track" in source.body:
            schema.Fragment.model_validate(source.body)
            return []
        pathway = schema.Pathway.model_validate(source.body)
    except ValidationError as error:
        return [_fault(source, tuple(item["loc"]), "format", item["msg"]) for item in error.errors(include_url=False)]
    found = list(_guards(source.body, ())) or [*_structure(pathway), *_kinds(pathway), *_milestones(pathway), *_ladders(pathway)]
    return sorted((_fault(source, *one) for one in found), key=lambda fault: (fault.line, fault.rule, fault.detail))


def _fault(source: Source, place: Place, rule: str, detail: str) -> Fault:
    where = ".".join(str(part) for part in place)
    return Fault(source.name, source.line(place), rule, f"{where}: {detail}" if where else detail)


def _guards(value: Any, place: Place) -> Iterator[Finding]:
    """Every guard of the file must compile."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        if key in ("when", "unless", "takes", "not_applicable") and isinstance(child, dict):
            try:
                compile_guard(child)
            except (BadGuard, ValueError) as error:
                yield (*place, key), "bad-guard", str(error)
        else:
            yield from _guards(child, (*place, key))


# stages and tracks


def _structure(pathway: schema.Pathway) -> Iterator[Finding]:
    if "main" not in pathway.tracks:
        yield ("tracks",), "no-main-track", "a pathway needs a track called main"
        return
    closed = {name for _, _, move in _moves(pathway) for name in move.closes}
    opened = {name for _, _, move in _moves(pathway) for name in move.opens}
    for name, track in pathway.tracks.items():
        place: Place = ("tracks", name)
        if name == "main" and track.start not in track.stages:
            yield place, "unknown-stage", f"main starts in {track.start!r}, which is no stage"
        if name != "main" and name in opened and track.start not in track.stages:
            yield place, "unknown-stage", f"{name} is opened by another track but says no stage to start in"
        yield from _reachability(pathway, name, track, opened, closed)
        for stage_name, stage in track.stages.items():
            yield from _stage(pathway, (*place, "stages", stage_name), stage)
    for place, track_name, move in _moves(pathway):
        yield from _move(pathway, place, track_name, move)


def _moves(pathway: schema.Pathway) -> Iterator[tuple[Place, str, schema.Move]]:
    for name, track in pathway.tracks.items():
        for part in ("opens", "anywhere"):
            yield from ((("tracks", name, part, n), name, move) for n, move in enumerate(getattr(track, part)))
        for stage_name, stage in track.stages.items():
            yield from ((("tracks", name, "stages", stage_name, "moves", n), name, move) for n, move in enumerate(stage.moves))


def _reachability(pathway: schema.Pathway, name: str, track: schema.Track, opened: set[str], closed: set[str]) -> Iterator[Finding]:
    all_moves = [*track.opens, *track.anywhere, *(move for stage in track.stages.values() for move in stage.moves)]
    entered = {move.to for move in all_moves} | {key.partition(".")[2] for key in opened if key.startswith(f"{name}.")}
    if name == "main" or name in opened:
        entered.add(track.start)
    leaves_anywhere = any(move.to or move.completes or move.exits for move in track.anywhere)
    for stage_name, stage in track.stages.items():
        place: Place = ("tracks", name, "stages", stage_name)
        if stage_name not in entered and not track.included:
            yield place, "unreachable-stage", "no move leads here and nothing starts here"
        leaves = any((move.to and move.to != stage_name) or move.completes or move.exits for move in stage.moves)
        if not (leaves or leaves_anywhere or name in closed or "exited" in stage.awaits):
            yield place, "dead-end-stage", "no move leads away and it does not await `exited`"


def _stage(pathway: schema.Pathway, place: Place, stage: schema.Stage) -> Iterator[Finding]:
    if not stage.within and not stage.review_after:
        yield place, "no-deadline", "a stage that is not final has `within` or `review_after`"
    if stage.within and stage.review_after:
        yield place, "no-deadline", "`within` or `review_after`, not both"
    if not stage.source:
        yield place, "no-source", "a deadline says where it comes from, or `local default`"
    if not stage.ball:
        yield place, "no-ball", "say whom everyone waits for"
    how, _, _ = stage.anchor.partition(":")
    if how not in ("entered", "opened", "field", "context") and stage.anchor not in pathway.milestones:
        yield (*place, "anchor"), "unknown-milestone", f"no milestone called {stage.anchor!r} to count from"
    if stage.phase and stage.phase not in pathway.phases:
        yield (*place, "phase"), "unknown-phase", f"{stage.phase} has no label in `phases`"


def _move(pathway: schema.Pathway, place: Place, track_name: str, move: schema.Move) -> Iterator[Finding]:
    track = pathway.tracks[track_name]
    if move.to and move.to != "end" and move.to not in track.stages:
        yield place, "unknown-stage", f"{track_name} has no stage {move.to!r}"
    if track_name == "main" and move.to == "end":
        yield place, "main-ends", "main ends with `completes` or `exits` only"
    for name in move.closes:
        if name not in pathway.tracks:
            yield place, "unknown-track", f"no track called {name!r} to close"
    for name in move.opens:
        other, _, stage = name.partition(".")
        if other not in pathway.tracks or (stage and stage not in pathway.tracks[other].stages):
            yield place, "unknown-track", f"no track or stage called {name!r} to open"
    if move.completes and move.completes not in pathway.completions:
        yield place, "unknown-completion", f"{move.completes!r} is not in `completions`"
    if move.exits and move.exits not in pathway.exits:
        yield place, "unknown-exit", f"{move.exits!r} is not in `exits`"
    if move.on is None and (not move.to and not move.completes and not move.exits):
        yield place, "move-without-kind", "a move without `on` must lead somewhere"
    if move.on is None and any(key not in _STATE_WORDS for key in _keys(move.when)):
        yield place, "move-without-kind", "a move without `on` may ask for milestones, tracks and entry only"


def _keys(guard: Any) -> Iterator[str]:
    for key, wanted in (guard or {}).items():
        yield key
        if key in ("all", "any", "not"):
            for inner in wanted if isinstance(wanted, list) else [wanted]:
                yield from _keys(inner)


# kinds and milestones


def _kinds(pathway: schema.Pathway) -> Iterator[Finding]:
    named: list[tuple[Place, Iterable[str]]] = [(place, move.on or ()) for place, _, move in _moves(pathway)]
    for name, track in pathway.tracks.items():
        named += [(("tracks", name, "stages", one, "awaits"), stage.awaits) for one, stage in track.stages.items()]
    for name, milestone in pathway.milestones.items():
        named += [(("milestones", name), reach.on) for reach in [*milestone.reached_by, *milestone.taken_back_by]]
    for n, rule in enumerate(pathway.matters):
        named.append((("matters", n), [*rule.on, *(kind for reach in rule.until for kind in reach.on)]))
        if rule.matter not in MatterKind.values:
            yield ("matters", n), "unknown-matter", f"no matter called {rule.matter!r}"
    named += [(("holds", n), [hold.on, *hold.ends]) for n, hold in enumerate(pathway.holds)]
    named += [(("hears",), pathway.hears), (("late",), pathway.late)]
    for n, enrol in enumerate(pathway.enrol):
        named.append((("enrol", n), kinds_of(enrol.when)))
        if not kinds_of(enrol.when):
            yield ("enrol", n), "no-kind", "an enrol rule says which kinds of fact it reads"
        if enrol.entry not in pathway.entries:
            yield ("enrol", n), "unknown-entry", f"{enrol.entry!r} is not in `entries`"
    for place, kinds in named:
        for kind in kinds:
            if kind not in KINDS:
                yield place, "unknown-kind", f"no event kind called {kind!r}"


def _milestones(pathway: schema.Pathway) -> Iterator[Finding]:
    known = set(pathway.milestones)
    body = pathway.model_dump(by_alias=True)
    for part in ("tracks", "milestones", "joins", "matters", "enrol"):
        for name in sorted(milestones_of(body[part]) - known):
            yield (part,), "unknown-milestone", f"a guard asks for {name!r}"
    for name in sorted(tracks_of([body["tracks"], body["joins"]]) - set(pathway.tracks)):
        yield ("tracks",), "unknown-track", f"a guard asks for {name!r}"
    for name, steps in pathway.funnels.items():
        yield from ((("funnels", name), "unknown-milestone", f"{step!r} is no milestone") for step in steps if step not in known)
    for n, pair in enumerate(pathway.must_follow):
        yield from ((("must_follow", n), "unknown-milestone", f"{one!r} is no milestone") for one in pair if one not in known)
    for n, target in enumerate(pathway.targets):
        yield from (
            (("targets", n), "unknown-milestone", f"{one!r} is no milestone") for one in (target.from_, target.to) if one not in known
        )
    for name, milestone in pathway.milestones.items():
        yield from (
            (("milestones", name), "unknown-milestone", f"{one!r} is no milestone") for one in milestone.implied_by if one not in known
        )
    spine = [milestone.phase for milestone in pathway.milestones.values() if milestone.spine]
    for phase in pathway.phases:
        if spine.count(phase) != 1:
            yield ("milestones",), "spine", f"phase {phase} needs exactly one milestone with `spine: true`, it has {spine.count(phase)}"


# ladders


def _ladders(pathway: schema.Pathway) -> Iterator[Finding]:
    for name, track in pathway.tracks.items():
        for stage_name, stage in track.stages.items():
            place: Place = ("tracks", name, "stages", stage_name, "ladder")
            yield from _ladder(place, stage, silent_allowed=stage.watch and name != "main")
            for n, rung in enumerate(stage.ladder):
                if rung.to == "patient":
                    yield from _text((*place, n), stage, rung)


def _ladder(place: Place, stage: schema.Stage, *, silent_allowed: bool) -> Iterator[Finding]:
    offsets = [as_timedelta(parse(rung.at)) for rung in stage.ladder]
    if offsets != sorted(offsets):
        yield place, "ladder-order", "rungs stand in the order in which they ring"
    staff = [rung for rung in stage.ladder if rung.to != "patient"]
    if not staff and not silent_allowed:
        yield place, "ladder-without-staff", "somebody of the staff must hear of it"
    if staff and not staff[-1].every and staff[-1].to not in ESCALATES:
        yield place, "ladder-ends-silent", "the last staff rung repeats (`every`) or goes to the lead"


def _text(place: Place, stage: schema.Stage, rung: schema.Rung) -> Iterator[Finding]:
    approved = bool(rung.approved_by and rung.reason)
    if stage.ball != "patient" and not approved:
        yield place, "text-without-ball", "a patient is texted while the ball is the patient's, or with `approved_by` and `reason`"
    if stage.phase == "resulted" and not approved:
        yield place, "text-before-told", "between result and disclosure texts need `approved_by` and `reason`"
    if not rung.wording:
        yield place, "text-without-wording", "a text names its wording"
