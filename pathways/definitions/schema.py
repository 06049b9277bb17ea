"""The format of a pathway definition, as Pydantic models. `docs/pathways.md` teaches it; `manage.py pathways schema` prints it as JSON Schema.

Read only when a definition is validated or published: nothing here runs when events are replayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pathways.deadlines import parse
from pathways.definitions.reading import ordered_as_written

PhaseName = Literal["identified", "ordered", "sampled", "resulted", "decided", "started"]
ExitClassName = Literal["appropriate", "competing", "administrative", "preventable", "patient_choice"]
GradeName = Literal["patient_reported", "rule", "staff_attested", "system_of_record"]
Audience = Literal[
    "patient",
    "navigator",
    "lead",
    "manager",
    "clinician",
    "pharmacist",
    "genetic_counselor",
    "lab_liaison",
    "financial_counselor",
    "responsible",
    "accountable",
]
Guard = dict[str, Any]


def _is_duration(value: Any) -> str:
    parse(value)
    return str(value)


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


DurationText = Annotated[str, BeforeValidator(_is_duration)]


def _by_kind(value: Any) -> Any:
    return dict.fromkeys(value, "any") if isinstance(value, list) else value


Words = Annotated[list[str], BeforeValidator(_listed)]
Guards = Annotated[list[Guard], BeforeValidator(_listed)]
Overheard = Annotated[dict[str, Guard | Literal["any"]], BeforeValidator(_by_kind)]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,59}$")]


class Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Source(Written):
    """Where a target comes from. `local default` says that no published standard stands behind it."""

    text: Annotated[str, Field(min_length=3)]
    url: str = ""
    approved_by: str = ""
    approved_on: date | None = None


def _spelled_out(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


SourceText = Annotated[Source, BeforeValidator(_spelled_out)]


class Entry(Written):
    """A way onto the pathway; reports start from one of them."""

    by: Literal["rule", "candidate", "hand"]
    label: str = ""


class EnrolRule(Written):
    """A fact for which `when` holds enrols the patient, or makes a candidate that a person accepts or refuses.

    `to` says who is shown the candidate; nobody is proposed who is on one of the programmes in `unless_on`.
    """

    entry: Word
    when: Guard
    then: Literal["enrol", "candidate"]
    clock: DurationText | None = None
    group: str = ""
    found_by: str = ""
    to: Literal["navigator", "genetic_counselor"] = "navigator"
    unless_on: Words = []


class Trial(Written):
    """A comparison by lot: of the patients whom the rung would text, a `share` hears later, until `delay` is over (`arm: delay`) or the wait is
    due (`hold_out`), never beyond due. It begins on `from` and ends with `until`; what it asks is in `reason`, who allowed it in `approved_by`.
    """

    protocol: Annotated[str, Field(min_length=3, max_length=60)]
    arm: Literal["delay", "hold_out"]
    share: Annotated[float, Field(gt=0, le=0.5)]
    delay: DurationText | None = None
    seed: Annotated[str, Field(min_length=1, max_length=60)]
    from_: Annotated[date, Field(alias="from")]
    until: date
    horizon: DurationText = "14 days"
    approved_by: str = ""
    reason: str = ""


ChannelName = Literal["sms", "email", "letter", "call"]


class Rung(Written):
    """One reaction of a ladder, at an offset from due. `unless` takes it away while the guard holds. `channels`: how a patient is reached, the
    next where one can not; `quiet_hours`: an e-mail waits for the day as well."""

    at: DurationText
    to: Audience
    wording: str = ""
    priority: Annotated[int, Field(ge=1, le=9)] = 5
    catch_up: Literal["send", "skip", "work_item"] | None = None
    expires_after: DurationText | None = None
    every: DurationText | None = None
    answer_within: DurationText = "2 working days"
    problem: Slug | None = None
    unless: Guard | None = None
    approved_by: str = ""
    reason: str = ""
    trial: Trial | None = None
    channels: Annotated[list[ChannelName], Field(min_length=1)] | None = None
    quiet_hours: bool = False


class Move(Written):
    """What a fact does to a track. Without `on` it is tested on arrival and after every fact; without `to` the wait goes on.

    `to` is a stage of the same track, or `end` (with `as` naming how the track ended). `opens` and `closes` name other tracks.
    """

    on: Words | None = None
    when: Guard | None = None
    grade: GradeName = "rule"
    to: str = ""
    as_: Annotated[str, Field(alias="as")] = ""
    opens: Words = []
    closes: Words = []
    completes: str = ""
    exits: str = ""


class Deed(Written):
    """Something a person can do about a wait, as a verb in words; it leads to one thing: a kind to `record`, a reason that `exits`, or
    what it `does`. The first of a stage is the primary one."""

    say: Annotated[str, Field(min_length=3, max_length=60)]
    record: str = ""
    exits: str = ""
    does: Literal["call", "answer", "judge", "hold", "hand_over"] | None = None


class Stage(Written):
    """A place to wait. Not final: it has `within`, or `review_after` where nothing is ever late."""

    label: str
    phase: PhaseName | None = None
    awaits: Words = []
    within: DurationText | None = None
    review_after: DurationText | None = None
    anchor: str = "entered"
    source: SourceText | None = None
    ball: str = ""
    problem: Slug | None = None
    blocks: bool = False
    watch: bool = False
    do: Annotated[list[Deed], Field(max_length=4)] = []
    ladder: list[Rung] = []
    moves: list[Move] = []


class Reach(Written):
    on: Words
    when: Guard | None = None
    grade: GradeName = "rule"


def _reaches(value: Any) -> Any:
    return [{"on": item} if isinstance(item, str) else item for item in _listed(value)]


Reaches = Annotated[list[Reach], BeforeValidator(_reaches)]


class Repeats(Written):
    """So many times, so far apart."""

    every: DurationText
    times: Annotated[int, Field(ge=1, le=60)]


class Schedule(Written):
    """When the turns of a recurring track are due: counted from the first milestone of `anchor` that is known, never from the turn before.

    `window` lies on both sides of the day that is due. `met_by` are the facts that keep a turn, `undone_by` those that take such a fact
    back (they share an id), `ends_with` the milestones after which no turn comes any more.
    """

    anchor: Annotated[Words, Field(min_length=1)]
    repeats: Annotated[list[Repeats], Field(min_length=1)]
    window: DurationText
    met_by: Reaches
    undone_by: Words = []
    ends_with: Words = []
    source: SourceText


class Track(Written):
    """A parallel line of waiting. `takes` says which facts are its own; `opens` are the moves that begin it while it has no open stay."""

    takes: Guard | Literal["any"] = "any"
    start: str = ""
    opens: list[Move] = []
    anywhere: list[Move] = []
    stages: dict[Word, Stage]
    schedule: Schedule | None = None
    included: str = ""


class Milestone(Written):
    """Something that was reached. The one of a phase with `spine: true` carries that phase's first time.

    `implied_by` names milestones that cannot have been reached without this one. `taken_back_by` are facts after which it was not so
    after all: of a specimen that the laboratory refuses, of an order that was cancelled (matched by shared ids).
    """

    label: str = ""
    phase: PhaseName
    spine: bool = False
    reached_by: Reaches = []
    implied_by: Words = []
    taken_back_by: Reaches = []
    not_applicable: Guard | None = None


class Target(Written):
    """A published or local target between two milestones, for reports; nothing rings by it."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    within: DurationText
    source: SourceText
    label: str = ""


class MatterRule(Written):
    """What a person must settle although nothing waits: opened `on` a fact, gone `until` another, or when the fact itself is gone."""

    matter: Word
    on: Words
    when: Guard | None = None
    until: Reaches = []


class ActedOn(Written):
    """A correction of one of `kinds`, issued after one of `after` was reached, asks for a person: what was done rests on what was wrong."""

    kinds: Words
    after: Words


class HoldRule(Written):
    """A fact that stops the clocks by itself, for so long or until one of `ends` comes."""

    on: str
    reason: str
    for_: Annotated[DurationText, Field(alias="for")]
    ends: Words = []
    party: str = ""


class Join(Written):
    """A named guard over several tracks, for other guards to ask by `join: name`."""

    all_of: list[Guard] = []
    any_of: list[Guard] = []


def _expand(value: Any, joins: Mapping[str, Any]) -> Any:
    """Guards with `join: name` replaced by what the join says."""
    if isinstance(value, list):
        return [_expand(item, joins) for item in value]
    if not isinstance(value, dict):
        return value
    expanded = {key: _expand(child, joins) for key, child in value.items() if key != "join"}
    if "join" in value:
        if value["join"] not in joins:
            raise ValueError(f"no join called {value['join']!r}")
        join = joins[value["join"]]
        parts = [{key: join[name]} for key, name in (("all", "all_of"), ("any", "any_of")) if join.get(name)]
        expanded["all"] = [*_listed(expanded.get("all", [])), *parts]
    return expanded


class Pathway(Written):
    """One programme."""

    @model_validator(mode="before")
    @classmethod
    def _put_in_place(cls, body: Any) -> Any:
        if isinstance(body, dict) and "order" in body:
            body = ordered_as_written(body)
        joins = body.get("joins") if isinstance(body, dict) else None
        if not isinstance(joins, dict):
            return body
        return {key: value if key == "joins" else _expand(value, joins) for key, value in body.items()}

    code: Slug
    title: str
    description: str = ""
    primary_group: str = ""
    reasons: Words = []
    entries: dict[Word, Entry]
    enrol: list[EnrolRule] = []
    look_back: DurationText = "180 days"
    death: Literal["end", "continue"] = "end"
    phases: dict[PhaseName, str]
    hears: dict[str, Guard | Literal["any"]] = {}
    overhears: Overheard = {}
    tracks: dict[Word, Track]
    joins: dict[Word, Join] = {}
    milestones: dict[Word, Milestone]
    funnels: dict[Word, list[str]] = {}
    must_follow: list[tuple[str, str]] = []
    targets: list[Target] = []
    matters: list[MatterRule] = []
    holds: list[HoldRule] = []
    late: Words = []
    acted_on: ActedOn | None = None
    completions: dict[Word, str]
    exits: dict[Word, ExitClassName]


class Fragment(Written):
    """A track that other definitions include with `use:` and `with:`; `${name}` is filled from `with`."""

    code: Slug
    title: str
    description: str = ""
    parameters: dict[Word, Any] = {}
    track: dict[str, Any]
