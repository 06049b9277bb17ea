"""Who asked for a test: ORC-12, else OBR-16, else, labelled so, the attending of PV1-7. Pure.

XCN: number, family and given name, assigning authority (9), type of the number (13). Repetitions of one family name are one person's
numbers. A name without a number says nobody.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pathways import ordering
from pathways.facts import ORDERER
from pathways.ingest.statement import clean
from patients.demographics import StatedClinician
from patients.hl7 import Separators, unescape
from patients.practitioners import stated

from .part import Part
from .tokens import ERASED, Segment

MOST_COPIES = 20


def orderer(part: Part, orc: Segment, obr: Segment) -> dict[str, Any]:
    """`{"orderer": ...}` for the body of a fact; empty where nobody is named by a number."""
    for how, segment, field in (("ORC-12", orc, 12), ("OBR-16", obr, 16)):
        if found := _read(part, segment, field):
            reached = {"phone": _phone(part, orc), "address": _address(part, orc), "copies": _copies(part, obr)}
            return {ORDERER: ordering.said(found, how, part.get(orc, 21), **reached)}  # ORC-21: the ordering facility's name
    found = _read(part, part.one("PV1"), 7)
    return {ORDERER: ordering.said(found, ordering.ATTENDING)} if found else {}


def _phone(part: Part, orc: Segment) -> str:
    """The number of the facility that ordered (ORC-23), else the one that the order says to call back (ORC-14)."""
    for field in (23, 14):
        parts = [*part.message.components(orc, field), *[""] * 12]
        found = parts[0].strip() or parts[11].strip() or " ".join(each.strip() for each in parts[4:7] if each.strip())
        if found:
            return clean(found, 60)
    return ""


def _address(part: Part, orc: Segment) -> str:
    """Street, city, state and post code of the facility that ordered (ORC-22), else of the clinician (ORC-24)."""
    parts = (part.message.components(orc, 22) or part.message.components(orc, 24))[:5]
    return clean(", ".join(each.partition(part.message.separators[3])[0].strip() for each in parts if each.strip()), 200)


def _copies(part: Part, obr: Segment) -> list[str]:
    """OBR-28: to whom a copy of the result goes, by name, else by number."""
    found = []
    for one in part.message.repeats(obr, 28)[:MOST_COPIES]:
        number, family, given = ([_plain(each, part.message.separators) for each in one.split(part.message.separators[0])] + [""] * 3)[:3]
        found.append(clean(f"{given} {family}", 120) or number)
    return [each for each in found if each]


def _read(part: Part, segment: Segment, field: int) -> StatedClinician | None:
    raw = part.message.raw(segment, field)
    if not raw or raw == ERASED:
        return None
    profile = part.statement.profile
    return _clinician(raw, part.message.separators, profile.system, profile.sentinel_ids)


@lru_cache(maxsize=4096)
def _clinician(raw: str, separators: Separators, system: str, sentinels: frozenset[str]) -> StatedClinician | None:
    repeats = [[_plain(part, separators) for part in one.split(separators[0])] + [""] * 13 for one in raw.split(separators[1]) if one]
    if not repeats:
        return None
    family, given = repeats[0][1], repeats[0][2]
    numbers = [(one[8], one[12], one[0]) for one in repeats if one[1].casefold() == family.casefold()]
    found = stated(numbers, family=family, given=given, system=system, sentinels=sentinels)
    return found if found.npi or found.numbers else None


def _plain(component: str, separators: Separators) -> str:
    """The first subcomponent: the namespace of an authority, the own name of a family name."""
    value = component.partition(separators[3])[0].strip()
    return "" if value == ERASED else unescape(value, separators).replace("\x00", "")[:120]
