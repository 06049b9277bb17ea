"""ORU and OUL: reports, of which the molecular and the pathology ones become facts. Pure.

All OBR of one message that share a filler number are one report. A report is final only when its header (OBR-25) and every line
(OBX-11) say so; a status nobody maps is preliminary, never final.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from pathways.facts import Moment, Rank
from pathways.ingest import codes, molecular, phenotypes
from pathways.ingest.codes import Coded
from pathways.ingest.findings import Finding, findings
from pathways.ingest.statement import clean
from pathways.ingest.when import at

from . import clinicians, newborns, observations, orders, specimens
from .observations import Line
from .orders import Group
from .part import Part

FINAL = frozenset({"F", "C"})
NO_REPORT = frozenset({"O", "I", "S", "N", "Y", "Z"})
"""Order received, specimen received, scheduled, done but pending, queries: nothing has been reported yet."""

STAGE_GROUPS = frozenset({"21908-9", "21902-2", "21914-7"})


class Report(msgspec.Struct):
    """The groups of one filler number with their lines read."""

    groups: list[Group]
    lines: list[Line]
    test: Coded
    category: str


def read(part: Part, *, specimen_first: bool = False) -> None:
    for report in _reports(part, orders.groups(part, specimen_first=specimen_first)):
        if report.category == "molecular":
            _molecular(part, report)
        elif report.category == "pathology":
            _pathology(part, report)
        elif report.category == "newborn":
            _newborn(part, report)
        _stages(part, report)


def _reports(part: Part, groups: Sequence[Group]) -> list[Report]:
    found: dict[str, Report] = {}
    for place, group in enumerate(groups):
        if not group.obr:
            continue
        lines = [line for obx in group.obx for line in observations.lines(part, obx)]
        test, category = orders.category(part, group)
        if category == "other" and any(_is_molecular(line) for line in lines):
            category = "molecular"
        name = orders.filler(part, group) or f"#{place}"
        if (report := found.get(name)) is None:
            found[name] = Report([group], lines, test, category)
        else:
            report.groups.append(group)
            report.lines += lines
            if report.category == "other":
                report.category = category
    return list(found.values())


def _is_molecular(line: Line) -> bool:
    test = line.reading.test
    return test.code("loinc") in molecular.LOINC or molecular.is_molecular_name(test.words)


def status(part: Part, report: Report) -> tuple[str, int]:
    """(final | partial | failed | retracted | none, rank) of the report as a whole."""
    headers = {part.status(group.obr, 25) for group in report.groups}
    lines = {line.status for line in report.lines if line.status not in observations.NO_RESULT}
    rank = Rank.CORRECTED if headers & {"C", "M"} or "C" in lines else Rank.FINAL
    if lines and lines <= observations.TAKEN_BACK:
        return "retracted", Rank.CORRECTED
    lines -= observations.TAKEN_BACK
    if headers <= {"X"} or (lines and lines <= {"X"}):
        return "failed", rank
    if not headers - NO_REPORT and not lines & {"F", "C"}:
        return "none", rank
    is_final = all(header in FINAL or (not header and lines and lines <= {"F", "C", "U", "X"}) for header in headers)
    if is_final and lines <= observations.SETTLED:
        return "final", rank
    return "partial", Rank.CORRECTED if rank == Rank.CORRECTED and headers <= {"C", "M"} else Rank.PRELIMINARY


def _molecular(part: Part, report: Report) -> None:
    first = report.groups[0]
    state, rank = status(part, report)
    issued = _issued(part, report)
    keys = _keys(part, report)
    spms = [spm for group in report.groups for spm in group.spm]
    name = _name(part, report, issued)
    if outside := molecular.outside_class(f"{_words(report)} {_said(part, report)}"):
        _from_outside(part, report, outside, name, issued)
        return
    for group in report.groups[:1]:
        specimens.read(part, spms, group.obr, _words(report), keys)
    if state == "none":
        return
    said = _said(part, report)
    body: dict[str, Any] = {
        "code": report.test.body(),
        "text": said,
        "specimen_class": codes.specimen_class(specimens.words(part, spms) or part.message.text(first.obr, 15), _words(report)),
        "document": any(line.document for line in report.lines),
        **_laboratory(part, report),
        **_of_another(report),
        **clinicians.orderer(part, first.orc, first.obr),
    }
    when = at(issued) or _observed(part, report)
    if state == "failed" or (state == "final" and not _answers(report) and codes.REJECTED.search(said)):
        failed = body | {"reason": codes.reject_reason(said), "text": clean(said, 400)}
        part.statement.say("result_failed", name, when, failed, keys=keys, rank=rank, issued_at=issued)
        if codes.REJECTED.search(said):
            specimens.rejected(part, spms, first.obr, _words(report), said, keys)
        return
    found = _findings(report)
    empty = state == "final" and not found and not _answers(report)
    if empty and not said:
        part.statement.note("OBR-25 says that the report is final, and no line of it gives a result: a person must look")
    if state == "final" and not found and (body["document"] or said or empty):
        title = report.test.label or "report"
        part.statement.say("result_document", name, when, body | {"title": title}, keys=keys, rank=rank, issued_at=issued)
        return
    kind = "result_partial" if state == "partial" else "result_final"
    name = molecular.report_name(name, report.test, partial=state == "partial")
    body |= {"findings": found}
    part.statement.say(kind, name, when, body, keys=keys, rank=rank, issued_at=issued, retracted=state == "retracted")
    if state != "retracted":
        phenotypes.assign(part.statement, name, found, when, keys=keys, rank=rank, issued_at=issued)


def _from_outside(part: Part, report: Report, outside: str, name: str, issued: datetime | None) -> None:
    """No result, no sample, no phenotype: a document that a clinical laboratory must confirm before anybody acts on it."""
    state, rank = status(part, report)
    if state == "none":
        return
    body = {"code": report.test.body(), "text": _said(part, report), "document_class": outside, "findings": _findings(report)}
    when = at(issued) or _observed(part, report)
    part.statement.say("external_result", name, when, body, rank=rank, issued_at=issued, retracted=state == "retracted")


def _pathology(part: Part, report: Report) -> None:
    state, rank = status(part, report)
    issued = _issued(part, report)
    spms = [spm for group in report.groups for spm in group.spm]
    keys = _keys(part, report)
    specimens.read(part, spms, report.groups[0].obr, _words(report), keys)
    if state in ("none", "failed"):
        return
    body = {
        "code": report.test.body(),
        "text": _said(part, report),
        "specimen_class": codes.specimen_class(specimens.words(part, spms) or part.message.text(report.groups[0].obr, 15)) or "tissue",
        "codes": sorted({code for line in report.lines for code in line.reading.value.all_codes()}),
        **_laboratory(part, report),
        **_of_another(report),
    }
    name, when = _name(part, report, issued), at(issued) or _observed(part, report)
    part.statement.say("pathology_report", name, when, body, keys=keys, rank=rank, issued_at=issued, retracted=state == "retracted")


def _newborn(part: Part, report: Report) -> None:
    (state, rank), issued = status(part, report), _issued(part, report)
    when, reported = at(issued) or _observed(part, report), state in ("final", "partial")
    name, keys = _name(part, report, issued), _keys(part, report)
    newborns.read(part, report.groups, _words(report), name, when, keys=keys, rank=rank, issued=issued, reported=reported)


def _stages(part: Part, report: Report) -> None:
    """A stage group reported as an observation (registry, tumour board)."""
    for group in report.groups:
        for obx in group.obx:
            if part.coded(obx, 3).code("loinc") in STAGE_GROUPS and part.get(obx, 11).upper() in ("F", "C", ""):
                value = part.coded(obx, 5)
                if stage := codes.stage(value.words or value.label):
                    when = part.moment(obx, 14) or part.moment(group.obr, 7)
                    part.statement.say("stage_recorded", orders.filler(part, group) or "stage", when, {"stage": stage, "system": "AJCC"})


def _findings(report: Report) -> list[Finding]:
    return findings(
        line.reading
        for line in report.lines
        if not line.document
        and line.status not in observations.NO_RESULT
        and line.status not in observations.TAKEN_BACK
        and line.status != "I"
    )


def _answers(report: Report) -> bool:
    """Whether any line gives a result at all."""
    return any(
        line.reading.value.label or line.reading.number is not None or line.document
        for line in report.lines
        if line.status != "X" and line.status not in observations.NO_RESULT
    )


def _issued(part: Part, report: Report) -> datetime | None:
    """When the report was issued: the latest OBR-22, else of the lines' analysis times (OBX-19), else the message's time."""
    stated = [when for group in report.groups if (when := part.instant(group.obr, 22))]
    if stated or part.statement.message_at:
        return max(stated, default=part.statement.message_at)
    return max((when for group in report.groups for obx in group.obx if (when := part.instant(obx, 19))), default=None)


def _observed(part: Part, report: Report) -> Moment | None:
    return part.moment(report.groups[0].obr, 7)


def _keys(part: Part, report: Report) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for group in report.groups for key in orders.keys(part, group)))


def _name(part: Part, report: Report, issued: datetime | None) -> str:
    """Filler number, else an accession, else placer and test, else test and time: what a later version will carry again."""
    first = report.groups[0]
    accession = next((found for group in report.groups for spm in group.spm if (found := part.id(spm, 30))), "")
    placer = orders.placer(part, first)
    code = report.test.body()["code"] or report.test.label
    return orders.filler(part, first) or accession or (f"{placer}/{code}" if placer else f"{code}@{issued.isoformat() if issued else ''}")


def _of_another(report: Report) -> dict[str, Any]:
    """The laboratory says that it filed somebody else's result here (OBX-11 W)."""
    return {"wrong_patient": True} if any(line.status == observations.WRONG_PATIENT for line in report.lines) else {}


def _laboratory(part: Part, report: Report) -> dict[str, str]:
    """Who did the test: the organization of its lines (OBX-23), else their producer (OBX-15), else the facility that sent the report (MSH-4).

    Not ORC-21: that is who ordered it.
    """
    lines = [obx for group in report.groups for obx in group.obx]
    named = (part.get(obx, 23) or part.get(obx, 15, 2) or part.get(obx, 15) for obx in lines)
    found = clean(next(filter(None, named), "") or part.get(part.message.one("MSH"), 4), 120)
    return {"laboratory": found} if found else {}


def _words(report: Report) -> str:
    return report.test.words


def _said(part: Part, report: Report) -> str:
    """Running text and notes of the report, for a person to read; never searched for findings."""
    texts = [line.narrative for line in report.lines if line.narrative]
    texts += [part.message.text(note, 3) for group in report.groups for note in group.notes]
    return clean(" ".join(texts), 4000)
