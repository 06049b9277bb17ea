"""What may be wrong with reactions: ladders that end in silence, rungs that can never ring, texts to somebody who has nothing to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from datetime import timedelta
from itertools import pairwise

import msgspec

from pathways.deadlines import as_timedelta, parse
from pathways.definitions import schema
from pathways.definitions.faults import Finding
from pathways.definitions.lots import LONGEST_BLOCK, block_of
from pathways.definitions.reading import Place

ESCALATES = ("lead", "manager")
CRITICAL = 3
AFTER_RESULT = ("resulted", "decided", "started")
LATE = timedelta(hours=26)
"""A rung is caught up as late when it should have rung so long ago (`sql/ring_due_rungs.sql`)."""


class Wordings(msgspec.Struct, frozen=True):
    """The texts there are, by language, and those that are written out for e-mails and letters. Whoever composes the product says them:
    definitions know none of their own."""

    by_language: Mapping[str, Set[str]]
    written: Mapping[str, Set[str]] | None = None

    def lacking(self, wording: str) -> list[str]:
        return [language for language, known in self.by_language.items() if wording not in known]

    def unwritten(self, wording: str) -> list[str]:
        return [language for language, known in (self.written or {}).items() if wording not in known]


def ladder_findings(pathway: schema.Pathway, wordings: Wordings | None) -> Iterator[Finding]:
    for name, track in pathway.tracks.items():
        for stage_name, stage in track.stages.items():
            place: Place = ("tracks", name, "stages", stage_name, "ladder")
            yield from _ladder(place, stage, silent_allowed=stage.watch and name != "main")
            for n, rung in enumerate(stage.ladder):
                yield from _rung((*place, n), stage, rung)
                if rung.to == "patient":
                    yield from _text((*place, n), stage, rung, wordings)
                yield from _channels((*place, n), rung, wordings)
                if rung.trial is not None:
                    yield from _trial((*place, n, "trial"), stage, rung, rung.trial)


def _ladder(place: Place, stage: schema.Stage, *, silent_allowed: bool) -> Iterator[Finding]:
    offsets = [as_timedelta(parse(rung.at)) for rung in stage.ladder]
    for n, (before, after) in enumerate(pairwise(offsets), start=1):
        if after < before:
            yield (*place, n), "ladder-order", f"{stage.ladder[n].at} stands after {stage.ladder[n - 1].at}"
    staff = [(n, rung) for n, rung in enumerate(stage.ladder) if rung.to != "patient"]
    if not staff and not silent_allowed:
        yield place, "ladder-without-staff", "somebody of the staff must hear of it"
    if staff and not staff[-1][1].every and staff[-1][1].to not in ESCALATES:
        yield (*place, staff[-1][0]), "ladder-ends-silent", "the last staff rung repeats (`every`) or goes to the lead"


def _rung(place: Place, stage: schema.Stage, rung: schema.Rung) -> Iterator[Finding]:
    for key in ("every", "answer_within"):
        written = getattr(rung, key)
        if written and as_timedelta(parse(written)) <= timedelta(0):
            yield (*place, key), "not-positive", f"{key}: {written}"
    length, at = stage.within or stage.review_after, as_timedelta(parse(rung.at))
    if stage.anchor == "entered" and length and as_timedelta(parse(length)) > timedelta(0) and -at > as_timedelta(parse(length)):
        yield (*place, "at"), "rung-before-wait", f"{rung.at} before due, but the whole wait is {length}"
    if rung.expires_after:
        expires = as_timedelta(parse(rung.expires_after))
        if expires <= timedelta(0):
            yield (*place, "expires_after"), "rung-after-expiry", f"it has expired when it rings ({rung.expires_after})"
        elif rung.catch_up == "send" and expires <= LATE:
            yield (*place, "catch_up"), "rung-after-expiry", f"it would be caught up only when it has expired ({rung.expires_after})"


def _text(place: Place, stage: schema.Stage, rung: schema.Rung, wordings: Wordings | None) -> Iterator[Finding]:
    approved = bool(rung.approved_by and rung.reason)
    if stage.ball != "patient" and not approved:
        yield place, "text-without-ball", "a patient is texted while the ball is the patient's, or with `approved_by` and `reason`"
    if stage.phase == "resulted" and not approved:
        yield place, "text-before-told", "between result and disclosure texts need `approved_by` and `reason`"
    if rung.every:
        yield (*place, "every"), "text-repeats", "a patient is texted once per wait and rung"
    if not rung.wording:
        yield place, "text-without-wording", "a text names its wording"
    elif wordings is not None:
        yield from _said(place, rung.wording, wordings)


def _trial(place: Place, stage: schema.Stage, rung: schema.Rung, trial: schema.Trial) -> Iterator[Finding]:
    """Only the time of a reminder may be left to the lot, only while nothing depends on it, and only with a name behind it."""
    if rung.to != "patient":
        yield place, "trial-of-staff", f"what {rung.to} is asked is never left to the lot"
    if rung.priority <= CRITICAL:
        yield place, "trial-critical", f"a reminder of priority {rung.priority} is critical: nobody waits for it by lot"
    if stage.phase in AFTER_RESULT or rung.approved_by:
        yield place, "trial-after-result", "a result may be actionable here: its patients are reminded in time"
    if not any(other.to != "patient" and other.unless is None for other in stage.ladder):
        yield place, "trial-alone", "no rung of the staff stands on this ladder in every case: the reminder alone would safeguard the wait"
    if sum(other.trial is not None for other in stage.ladder) > 1:
        yield place, "trial-twice", "a ladder bears one comparison: of two nobody could tell which one it was"
    if block_of(trial.share) is None:
        yield (*place, "share"), "trial-share", f"{trial.share} is not so many of at most {LONGEST_BLOCK}"
    if not trial.approved_by:
        yield place, "trial-unapproved", "`approved_by` names who allowed it"
    if trial.until <= trial.from_:
        yield (*place, "until"), "trial-dates", f"it would end on {trial.until}, before it begins"
    yield from _trial_delay(place, rung, trial)


def _trial_delay(place: Place, rung: schema.Rung, trial: schema.Trial) -> Iterator[Finding]:
    at, delay = as_timedelta(parse(rung.at)), as_timedelta(parse(trial.delay)) if trial.delay else None
    if at >= timedelta(0):
        yield place, "trial-past-due", "a reminder of what is late already is not put off"
    if (trial.arm == "delay") != (delay is not None):
        yield place, "trial-delay", "`arm: delay` says a `delay`, `arm: hold_out` none"
    elif delay is not None and delay <= timedelta(0):
        yield (*place, "delay"), "not-positive", f"delay: {trial.delay}"
    elif delay is not None and at + delay > timedelta(0):
        yield (*place, "delay"), "trial-past-due", f"{trial.delay} after {rung.at} lies beyond due"
    if as_timedelta(parse(trial.horizon)) < timedelta(days=1):
        yield (*place, "horizon"), "not-positive", f"horizon: {trial.horizon}"


def _channels(place: Place, rung: schema.Rung, wordings: Wordings | None) -> Iterator[Finding]:
    channels = rung.channels or []
    if rung.to != "patient" and (channels or rung.quiet_hours):
        yield place, "channels-of-staff", f"{rung.to} gets a work item"
        return
    if len(set(channels)) < len(channels) or "call" in channels[:-1]:
        yield (*place, "channels"), "channel-order", ", ".join(channels)
    if rung.quiet_hours and "email" not in channels:
        yield (*place, "quiet_hours"), "quiet-hours", "there is no e-mail that could come at night"
    if wordings is not None and rung.wording and {"email", "letter"} & set(channels):
        for language in wordings.unwritten(rung.wording):
            yield (*place, "channels"), "missing-language", f"{rung.wording!r} is not written out for e-mail and letter in {language}"


def _said(place: Place, wording: str, wordings: Wordings) -> Iterator[Finding]:
    lacking = wordings.lacking(wording)
    if len(lacking) == len(wordings.by_language):
        yield (*place, "wording"), "unknown-wording", f"no wording called {wording!r}"
    else:
        yield from (((*place, "wording"), "missing-language", f"{wording!r} has no words in {language}") for language in lacking)
