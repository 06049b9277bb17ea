"""What may be wrong with a definition: one stable name per rule, the same in the command, in JSON and in `docs/pathways.md`."""

from __future__ import annotations

import msgspec

from pathways.definitions.reading import Place, Source

Finding = tuple[Place, str, str]
"""Where in the definition, which rule, and what exactly."""

RULES: dict[str, str] = {
    # the file
    "too-large": "the file is larger than 256 KiB",
    "too-deep": "values are nested deeper than 24 levels",
    "not-yaml": "the file is no YAML, no UTF-8, or no mapping of keys to values",
    "alias": "an anchor or alias (`&x`, `*x`): they can make a small file enormous",
    "tag": "a tag (`!!python/object`, `!!binary` ...): a definition holds data, never objects",
    "duplicate-key": "a key is written twice; which of the two was meant?",
    "bad-key": "a key is no word: a number, `null`, a list",
    "bad-include": "`use:` or `extends:` names nothing, `with:` does not fit, `more:` or a `$list` has nothing to add to or to stand for",
    # the format
    "unknown-key": "a key that the format does not know",
    "missing-key": "something that must be said is not",
    "bad-value": "a value of the wrong type, or not one of those allowed",
    "bad-duration": "no duration; write for example `10 working days`, `72 hours`, `6 months`",
    "not-positive": "a target, repetition or period of no length",
    "bad-guard": "a guard that cannot be read",
    # names
    "unknown-kind": "no such kind of event",
    "unknown-milestone": "no such milestone",
    "unknown-track": "no such track",
    "unknown-stage": "no such stage on this track",
    "unknown-place": "a guard asks for a place in which the track can never stand",
    "unknown-entry": "no such entry",
    "unknown-phase": "the phase has no label in `phases`",
    "unknown-join": "no such join",
    "unknown-completion": "not one of `completions`",
    "unknown-exit": "not one of `exits`",
    "unknown-matter": "no such kind of matter",
    # waits and moves
    "no-main-track": "there is no track called `main`",
    "no-deadline": "a stage has neither `within` nor `review_after`, or both",
    "no-source": "a deadline or target does not say where it comes from",
    "half-signed": "a source has `approved_by` without `approved_on`, or the other way round",
    "no-ball": "a stage does not say whom everyone waits for",
    "unreachable-stage": "nothing leads to the stage, from wherever the track begins",
    "dead-end-stage": "nothing leads away from the stage, or nowhere from where the journey could end",
    "cycle-without-clock": "stages lead to one another in a circle and none of them has a clock: nobody would ever be told",
    "endless-moves": "moves without `on` chase each other: their guards can hold all at once",
    "main-ends": "`main` ends by `completes` or `exits` only",
    "move-without-kind": "a move without `on` leads nowhere, or asks for more than milestones, tracks and entry",
    "no-kind": "an enrol rule does not say which kinds of fact it reads",
    "spine": "a phase does not have exactly one milestone with `spine: true`",
    "bad-schedule": "turns of a schedule that overlap or are not counted in days, or `anchor: schedule` where there is none",
    # ladders and texts
    "ladder-order": "rungs do not stand in the order in which they ring",
    "ladder-without-staff": "nobody of the staff hears of it",
    "ladder-ends-silent": "the last staff rung neither repeats nor goes to the lead",
    "rung-before-wait": "a rung rings before the wait can have begun",
    "rung-after-expiry": "a rung could ring or be caught up only when it has expired",
    "text-without-ball": "a text while the ball is not the patient's, without `approved_by` and `reason`",
    "text-before-told": "a text between result and disclosure, without `approved_by` and `reason`",
    "text-without-wording": "a text that names no wording",
    "text-repeats": "`every` on a text: a patient is texted once per wait and rung",
    "unknown-wording": "no language has this wording",
    "missing-language": "a shipped language lacks this wording, or its words for a channel",
    "channels-of-staff": "`channels` or `quiet_hours` on a rung of the staff: they say how a patient is reached",
    "channel-order": "a channel named twice, or one after `call`: a person who calls goes on by themselves",
    "quiet-hours": "`quiet_hours` on a rung without e-mail: texts always keep them",
    # comparisons by lot
    "trial-of-staff": "a comparison on a rung of the staff: only the time of a patient's reminder is left to the lot",
    "trial-critical": "a comparison on a rung of priority 1 to 3",
    "trial-after-result": "a comparison after a result, or on a text that needed approval itself",
    "trial-alone": "a comparison on a ladder on which nobody of the staff is asked in every case",
    "trial-twice": "two comparisons on one ladder",
    "trial-share": "a share that no block of ten patients or fewer gives",
    "trial-unapproved": "a comparison that nobody approved by name",
    "trial-dates": "a comparison that ends before it begins",
    "trial-delay": "a delay that is missing, or that a hold-out does not have",
    "trial-past-due": "a reminder put off beyond the day on which its wait is due",
    # several files
    "two-versions-active": "two files would put the same programme in force at once",
}


class Fault(msgspec.Struct, frozen=True):
    """One thing to mend."""

    file: str
    line: int
    rule: str
    detail: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.detail}"


def fault(source: Source, place: Place, rule: str, detail: str) -> Fault:
    where = ".".join(str(part) for part in place)
    return Fault(source.name, source.line(place), rule, f"{where}: {detail}" if where else detail)
