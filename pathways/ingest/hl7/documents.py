"""MDM: documents. A pathology or molecular one is a report that a person must read; others state nothing here. Pure."""

from __future__ import annotations

from pathways.facts import Rank
from pathways.ingest import molecular
from pathways.ingest.codes import Coded
from pathways.ingest.statement import clean
from pathways.ingest.when import at

from . import observations
from .part import Part

TAKEN_BACK = frozenset({"T11"})
DELETED, NOT_FOR_CARE = "CA", frozenset({"OB", "UN"})
"""TXA-19 (table 0273): deleted takes back; of what is obsolete or not for care a later version speaks."""
AUTHENTICATED = frozenset({"AU", "LA", "DO", "PA"})


def read(part: Part, trigger: str) -> None:
    txa = part.message.one("TXA")
    if not txa:
        return
    lines = [(part.coded(obx, 3), observations.line(part, obx)) for obx in part.all("OBX")]
    ordered = part.coded(part.one("OBR"), 4)
    names = [ordered, part.coded(txa, 2), *(test for test, _ in lines)]
    words = " ".join((part.message.text(txa, 16), part.message.text(txa, 25), part.get(part.one("OBX"), 5)[:80]))
    kind = _kind(names, words)
    if not kind:
        return
    availability = part.get(txa, 19).upper()
    if availability in NOT_FOR_CARE:
        part.statement.note(f"TXA-19 {availability}: the document is not available for care, and was left out")
        return
    number = part.id(txa, 13) or part.id(txa, 12) or part.id(txa, 15)
    when = part.moment(txa, 4) or part.moment(txa, 6) or at(part.statement.message_at)
    title = next((name.label for name in names if name.label), "document")
    body = {
        "title": title,
        "code": ordered.body(),
        "document": any(line.document for _, line in lines),
        "text": clean(" ".join(line.narrative or line.reading.value.text for _, line in lines), 4000),
    }
    rank = Rank.CORRECTED if trigger in ("T08", "T10") else Rank.FINAL if part.get(txa, 17).upper() in AUTHENTICATED else Rank.PRELIMINARY
    keys = part.statement.keys(placer=part.get(txa, 14), filler=part.get(txa, 15), report=part.get(txa, 12))
    part.statement.say(
        kind,
        number or f"{title}@{when.lo.isoformat() if when else ''}",
        when,
        body,
        keys=keys,
        rank=rank,
        retracted=trigger in TAKEN_BACK or availability == DELETED,
    )


def _kind(names: list[Coded], words: str) -> str:
    found = {molecular.category(name) for name in names if name.codings or name.text} | {molecular.category(Coded((), words))}
    return "result_document" if "molecular" in found else "pathology_report" if "pathology" in found else ""
