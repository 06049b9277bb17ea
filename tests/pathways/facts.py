"""Facts as stories tell them: what happened, on which day, with which ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from pathways.definitions.compile import Definition, compile_body
from pathways.definitions.reading import CATALOG, read_path
from pathways.facts import Fact, Grade, Moment, Rank, content_digest
from pathways.replay import replay
from pathways.timeline import Calendar, Context, StayLine, Timeline

START = datetime(2026, 3, 2, 15, tzinfo=UTC)  # a Monday, 10 o'clock in Boston
BOSTON = Calendar(zone="America/New_York")
CONTEXT = Context(calendar=BOSTON, opened_at=START, entry="advanced")
PRESENT = [{"gene": "EGFR", "alteration": "p.Leu858Arg", "presence": "present"}]
ABSENT = [{"gene": "EGFR", "presence": "absent"}]

# The family under which the versions of one fact share a lineage, where it is not the kind itself.
FAMILIES = {
    **dict.fromkeys(("test_ordered", "order_cancelled"), "order"),
    **dict.fromkeys(("result_partial", "result_final"), "result"),
    **dict.fromkeys(("visit_booked", "visit_moved", "visit_cancelled", "visit_missed", "visit_kept"), "visit"),
}


@lru_cache
def definition(code: str) -> Definition:
    return compile_body(read_path(CATALOG / f"{code}.yaml").body, number=1)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def fact(kind: str, on: float, name: str = "1", *keys: str, **body: Any) -> Fact:
    """A fact of the hospital's on day `on` of the story. `rank`, `grade`, `retracted`, `basis`, `issued` set the rest."""
    moment = Moment(day(on), day(on))
    rank, retracted = body.pop("rank", Rank.FINAL), body.pop("retracted", False)
    grade, basis, issued = body.pop("grade", Grade.SYSTEM_OF_RECORD), body.pop("basis", None), body.pop("issued", None)
    lineage = f"EHR|{FAMILIES.get(kind, kind)}|{name}"
    digest = content_digest(kind, moment, rank, retracted, keys, body)
    at = None if issued is None else day(issued)
    return Fact(
        kind, lineage, moment, digest, rank=rank, issued_at=at, retracted=retracted, grade=grade, keys=tuple(keys), body=body, basis=basis
    )


def act(kind: str, on: float, name: str = "1", **body: Any) -> Fact:
    """Something a person did."""
    return fact(kind, on, name, "journey:1", grade=Grade.STAFF_ATTESTED, **body)


def rule(kind: str, on: float, name: str = "1", **body: Any) -> Fact:
    """Something a rule derived; its basis always holds unless one is given."""
    return fact(kind, on, name, "journey:1", grade=Grade.RULE, **body)


def enrolled(on: float = 0, entry: str = "advanced") -> Fact:
    return act("enrolled", on, entry=entry)


def tell(*facts: Fact, pathway: str = "nsclc-biomarker", context: Context = CONTEXT) -> Timeline:
    return replay(definition(pathway), facts, context)


def stay(timeline: Timeline, key: str, occurrence: int = 1) -> StayLine:
    track, _, stage = key.partition(".")
    return next(one for one in timeline.stays if (one.track, one.stage, one.occurrence) == (track, stage, occurrence))


def standing(timeline: Timeline) -> set[str]:
    """Where the journey waits now, track by track."""
    return {f"{one.track}.{one.stage}" for one in timeline.stays if one.left_at is None}


def reached(timeline: Timeline) -> set[str]:
    return {name for name, line in timeline.milestones.items() if line.state == "reached"}
