"""Rows of our own columns: `kind` says what a row states (docs/integration.md lists the columns). Pure."""

from __future__ import annotations

import re
from typing import Any

from pathways.facts import Rank
from pathways.kinds import FED

from . import codes, diseases
from .cells import Row, coded_of, first, when_of
from .codes import Coded
from .findings import Reading, findings
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
        auth=row.get("reference", "") if kind.startswith("pa_") else "", visit=first(row, "visit") or (business_id if kind.startswith("visit_") else ""),
    )  # fmt: skip
    name = business_id or f"{coded.body()['code'] or clean(coded.text, 60)}@{when.lo.isoformat()}"
    issued = instant(row.get("issued", ""), statement.profile.time_zone)
    retracted = row.get("status", "").casefold() in ("entered-in-error", "retracted", "deleted")
    statement.say(
        "death" if kind == "death" else kind,
        "patient" if kind == "death" else name,
        when,
        _body(kind, row, coded),
        keys=keys,
        rank=rank,
        issued_at=issued,
        retracted=retracted,
    )


def _body(kind: str, row: Row, coded: Coded) -> dict[str, Any]:
    if kind == "diagnosis":
        return diseases.body(
            coded, coded.text, row.get("verification", "") or "unconfirmed", role=row.get("role", ""), stage=codes.stage(row.get("stage", "")),
            histology=diseases.kind_of_cancer(row.get("histology", "")) or row.get("histology", ""), side=row.get("laterality", "").casefold(),
        )  # fmt: skip
    if kind == "stage_recorded":
        return {"stage": codes.stage(row.get("stage", "") or coded.text), "system": row.get("system", "")}
    if kind.startswith("drug_") or kind == "first_dose_attested":
        drug = {name: row[name] for name in ("rxcui", "ndc") if row.get(name)} | {"text": first(row, "drug", "text")}
        more = (
            {"handed_over": _yes(row.get("handedover", ""))}
            if kind == "drug_dispensed"
            else {"complete": row.get("complete", "yes") == "" or _yes(row.get("complete", "yes"))}
            if kind == "drug_administered"
            else {}
        )
        return {"drugs": [drug], "route": row.get("route", ""), "reason": row.get("reason", "")} | more
    if kind.startswith("result_"):
        return {
            "code": coded.body(),
            "text": clean(row.get("comment", "")),
            "specimen_class": row.get("specimenclass", ""),
            "document": False,
            "findings": _findings(row),
            "reason": row.get("reason", ""),
        }
    if kind.startswith(("specimen_", "test_", "biopsy_", "pathology_")):
        return {
            "code": coded.body(),
            "text": coded.label,
            "specimen_class": row.get("specimenclass", ""),
            "reason": row.get("reason", ""),
            "reflex": _yes(row.get("reflex", "")),
        }
    start = moment(row.get("start", ""), "UTC")
    known = ("reason", "subject", "payer", "reference", "urgency", "trial", "to", "facility", "decision", "programme", "conclusion")
    body: dict[str, Any] = {name: row[name] for name in known if row.get(name)}
    body |= {"start": start.lo.isoformat()} if start and kind.startswith("visit_") else {}
    body |= {"consent_kind": row.get("consentkind", "text")} if kind == "consent_recorded" else {}
    return body | ({"code": coded.body()["code"], "text": coded.label} if coded.label else {})


def _yes(text: str) -> bool:
    return text.casefold() in ("1", "y", "yes", "true")


def _findings(row: Row) -> list[dict[str, Any]]:
    """`gene`, `alteration`, `presence`, `value`: one finding; `findings` holds several as `EGFR p.L858R present; ALK absent`."""
    found = []
    if row.get("gene"):
        answer = row.get("presence", "") or "indeterminate"
        finding: dict[str, Any] = {"gene": row["gene"].upper(), "alteration": row.get("alteration", ""), "presence": answer.casefold(), "type": row.get("type", "") or "variant",
                                   "significance": row.get("significance", ""), "origin": row.get("origin", ""), "text": row.get("comment", "")}  # fmt: skip
        number = re.fullmatch(r"(<=|>=|<|>)?\s*(\d+(?:\.\d+)?)\s*%?", row.get("value", ""))
        found.append(finding | ({"value": float(number[2]), "unit": row.get("unit", "%"), "comparator": number[1] or ""} if number else {}))
    for part in filter(None, (each.strip() for each in row.get("findings", "").split(";"))):
        gene, _, answer = part.partition(" ")
        found += findings([Reading(Coded((), f"{gene} mutation"), Coded((), answer))])
    return found
