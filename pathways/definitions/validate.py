"""Finds what is wrong with definitions before anyone's care depends on them: every fault with its file, line and rule, in one run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pathways.deadlines import as_timedelta, parse
from pathways.definitions import schema
from pathways.definitions.faults import Fault, Finding, fault
from pathways.definitions.forming import formed
from pathways.definitions.laddering import Wordings, ladder_findings
from pathways.definitions.naming import name_findings
from pathways.definitions.reading import BadInclude, Place, Source, Unacceptable, arguments, fill, read_path
from pathways.definitions.stagegraph import all_moves, graph_findings
from pathways.kinds import FED

__all__ = ["Fault", "Wordings", "faults_of", "faults_of_files"]

_DAYS = ("days", "weeks")
_STATE_WORDS = ("reached", "not_reached", "track", "entry", "all", "any", "not")
# A pathway around a track that others include, so that it can be judged by itself.
_AROUND: Mapping[str, Any] = {
    "code": "around", "title": "around", "entries": {"any": {"by": "hand"}}, "phases": {}, "milestones": {}, "completions": {}, "exits": {},
}  # fmt: skip
_OF_THE_PARENT = ("unknown-milestone", "unknown-track", "unknown-entry", "unknown-place", "unreachable-stage", "no-main-track")


def faults_of_files(paths: Iterable[Path], wordings: Wordings | None = None) -> list[Fault]:
    """All faults of all files, and of the files together: one programme in force twice. Raises OSError."""
    found: list[Fault] = []
    seen: dict[str, str] = {}
    for path in paths:
        source, faults = _read(path)
        found += faults
        if source is None:
            continue
        found += faults_of(source, wordings)
        code = str(source.body.get("code"))
        if code in seen:
            found.append(fault(source, ("code",), "two-versions-active", f"{code!r} is also in {seen[code]}"))
        seen.setdefault(code, source.name)
    return found


def _read(path: Path) -> tuple[Source | None, list[Fault]]:
    try:
        return read_path(path), []
    except Unacceptable as error:
        return error.source, [Fault(path.name, line, rule, said) for line, rule, said in error.refusals]


def faults_of(source: Source, wordings: Wordings | None = None) -> list[Fault]:
    """All faults, in the order of the file; empty when the definition can be published."""
    findings = _of_included(source.body) if "track" in source.body else _of_pathway(source.body, wordings)
    faults = {fault(source, *one): None for one in findings}
    return sorted(faults, key=lambda one: (one.line, one.rule, one.detail))


def _of_pathway(body: Mapping[str, Any], wordings: Wordings | None) -> list[Finding]:
    form = formed(body)
    if form.pathway is None:
        return form.findings
    found = [*_structure(form.pathway), *name_findings(form.pathway, form.body), *ladder_findings(form.pathway, wordings)]
    around = {place[:-1] for place in form.mended}
    return form.findings + [one for one in found if one[0] not in around and one[0] not in form.mended]


def _of_included(body: Mapping[str, Any]) -> Iterator[Finding]:
    """A track to include is judged with the first values of its parameters; what it asks of its parent, there."""
    try:
        fragment = schema.Fragment.model_validate(body)
        declared = {name: choices for name, choices in fragment.parameters.items() if choices}
        values = arguments(fragment.code, declared, {name: next(iter(choices)) for name, choices in declared.items()})
        track = fill(fragment.track, values, fragment.code)
    except ValidationError as error:
        yield from ((tuple(item["loc"]), "bad-value", item["msg"]) for item in error.errors(include_url=False))
        return
    except (BadInclude, TypeError) as error:
        yield ("track",), "bad-include", str(error)
        return
    for place, rule, detail in _of_pathway({**_AROUND, "tracks": {"track": track}}, None):
        if rule not in _OF_THE_PARENT:
            yield place[1:], rule, detail


def _structure(pathway: schema.Pathway) -> Iterator[Finding]:
    if "main" not in pathway.tracks:
        yield ("tracks",), "no-main-track", "a pathway needs a track called main"
    opened = {name for _, _, move in all_moves(pathway) for name in move.opens}
    for name, track in pathway.tracks.items():
        if name == "main" and track.start not in track.stages:
            yield ("tracks", name, "start"), "unknown-stage", f"main starts in {track.start!r}, which is no stage"
        if name != "main" and name in opened and track.start not in track.stages and track.included != "nothing":
            yield ("tracks", name), "unknown-stage", f"{name} is opened by another track but says no stage to start in"
        for stage_name, stage in track.stages.items():
            yield from _stage(pathway, ("tracks", name, "stages", stage_name), stage)
    for place, track_name, move in all_moves(pathway):
        yield from _move(pathway, place, track_name, move)
    for place, source in _sources(pathway):
        if bool(source.approved_by) != bool(source.approved_on):
            yield place, "half-signed", "`approved_by` and `approved_on` go together"
    yield from _lengths(pathway)
    yield from _schedules(pathway)
    yield from graph_findings(pathway)


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
    if how == "schedule" and pathway.tracks[str(place[1])].schedule is None:
        yield (*place, "anchor"), "bad-schedule", "only a track with a `schedule` has something to count from"
    if how not in ("entered", "opened", "schedule", "field", "context") and stage.anchor not in pathway.milestones:
        yield (*place, "anchor"), "unknown-milestone", f"no milestone called {stage.anchor!r} to count from"
    for n, deed in enumerate(stage.do):
        yield from _deed(pathway, (*place, "do", n), deed)
    if stage.phase and stage.phase not in pathway.phases:
        yield (*place, "phase"), "unknown-phase", f"{stage.phase} has no label in `phases`"


def _deed(pathway: schema.Pathway, place: Place, deed: schema.Deed) -> Iterator[Finding]:
    if sum(map(bool, (deed.record, deed.exits, deed.does))) != 1:
        yield place, "bad-deed", "one of `record`, `exits` and `does`"
    if deed.record and deed.record not in FED:
        yield place, "bad-deed", f"no kind of event called {deed.record!r} that a person could write down"
    if deed.exits and deed.exits not in pathway.exits:
        yield place, "unknown-exit", f"{deed.exits!r} is not in `exits`"


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
                yield from _keys(inner if isinstance(inner, Mapping) else None)


def _sources(pathway: schema.Pathway) -> Iterator[tuple[Place, schema.Source]]:
    for name, track in pathway.tracks.items():
        for stage_name, stage in track.stages.items():
            if stage.source:
                yield ("tracks", name, "stages", stage_name, "source"), stage.source
        if track.schedule:
            yield ("tracks", name, "schedule", "source"), track.schedule.source
    yield from ((("targets", n, "source"), target.source) for n, target in enumerate(pathway.targets))


def _lengths(pathway: schema.Pathway) -> Iterator[Finding]:
    """Periods that must have a length. What counts from a date of the fact itself may be due on that very day."""
    written: list[tuple[Place, str | None]] = [(("look_back",), pathway.look_back)]
    written += [(("targets", n, "within"), target.within) for n, target in enumerate(pathway.targets)]
    written += [(("holds", n, "for"), hold.for_) for n, hold in enumerate(pathway.holds)]
    written += [(("enrol", n, "clock"), rule.clock) for n, rule in enumerate(pathway.enrol)]
    for name, track in pathway.tracks.items():
        for stage_name, stage in track.stages.items():
            if stage.anchor == "entered":
                place: Place = ("tracks", name, "stages", stage_name)
                written += [((*place, "within"), stage.within), ((*place, "review_after"), stage.review_after)]
    for place, text in written:
        if text and as_timedelta(parse(text)) <= timedelta(0):
            yield place, "not-positive", f"{text} is no length of time"


def _schedules(pathway: schema.Pathway) -> Iterator[Finding]:
    """Turns are counted in whole days, far enough apart that a draw belongs to one of them."""
    for name, track in pathway.tracks.items():
        if track.schedule is None:
            continue
        place: Place = ("tracks", name, "schedule")
        apart = [(("repeats", n, "every"), each.every, (*_DAYS, "months")) for n, each in enumerate(track.schedule.repeats)]
        for where, text, units in (*apart, (("window",), track.schedule.window, _DAYS)):
            if parse(text).unit not in units or parse(text).amount <= 0:
                yield (*place, *where), "bad-schedule", f"{text!r}: turns are counted in {', '.join(units)}"
        if 2 * as_timedelta(parse(track.schedule.window)) >= min(as_timedelta(parse(text)) for _, text, _ in apart):
            yield (*place, "window"), "bad-schedule", "the windows of two turns would overlap"
