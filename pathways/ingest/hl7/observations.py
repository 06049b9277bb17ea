"""OBX segments as readings: what was asked, what was answered, and which of them are no results at all. Pure."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from pathways.ingest import molecular
from pathways.ingest.codes import Coded
from pathways.ingest.findings import Reading
from pathways.ingest.statement import clean

from . import enclosed
from .part import Part, coded, number
from .tokens import Segment

PRELIMINARY = frozenset({"P", "R", "I", "S", "B", "V"})
NO_RESULT = frozenset({"O", "N"})
"""Order detail and questions not asked: they travel in OBX but nobody measured them."""

WRONG_PATIENT = "W"
TAKEN_BACK = frozenset({"D", WRONG_PATIENT})
SETTLED = frozenset({"F", "C", "U", "A", "X", ""})
"""With these a report is as final as its header says; any other status, also one that HL7 does not have, is preliminary."""

DOCUMENTS = frozenset({"ED", "RP"})


class Line(msgspec.Struct, frozen=True):
    """One OBX: its reading, its status (OBX-11), and whether it is a document or running text."""

    reading: Reading
    status: str
    document: bool = False
    narrative: str = ""


def lines(part: Part, obx: Segment) -> list[Line]:
    """The lines of one OBX: one for each gene where OBX-5 repeats the genes that an answer is about; those of FHIR inside of it; else one."""
    if part.get(obx, 2).upper() == "ED" and (inside := enclosed.readings(part, obx)):
        return [Line(each, status or part.status(obx, 11)) for each, status in inside]
    genes = part.message.repeats(obx, 5) if part.get(obx, 3) == molecular.GENE else []
    return [line(part, [*obx[:5], gene, *obx[6:]]) for gene in genes] if len(genes) > 1 else [line(part, obx)]


def line(part: Part, obx: Segment) -> Line:
    """Reads one OBX by its value type; a type that is missing or wrong is read as text."""
    kind, status = part.get(obx, 2).upper(), part.status(obx, 11)
    test, group, failed = part.coded(obx, 3), part.get(obx, 4), status == "X"
    if kind in DOCUMENTS:
        return Line(Reading(test, group=group, failed=failed), status, document=bool(part.message.raw(obx, 5)))
    raw = part.message.raw(obx, 5)
    if not raw:
        return Line(Reading(test, group=group, failed=failed), status)
    if kind in ("CWE", "CE", "CNE", "CF", "IS", "ID") or (not kind and part.message.separators[0] in raw):
        value = part.statement.profile.meanings.coded("value", coded(raw.partition(part.message.separators[1])[0], part.message.separators))
        return Line(Reading(test, value, *measured(value), group=group, failed=failed), status)
    if kind == "SN":
        return Line(_structured(part, obx, test, group, failed), status)
    words = clean(part.message.text(obx, 5), 4000)
    found, comparator, unit = number(words)
    unit = part.get(obx, 6) or unit
    said = part.statement.profile.meanings.coded("value", Coded((), words))
    return Line(Reading(test, said, found, unit, comparator, group, failed), status, narrative=words if kind in ("TX", "FT") else "")


@lru_cache(maxsize=2048)
def measured(value: Coded) -> tuple[float | None, str, str]:
    """(number, unit, comparator) that a coded value spells out, as `>=50%` does."""
    found, comparator, unit = number(value.label)
    return found, unit, comparator


def _structured(part: Part, obx: Segment, test: Coded, group: str, failed: bool) -> Reading:
    """SN: comparator, number, separator, number. Of a range the lower end counts."""
    sign, low, between, high = ([each.strip() for each in part.message.components(obx, 5)] + [""] * 4)[:4]
    comparator = sign or (">=" if between == "-" else "")
    return Reading(
        test,
        Coded((), sign + low + between + high),
        number(low)[0],
        part.get(obx, 6),
        comparator if comparator in ("<", ">", "<=", ">=") else "",
        group,
        failed,
    )
