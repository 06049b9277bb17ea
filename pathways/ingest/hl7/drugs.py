"""RDE, RDS, RAS and medicine orders in ORM: ordered, dispensed, administered, refused. Pure."""

from __future__ import annotations

import re
from typing import Any

from pathways.ingest.codes import Coded

from .controls import CANCELLED, NEW, STATUS, unheeded
from .part import Part
from .tokens import Segment

NOT_DISPENSED = frozenset({"HD", "SC", "ER", "RP"})
"""ORC-5 held, scheduled, order not found, replaced: nothing was filled."""
COMPLETE = frozenset({"CP", "", "GIVEN", "COMPLETE", "COMPLETED"})
NOT_GIVEN = frozenset({"RE", "NA", "NOT GIVEN", "NOT ADMINISTERED", "REFUSED", "HELD", "MISSED"})
"""RXA-20 (table 0322), and the words that bedside systems write there instead."""
OF_DRUGS = ("rxcui", "ndc", "hcpcs")
NUMBER = re.compile(r"[\d.,/ ]+")
ROUTES = {"PO": "oral", "ORAL": "oral", "IV": "iv", "IVP": "iv", "IVPB": "iv", "IVS": "iv", "SC": "sc", "SQ": "sc", "IM": "im"}


def orders(part: Part) -> None:
    """Each order by its RXE, or by its RXO where nobody encoded it, with the ORC before it and the RXR after it."""
    orc: Segment = []
    asked: Segment = []
    asked_at = 0
    for place, segment in enumerate([*part.segments, ["ORC"]]):
        if asked and segment[0] in ("ORC", "RXO"):
            _order(part, orc, asked, _asked(part, asked), _route(part, asked_at))
            asked = []
        if segment[0] == "ORC":
            orc = segment
        elif segment[0] == "RXO":
            asked, asked_at = segment, place
        elif segment[0] == "RXE":
            route = _route(part, place) or (_route(part, asked_at) if asked else "")
            _order(part, orc, segment, _encoded(part, segment, asked), route)
            asked = []


def _encoded(part: Part, rxe: Segment, asked: Segment) -> Coded:
    """RXE-2; else what was asked for (RXO-1); else RXE-1, where a sender's fields stand one too far to the left."""
    drug = part.coded(rxe, 2)
    if drug.label and not NUMBER.fullmatch(drug.label):
        return drug
    if asked and (wanted := _asked(part, asked)).label:
        return wanted
    shifted = part.coded(rxe, 1)
    if any(shifted.code(system) for system in OF_DRUGS):
        part.statement.note("RXE-1 names the medicine, which belongs into RXE-2: read from there")
        return shifted
    return drug if drug.label and not NUMBER.fullmatch(drug.label) else Coded()


def _asked(part: Part, rxo: Segment) -> Coded:
    """RXO-1; a mere number there is that of the segment, and the medicine stands behind it."""
    drug = part.coded(rxo, 1)
    if drug.label and NUMBER.fullmatch(drug.label) and (behind := part.coded(rxo, 2)).label:
        part.statement.note("RXO-1 holds a number: the medicine was read from RXO-2")
        return behind
    return drug


def _order(part: Part, orc: Segment, rx: Segment, drug: Coded, route: str) -> None:
    if not drug.codings and not drug.text:
        part.statement.note(f"{rx[0]} names no medicine: the order was left out")
        return
    control, status = part.get(orc, 1).upper(), STATUS.get(part.get(orc, 5).upper(), "")
    number = _number(part, orc, rx, drug)
    keys = part.statement.keys(placer=part.get(orc, 2), filler=part.get(orc, 3))
    when = part.moment(orc, 9)
    if control in CANCELLED or (control in NEW and status == "cancelled"):
        part.statement.say("drug_order_stopped", number, when, {"reason": part.coded(orc, 16).label, "drugs": drugs(drug)}, keys=keys)
    elif control not in NEW:
        part.statement.note(unheeded(control))
    elif status == "held":
        part.statement.note("ORC-5 HD holds the order up; nothing was concluded from it")
    else:
        part.statement.say("drug_ordered", number, when, {"drugs": drugs(drug), "route": route}, keys=keys)


def dispensed(part: Part) -> None:
    """RDS. ORC-5 `CM` says that the patient has it; any other status only that it was filled."""
    orc: Segment = []
    for segment in part.segments:
        if segment[0] == "ORC":
            orc = segment
        elif segment[0] == "RXD":
            control, status = part.get(orc, 1).upper(), part.get(orc, 5).upper()
            returned = control in CANCELLED or status in ("CA", "DC")
            if not returned and (control not in NEW or status in NOT_DISPENSED):
                part.statement.note(f"ORC-5 {status}: nothing was dispensed" if control in NEW else unheeded(control))
                continue
            drug = part.coded(segment, 2)
            number = part.id(segment, 7) or part.id(orc, 3) or part.id(orc, 2)
            when = part.moment(segment, 3)
            name = f"{number}/{part.get(segment, 1) or '1'}" if number else f"{drug.body()['code']}@{when.lo.isoformat() if when else ''}"
            body = {"drugs": drugs(drug), "handed_over": status == "CM"}
            keys = part.statement.keys(placer=part.get(orc, 2), filler=part.get(orc, 3))
            kind = "drug_returned" if returned else "drug_dispensed"
            part.statement.say(kind, name, when, body, keys=keys)


def administered(part: Part) -> None:
    """RAS. RXA-20 tells complete, partial, refused and not administered apart; RXA-21 `D` takes the record back."""
    orc: Segment = []
    for place, segment in enumerate(part.segments):
        if segment[0] == "ORC":
            orc = segment
        elif segment[0] == "RXA":
            _administration(part, orc, segment, _route(part, place, of_all="RXA"), _is_one_of_several(part, place))


def _is_one_of_several(part: Part, place: int) -> bool:
    """Whether the order of the RXA at `place` has other medicines too, as of a regimen."""
    starts = [at for at, segment in enumerate(part.segments) if segment[0] == "ORC"]
    first = max((at for at in starts if at < place), default=0)
    end = min((at for at in starts if at > place), default=len(part.segments))
    return len({part.coded(segment, 5).label for segment in part.segments[first:end] if segment[0] == "RXA"}) > 1


def _administration(part: Part, orc: Segment, rxa: Segment, route: str, is_one_of_several: bool) -> None:
    drug, state = part.coded(rxa, 5), _state(part, rxa)
    when = part.moment(rxa, 3) or part.moment(rxa, 4)
    number = part.id(orc, 3) or part.id(orc, 2) or drug.body()["code"]
    name = f"{number}@{when.lo.isoformat() if when else ''}"
    if is_one_of_several:
        name = f"{drug.body()['code'] or drug.label}/{name}"
    keys = part.statement.keys(placer=part.get(orc, 2), filler=part.get(orc, 3))
    retracted = part.get(rxa, 21).upper() == "D"
    if state in NOT_GIVEN:
        body: dict[str, Any] = {"drugs": drugs(drug), "reason": part.coded(rxa, 18).label or state}
        part.statement.say("drug_not_given", name, when, body, keys=keys, retracted=retracted)
    else:
        body = {"drugs": drugs(drug), "route": route, "complete": state in COMPLETE}
        part.statement.say("drug_administered", name, when, body, keys=keys, retracted=retracted)


def _state(part: Part, rxa: Segment) -> str:
    """RXA-20 by its code, else by its word."""
    said = [part.get(rxa, 20, component).upper() for component in (1, 2)]
    return next((each for each in said if each in COMPLETE | NOT_GIVEN and each), said[0])


def drugs(drug: Coded) -> list[dict[str, str]]:
    """The medicine as facts carry it; what has no RxNorm code is placed by its name or NDC."""
    found = {"rxcui": drug.code("rxcui"), "ndc": drug.code("ndc"), "hcpcs": drug.code("hcpcs")}
    named = next((code for system, code, _ in drug.codings if system == "local" and code.isalpha() and len(code) > 4), "")
    text = (
        drug.label if named.casefold() in drug.label.casefold() else f"{named} {drug.label}"
    )  # `Osimertinib^80mg`: the name stands as the code
    return [{name: code for name, code in found.items() if code} | {"text": text}]


def _route(part: Part, place: int, *, of_all: str = "") -> str:
    """The RXR behind; `of_all`: segments that share the one behind the last of them."""
    for segment in part.segments[place + 1 :]:
        if segment[0] in {"ORC", "RXA", "RXD", "RXE"} - {of_all}:
            break
        if segment[0] == "RXR":
            code = part.get(segment, 1).upper()
            return ROUTES.get(code, part.coded(segment, 1).label.casefold())
    return ""


def _number(part: Part, orc: Segment, rx: Segment, drug: Coded) -> str:
    prescription = part.id(rx, 15) if rx[0] == "RXE" else ""
    return part.id(orc, 2) or prescription or part.id(orc, 3) or f"{drug.body()['code']}@{part.get(orc, 9)}"
