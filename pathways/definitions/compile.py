"""Turns a checked definition into what the pure core runs on: plain tuples, look-ups by kind and closures, all made once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from pathways.deadlines import as_timedelta, parse
from pathways.definitions import schema
from pathways.definitions.compiled import (
    Definition,
    EnrolRule,
    HoldRule,
    MatterRule,
    Milestone,
    Move,
    Plan,
    Reach,
    Rung,
    Schedule,
    Stage,
    Track,
)
from pathways.definitions.guards import compile_guard, grade_of, kinds_of, matcher, minds_of
from pathways.definitions.reading import ordered_as_written
from pathways.kinds import KINDS
from pathways.timeline import PHASES, MilestoneLine

END = "end"
HANDLED = ("enrolled", "held", "resumed", "exited", "reopened", "voided", "restored", "death")

__all__ = ["Definition", "EnrolRule", "Milestone", "Move", "Rung", "Stage", "Track", "compile_body", "compile_pathway", "digest_of"]


def digest_of(body: Mapping[str, Any]) -> str:
    """SHA-256 of the definition as it runs, includes and their parameters put in place."""
    return hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()


def compile_body(body: Mapping[str, Any], *, number: int = 0) -> Definition:
    """Compiles what `reading` gave or what a published row holds. Raises pydantic.ValidationError or BadGuard."""
    body = ordered_as_written(body)
    return compile_pathway(schema.Pathway.model_validate(body), number=number, digest=digest_of(body))


def compile_pathway(pathway: schema.Pathway, *, number: int, digest: str) -> Definition:
    stages = {stage.key: stage for name, track in pathway.tracks.items() for stage in _stages(name, track, pathway, number)}
    tracks = {name: _track(name, track, pathway) for name, track in pathway.tracks.items()}
    enrol = tuple(_enrol_rule(rule, pathway) for rule in pathway.enrol)
    enrol_kinds = frozenset().union(*(rule.kinds for rule in enrol))
    spine = {m.phase: Milestone(name, m.label, m.phase, True, None) for name, m in pathway.milestones.items() if m.spine}
    return Definition(
        code=pathway.code,
        number=number,
        title=pathway.title,
        digest=digest,
        primary_group=pathway.primary_group,
        entries=dict(pathway.entries),
        enrol=enrol,
        enrol_kinds=enrol_kinds | ({"stage_recorded"} if "diagnosis" in enrol_kinds else frozenset()),
        look_back=parse(pathway.look_back),
        look_back_days=as_timedelta(parse(pathway.look_back)).days,
        death_ends=pathway.death == "end",
        phase_labels={phase: pathway.phases[phase] for phase in PHASES if phase in pathway.phases},
        listens=frozenset(_listens(pathway, enrol_kinds)),
        overhears={kind: compile_guard(guard) for kind, guard in pathway.overhears.items()},
        hears={kind: compile_guard(guard) for kind, guard in pathway.hears.items()},
        reasons=(matcher(list(pathway.reasons)),) if pathway.reasons else (),
        tracks=tracks,
        schedules={name: _schedule(track.schedule) for name, track in pathway.tracks.items() if track.schedule},
        stages=stages,
        minds=frozenset().union(*(stage.minds for stage in stages.values())),
        plans={kind: _plan(kind, pathway, tracks) for kind in KINDS},
        milestones={
            name: Milestone(name, m.label, m.phase, m.spine, compile_guard(m.not_applicable)) for name, m in pathway.milestones.items()
        },
        unknown={name: MilestoneLine(name, "unknown", None, "") for name in pathway.milestones},
        implies=_implies(pathway),
        implied=frozenset(name for name, milestone in pathway.milestones.items() if milestone.implied_by),
        spine=tuple(spine[phase] for phase in PHASES if phase in spine),
        not_applicable=tuple((name, test) for name, m in pathway.milestones.items() if (test := compile_guard(m.not_applicable))),
        funnels={name: tuple(steps) for name, steps in pathway.funnels.items()},
        must_follow=tuple(pathway.must_follow),
        targets=tuple(pathway.targets),
        holds={rule.on: HoldRule(rule.reason, parse(rule.for_), frozenset(rule.ends), rule.party) for rule in pathway.holds},
        late=frozenset(pathway.late),
        acted_after=tuple(pathway.acted_on.after if pathway.acted_on else ()),
        completions=dict(pathway.completions),
        exits={str(reason): str(of_class) for reason, of_class in pathway.exits.items()},
    )


def _stages(track_name: str, track: schema.Track, pathway: schema.Pathway, number: int) -> Iterable[Stage]:
    for name, stage in track.stages.items():
        own, shared = stage.moves, [move for move in track.anywhere if move.to != name]
        ladder = tuple(_rung(n, rung, stage) for n, rung in enumerate(stage.ladder))
        yield Stage(
            track=track_name,
            name=name,
            key=f"{track_name}.{name}",
            label=stage.label,
            phase=stage.phase or "",
            awaits=tuple(stage.awaits),
            within=parse(stage.within) if stage.within else None,
            review_after=parse(stage.review_after) if stage.review_after else None,
            anchor=_anchor(stage.anchor),
            source=stage.source.model_dump(mode="json") if stage.source else None,
            ball=stage.ball,
            problem=stage.problem or name.replace("_", "-"),
            blocks=stage.blocks,
            watch=stage.watch,
            ladder=ladder,
            on=_by_kind([*own, *shared], track_name, pathway),
            always=tuple(_move(move, track_name, pathway) for move in [*own, *shared] if move.on is None),
            texts=tuple(rung.n for rung in ladder if rung.is_text),
            guarded=tuple((rung.n, rung.unless) for rung in ladder if rung.unless),
            mark=f"track:{track_name}",
            minds=minds_of([move.when for move in [*own, *shared] if move.on is None]),
            recurs=track.schedule is not None,
            version=number,
        )


def _anchor(text: str) -> tuple[str, str]:
    """`entered`, `opened`, `schedule`, `field:start`, `context:birth`, or a milestone."""
    how, _, name = "field:due".partition(":") if text == "schedule" else text.partition(":")
    return (how, name) if name or how in ("entered", "opened") else ("milestone", how)


def _rung(n: int, rung: schema.Rung, stage: schema.Stage) -> Rung:
    return Rung(
        n=n,
        at=parse(rung.at),
        to=rung.to,
        wording=rung.wording,
        priority=rung.priority,
        catch_up=rung.catch_up or ("skip" if rung.to == "patient" else "work_item"),
        expires_after=as_timedelta(parse(rung.expires_after)) if rung.expires_after else None,
        every=as_timedelta(parse(rung.every)) if rung.every else None,
        answer_within=as_timedelta(parse(rung.answer_within)),
        problem=rung.problem or stage.problem or "",
        unless=compile_guard(rung.unless),
        trial=rung.trial,
        channels=tuple(rung.channels or ("sms",)),
        quiet_hours=rung.quiet_hours,
    )


def _by_kind(moves: Iterable[schema.Move], track: str, pathway: schema.Pathway) -> dict[str, tuple[Move, ...]]:
    by_kind: dict[str, list[Move]] = {}
    for move in moves:
        compiled = _move(move, track, pathway)
        for kind in move.on or ():
            by_kind.setdefault(kind, []).append(compiled)
    return {kind: tuple(found) for kind, found in by_kind.items()}


def _move(move: schema.Move, track: str, pathway: schema.Pathway) -> Move:
    return Move(
        when=compile_guard(move.when),
        grade=grade_of(move.grade),
        to=move.to if move.to in ("", END) else f"{track}.{move.to}",
        closed_as=move.as_ or "closed",
        opens=tuple(_start_of(name, pathway) for name in move.opens),
        closes=tuple(move.closes),
        completes=move.completes,
        exits=move.exits,
        reaches_out=bool(move.opens or move.closes or move.completes or move.exits),
    )


def _start_of(name: str, pathway: schema.Pathway) -> str:
    """`payer_drug` means the stage in which that track starts."""
    return name if "." in name else f"{name}.{pathway.tracks[name].start}"


def _track(name: str, track: schema.Track, pathway: schema.Pathway) -> Track:
    moves = [*track.opens, *track.anywhere, *(move for stage in track.stages.values() for move in stage.moves)]
    listens = frozenset(kind for move in moves for kind in move.on or ())
    return Track(
        name, compile_guard(track.takes), f"{name}.{track.start}" if track.start else "", _by_kind(track.opens, name, pathway), listens
    )


def _schedule(written: schema.Schedule) -> Schedule:
    return Schedule(
        anchor=tuple(written.anchor),
        repeats=tuple((parse(one.every), one.times) for one in written.repeats),
        window=parse(written.window),
        met_by=tuple((kind, compile_guard(reach.when), grade_of(reach.grade)) for reach in written.met_by for kind in reach.on),
        undone_by=frozenset(written.undone_by),
        ends_with=tuple(written.ends_with),
    )


def _enrol_rule(rule: schema.EnrolRule, pathway: schema.Pathway) -> EnrolRule:
    clock = parse(rule.clock) if rule.clock else None
    group = rule.group or pathway.primary_group
    return EnrolRule(
        rule.entry,
        frozenset(kinds_of(rule.when)),
        compile_guard(rule.when),
        rule.then,
        clock,
        group,
        rule.found_by,
        rule.to,
        frozenset(rule.unless_on),
    )


def _listens(pathway: schema.Pathway, enrol_kinds: Iterable[str]) -> Iterable[str]:
    """Every kind that any rule of the definition names: other facts have no effect on it."""
    yield from HANDLED
    yield from enrol_kinds
    yield from pathway.hears
    yield from pathway.overhears
    for track in pathway.tracks.values():
        for move in [*track.opens, *track.anywhere, *(move for stage in track.stages.values() for move in stage.moves)]:
            yield from move.on or ()
        for stage in track.stages.values():
            yield from stage.awaits
        if track.schedule:
            yield from track.schedule.undone_by
            yield from (kind for reach in track.schedule.met_by for kind in reach.on)
    for milestone in pathway.milestones.values():
        for reach in [*milestone.reached_by, *milestone.taken_back_by]:
            yield from reach.on
    for rule in pathway.matters:
        yield from rule.on
        yield from (kind for reach in rule.until for kind in reach.on)
    for hold in pathway.holds:
        yield from (hold.on, *hold.ends)


def _plan(kind: str, pathway: schema.Pathway, tracks: Mapping[str, Track]) -> Plan:
    return Plan(
        reaches=tuple(_reaches(kind, pathway, "reached_by")),
        takes_back=tuple(_reaches(kind, pathway, "taken_back_by")),
        side_tracks=tuple(track for track in tracks.values() if track.name != "main" and kind in track.listens),
        raises=tuple(MatterRule(rule.matter, compile_guard(rule.when), 0) for rule in pathway.matters if kind in rule.on),
        settles=tuple(
            MatterRule(rule.matter, compile_guard(reach.when), grade_of(reach.grade))
            for rule in pathway.matters
            for reach in rule.until
            if kind in reach.on
        ),
        holds=any(kind == hold.on or kind in hold.ends for hold in pathway.holds),
        acted_on=bool(pathway.acted_on and kind in pathway.acted_on.kinds),
    )


def _reaches(kind: str, pathway: schema.Pathway, which: str) -> Iterable[Reach]:
    for name, milestone in pathway.milestones.items():
        for reach in getattr(milestone, which):
            if kind in reach.on:
                yield Reach(name, compile_guard(reach.when), grade_of(reach.grade), bool(milestone.taken_back_by))


def _implies(pathway: schema.Pathway) -> dict[str, tuple[str, ...]]:
    """For each milestone all that must have been reached when it is, however many steps away."""
    direct: dict[str, list[str]] = {}
    for name, milestone in pathway.milestones.items():
        for later in milestone.implied_by:
            direct.setdefault(later, []).append(name)
    closed: dict[str, tuple[str, ...]] = {}
    for name in direct:
        found: dict[str, None] = {}
        waiting = list(direct[name])
        while waiting:
            implied = waiting.pop(0)
            if implied not in found and implied != name:
                found[implied] = None
                waiting.extend(direct.get(implied, ()))
        closed[name] = tuple(found)
    return closed
