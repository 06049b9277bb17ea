"""Rows of our own columns: `kind` says what a row states (docs/integration.md lists the columns). Pure."""

from __future__ import annotations

import re
from typing import Any

from pathways.facts import Rank
from pathways.kinds import FED

from . import codes, diseases
from .cells import Row, coded_of, first, when_of
from .codes import Coded
from .findings import PRESENCES, Reading, findings, presence
from .message import Unreadable
from .statement import Statement, clean
from .when import instant, moment


def state(row: Row, statement: Statement) -> None:
    """A row of our own columns: `kind` says what it states."""
    kind = row["kind"].casefold()
    if kind not in FED:
        raise Unreadable(
            "csv_kind", f"The column kind says “{clean(row['kind'], 40)}”, which is no kind of event (docs/integration.md lists them)."
        )
    when = when_of(row, statement)
    if when is None:
        raise Unreadable("csv_date", "The row has no date: a row that says what happened must say when (column date).")
    rank = {"preliminary": Rank.PRELIMINARY, "corrected": Rank.CORRECTED}.get(row.get("status", "").casefold(), Rank.FINAL)
    coded = coded_of(row)
    business_id = statement.id(first(row, "id", "filler", "order", "visit", "reference", "specimen"))
    keys = statement.keys(
        placer=first(row, "order", "placer"), filler=row.get("filler", ""), accession=row.get("accession", ""), specimen=row.get("specimen", ""),
        auth=row.get("reference", "") if kind.startswith(PAYER) else "", visit=first(row, "visit") or (business_id if kind.startswith("visit_") else ""),
    )  # fmt: skip
    name = business_id or f"{coded.body()['code'] or clean(coded.text, 60)}@{when.lo.isoformat()}"
    issued = instant(row.get("issued", ""), statement.profile.time_zone)
    retracted = row.get("status", "").casefold() in ("entered-in-error", "retracted", "deleted")
    statement.say(
        "death" if kind == "death" else kind,
        "patient" if kind == "death" else name,
        when,
        body_of(kind, row),
        keys=keys,
        rank=rank,
        issued_at=issued,
        retracted=retracted,
    )


def body_of(kind: str, row: Row) -> dict[str, Any]:
    """The body that the kind carries (pathways.kinds), out of whatever columns the table has. Whoever came from elsewhere was not seen before."""
    coded = coded_of(row)
    body = _diagnosis(row, coded) if kind == "diagnosis" else _plain_body(kind, row, coded)
    seen = moment(row.get("underobservationfrom", ""), "UTC")
    return body | ({"under_observation_from": seen.lo.isoformat()} if seen else {})


def _plain_body(kind: str, row: Row, coded: Coded) -> dict[str, Any]:
    body: dict[str, Any] = {name: row[column] for name, column in PLAIN.items() if row.get(column)}
    if coded.label:
        body |= {"code": coded.body()["code"], "text": coded.label}
    if kind in RESULTS:
        return body | {"code": coded.body(), "text": clean(row.get("comment", "")), "document": False, "findings": _findings(row)}
    if kind.startswith(CODED):
        body |= {"code": coded.body(), "specimen_class": row.get("specimenclass", ""), "reflex": _yes(row.get("reflex", ""))}
    if drugs := _drugs(kind, row):
        body |= {"drugs": drugs, "handed_over": _yes(row.get("handedover", "")), "complete": _yes(row.get("complete", "yes"))}
    if kind == "stage_recorded":
        body["stage"] = codes.stage(row.get("stage", "") or coded.text)
    if kind == "consent_recorded":
        body.setdefault("consent_kind", "text")
    if start := moment(row.get("start", ""), "UTC"):
        body["start"] = start.lo.isoformat()
    return body


PLAIN = {
    name: name.replace("_", "")
    for name in (
        *(
            "document_class",
            "laboratory",
            "reason",
            "subject",
            "payer",
            "reference",
            "urgency",
            "trial",
            "to",
            "how",
            "facility",
            "decision",
            "programme",
            "conclusion",
        ),
        *("clinician", "answer", "carrier", "tumour_percent", "specialty", "system", "route", "told_by", "specimen_class", "consent_kind"),
        *("donor", "criticality", "condition", "outcome", "action", "parent", "form", "read_back"),
    )
}
PAYER = ("pa_", "bill_", "assistance_")
RESULTS = frozenset({"result_partial", "result_final", "result_failed", "external_result"})
CODED = ("specimen_", "test_", "biopsy_", "pathology_")


def _diagnosis(row: Row, coded: Coded) -> dict[str, Any]:
    histology = row.get("histology", "")
    return diseases.body(
        coded,
        coded.text,
        row.get("verification", "").casefold() or "unconfirmed",
        role=row.get("role", "").casefold(),
        stage=codes.stage(row.get("stage", "")),
        histology=diseases.kind_of_cancer(histology) or histology,
        side=row.get("laterality", "").casefold(),
    )


def _drugs(kind: str, row: Row) -> list[dict[str, str]]:
    """The medicine of the row; of an event about medicines also the one that only its text names."""
    named = first(row, "drug", "text") if kind.startswith(("drug_", "first_dose", "persistence")) else row.get("drug", "")
    found = {name: row[name] for name in ("rxcui", "ndc") if row.get(name)}
    return [found | {"text": named}] if found or named else []


def _yes(text: str) -> bool:
    return text.casefold() in ("1", "y", "yes", "true")


def _findings(row: Row) -> list[dict[str, Any]]:
    """`gene`, `alteration`, `presence`, `value`: one finding; `findings` holds several as `EGFR p.L858R present; ALK absent`."""
    found = [_finding(row)] if row.get("gene") else []
    for part in filter(None, (each.strip() for each in row.get("findings", "").split(";"))):
        gene, _, answer = part.partition(" ")
        found += findings([Reading(Coded((), f"{gene} mutation"), Coded((), answer))])
    return found


def _finding(row: Row) -> dict[str, Any]:
    answer = row.get("presence", "").casefold()
    finding: dict[str, Any] = {
        "gene": row["gene"].upper(),
        "alteration": row.get("alteration", ""),
        "presence": answer if answer in PRESENCES else presence(Coded((), answer)) or "indeterminate",
        "type": row.get("type", "") or "variant",
        "significance": row.get("significance", ""),
        "origin": row.get("origin", ""),
        "text": row.get("comment", ""),
    }
    number = re.fullmatch(r"(<=|>=|<|>)?\s*(\d+(?:\.\d+)?)\s*%?", row.get("value", ""))
    return finding | ({"value": float(number[2]), "unit": row.get("unit", "%"), "comparator": number[1] or ""} if number else {})
