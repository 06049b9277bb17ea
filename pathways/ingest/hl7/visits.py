"""SIU: appointments booked, moved, cancelled, missed, kept. Pure."""

from __future__ import annotations

import re

from pathways.facts import Moment
from pathways.ingest.when import at

from .part import Part

BY_TRIGGER = {
    "S12": "visit_booked", "S13": "visit_moved", "S14": "visit_moved", "S15": "visit_cancelled", "S16": "visit_cancelled",
    "S17": "visit_cancelled", "S18": "visit_booked", "S26": "visit_missed",
}  # fmt: skip
BY_STATUS = {
    "complete": "visit_kept", "completed": "visit_kept", "arrived": "visit_kept", "fulfilled": "visit_kept", "checkedout": "visit_kept",
    "noshow": "visit_missed", "no show": "visit_missed", "cancelled": "visit_cancelled", "canceled": "visit_cancelled",
    "deleted": "visit_cancelled",
}  # fmt: skip
BESIDE = (("SCH", (10, 12), 4), ("SCH", (11, 16, 17), 1), ("AIS", (5, 6), 1), ("AIG", (6, 7, 9), 1), ("AIL", (7, 8), 1), ("AIP", (7, 8), 1))
TIME_OF_DAY = re.compile(r"20\d{10}(\d\d)?(\.\d+)?([+-]\d{4})?")
NO_VISIT = frozenset({"blocked", "waitlist", "dc"})
"""SCH-25 (table 0278): a slot that is closed, a wish for one, one that was given up by whom nobody knows. Started is not kept yet; Pending,
Overbook and what HL7 does not know leave the word to the trigger."""


def read(part: Part, trigger: str) -> None:
    sch = part.message.one("SCH")
    status = part.get(sch, 25).casefold().replace("-", "")
    kind = BY_STATUS.get(status) or BY_TRIGGER.get(trigger)
    if kind is None:
        return
    if status in NO_VISIT and kind in ("visit_booked", "visit_moved"):
        part.statement.note(f"SCH-25 {part.get(sch, 25)[:20]} says that there is no visit (yet); left out")
        return
    start = _start(part, near=kind != "visit_cancelled")
    number = part.id(sch, 2) or part.id(sch, 1) or (f"@{start.lo.isoformat()}" if start else "")
    if not number:
        part.statement.note("SCH-1 and SCH-2 name no appointment, and it has no time: left out")
        return
    said = at(part.statement.message_at)
    body: dict[str, object] = {}
    if kind in ("visit_booked", "visit_moved"):
        body = {"start": start.lo.isoformat() if start else None, "service": _service(part)}
    elif kind == "visit_cancelled":
        body = {"reason": part.coded(sch, 6).label}
    else:
        body = {"service": _service(part)}
    occurred = (start or said) if kind in ("visit_kept", "visit_missed") else said
    retracted = trigger == "S17" or part.get(sch, 25).casefold() == "deleted"
    part.statement.say(kind, number, occurred or start, body, keys=part.statement.keys(visit=number), retracted=retracted)


def _start(part: Part, *, near: bool) -> Moment | None:
    """SCH-11.4, else TQ1-7, else the start of the first service, resource, person or place (AIS-4, AIG-8, AIL-6, AIP-6); else, as senders
    slip by a field, the first time of day that stands near one of these."""
    found = part.moment(part.message.one("SCH"), 11, 4) or part.moment(part.message.one("TQ1"), 7)
    for name, field in (("AIS", 4), ("AIG", 8), ("AIL", 6), ("AIP", 6)):
        found = found or part.moment(part.message.one(name), field)
    if found or not near:
        return found
    places = ((name, field, component) for name, fields, component in BESIDE for field in fields)
    return next((beside for place in places if (beside := _beside(part, *place))), None)


def _beside(part: Part, name: str, field: int, component: int) -> Moment | None:
    if not TIME_OF_DAY.fullmatch(part.get(part.message.one(name), field, component)):
        return None
    part.statement.note(f"the time of the visit was taken from {name}-{field}, where HL7 has something else")
    return part.moment(part.message.one(name), field, component)


def _service(part: Part) -> dict[str, str]:
    """What the visit is for: AIS-3, else the appointment's type or reason."""
    sch = part.message.one("SCH")
    service = part.coded(part.message.one("AIS"), 3)
    return (service if service.codings else part.coded(sch, 8) if part.get(sch, 8) else part.coded(sch, 7)).body()
