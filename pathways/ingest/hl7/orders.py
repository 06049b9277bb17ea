"""ORC/OBR groups, whatever message brings them, and ORM, OML, OMG: orders asked for, cancelled, held. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from pathways.facts import Moment
from pathways.ingest import codes, molecular
from pathways.ingest.codes import Coded
from pathways.ingest.when import at

from . import clinicians, drugs, specimens
from .controls import ANEW, ASKED_ONLY, CANCELLED, HELD, NEW, STATUS, unheeded
from .part import Part
from .tokens import Segment


class Group(msgspec.Struct):
    """One order with everything under it."""

    orc: Segment = []
    obr: Segment = []
    obx: list[Segment] = []
    notes: list[Segment] = []
    spm: list[Segment] = []
    dg1: list[Segment] = []
    timing: Segment = []
    others: list[Segment] = []


def groups(part: Part, *, specimen_first: bool = False) -> list[Group]:
    """Orders in the order sent. In OUL a specimen stands before its orders, and an ORC after its OBR."""
    found: list[Group] = []
    pending: Segment = []
    specimens_before: list[Segment] = []
    for segment in part.segments:
        name = segment[0]
        if name == "ORC":
            if specimen_first and found and not found[-1].orc and not found[-1].obx:
                found[-1].orc = segment
            else:
                if pending:
                    found.append(Group(orc=pending))
                pending = segment
        elif name in ("OBR", "RXO", "RXE"):
            found.append(Group(orc=pending, spm=list(specimens_before)))
            pending = []
            if name == "OBR":
                found[-1].obr = segment
            else:
                found[-1].others.append(segment)
        elif name == "SPM" and specimen_first:
            specimens_before = [segment]
        elif found and not pending:
            _file(found[-1], segment)
    return [*found, Group(orc=pending)] if pending else found


def _file(group: Group, segment: Segment) -> None:
    name = segment[0]
    if name == "TQ1":
        group.timing = group.timing or segment
        return
    where = {"OBX": group.obx, "NTE": group.notes, "SPM": group.spm, "DG1": group.dg1}.get(name, group.others)
    where.append(segment)


def read(part: Part) -> None:
    """Every order of an ORM, OML or OMG. A medicine order in ORM goes to the medicine reader.

    OML and OMG may bring along earlier orders with their results, behind a PID or PV1 of their own: they are not ordered anew.
    """
    is_earlier = part.segments[0][0] == "PID" and part.segments[0] is not part.message.one("PID")
    for group in groups(part):
        if group.obr and is_earlier and part.get(group.orc, 1).upper() not in ANEW:
            part.statement.note("an order that stands behind a second PID or PV1 came earlier (prior results) and is not ordered anew")
        elif group.obr:
            _order(part, group)
        is_earlier = is_earlier or any(segment[0] == "PV1" for segment in group.others)
    drugs.orders(part)


def placer(part: Part, group: Group) -> str:
    return part.id(group.obr, 2) or part.id(group.orc, 2)


def filler(part: Part, group: Group) -> str:
    return part.id(group.obr, 3) or part.id(group.orc, 3)


def parents(part: Part, group: Group) -> Iterable[str]:
    """Numbers of the parent order (OBR-29, ORC-8): an EIP names the placer's first, the filler's second."""
    for segment, field in ((group.obr, 29), (group.orc, 8)):
        yield from (part.get(segment, field, 1), part.get(segment, field, 2))


def keys(part: Part, group: Group) -> tuple[str, ...]:
    return part.statement.keys(
        placer=placer(part, group),
        filler=filler(part, group),
        parent=parents(part, group),
        specimen=[specimens.number(part, spm) for spm in group.spm],
        accession=[part.get(spm, 30) for spm in group.spm],
    )


def category(part: Part, group: Group) -> tuple[Coded, str]:
    test = part.coded(group.obr, 4)
    return test, molecular.category(test, part.get(group.obr, 24))


def _order(part: Part, group: Group) -> None:
    test, kind = category(part, group)
    if kind not in ("molecular", "biopsy", "newborn"):
        return
    number = placer(part, group) or filler(part, group)
    control, status = part.get(group.orc, 1).upper(), STATUS.get(part.get(group.orc, 5).upper(), "")
    when = part.moment(group.orc, 9) or at(part.statement.message_at) or part.moment(group.orc, 15) or part.moment(group.obr, 6)
    issued = when.lo if when else None
    number = number or f"{test.body()['code'] or test.label}@{issued.isoformat() if issued else ''}"
    body: dict[str, Any] = {"code": test.body(), "text": test.label}
    if control in CANCELLED or (status == "cancelled" and control not in ASKED_ONLY):
        reason = part.coded(group.orc, 16).label
        part.statement.say("order_cancelled", number, _or_message(part, when), {"reason": reason}, keys=keys(part, group), issued_at=issued)
    elif control in HELD or (status == "held" and control not in ASKED_ONLY):
        part.statement.say(
            "order_held", number, _or_message(part, when), {"reason": part.coded(group.orc, 16).label}, keys=keys(part, group)
        )
    elif control not in NEW:
        part.statement.note(unheeded(control))
    elif kind == "biopsy":
        part.statement.say("biopsy_ordered", number, when, body, keys=keys(part, group), issued_at=issued)
    else:
        _test(part, group, number, when, body | {"words": test.words})


def _test(part: Part, group: Group, number: str, when: Moment | None, body: dict[str, Any]) -> None:
    words = str(body.pop("words"))
    sample = specimens.words(part, group.spm) or part.message.text(group.obr, 15)
    reasons = [*part.every_code(group.obr, 31), *(part.coded(dg1, 3) for dg1 in group.dg1)]
    body |= {
        "reflex": part.get(group.obr, 11).upper() in ("G", "R"),
        "specimen_class": codes.specimen_class(sample, words),
        "reasons": sorted({code for reason in reasons for code in reason.all_codes()}),
        **clinicians.orderer(part, group.orc, group.obr),
    }
    part.statement.say("test_ordered", number, when, body, keys=keys(part, group), issued_at=when.lo if when else None)
    specimens.read(part, group.spm, group.obr, words, keys(part, group), orders_only=True)


def _or_message(part: Part, when: Moment | None) -> Moment | None:
    """A cancellation happened when it was said; ORC-9 may still carry the time of the order itself."""
    return at(part.statement.message_at) or when
