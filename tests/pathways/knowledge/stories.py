"""Short words for facts, so that a story of a patient reads in a few lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from pathways.facts import Fact, Moment, Rank, content_digest
from pathways.knowledge import load
from pathways.knowledge.derive import derive
from pathways.lineage import current, order_key

DAY_0 = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
LUNG = SimpleNamespace(code="nsclc-biomarker")
PGX = SimpleNamespace(code="pgx-reactive")
PANEL = load().tumours["nsclc"].panel


def fact(
    kind: str, day: float, *, number: str = "1", family: str = "", rank: int = Rank.FINAL, retracted: bool = False, **body: Any
) -> Fact:
    at = DAY_0 + timedelta(days=day)
    moment = Moment(at, at)
    digest = content_digest(kind, moment, rank, retracted, (), body)
    return Fact(kind, f"LAB|{family or kind}|{number}", moment, digest, rank=rank, issued_at=at, retracted=retracted, body=body)


def result(
    day: float, *findings: dict[str, Any], number: str = "R1", specimen: str = "tissue", kind: str = "result_final", **more: Any
) -> Fact:
    return fact(kind, day, number=number, family="result", specimen_class=specimen, findings=list(findings), **more)


def found(gene: str, alteration: str, **more: Any) -> dict[str, Any]:
    return {"gene": gene, "alteration": alteration, "presence": "present", **more}


def absent(*genes: str) -> list[dict[str, Any]]:
    return [{"gene": gene, "presence": "absent"} for gene in genes]


def all_absent_but(*genes: str) -> list[dict[str, Any]]:
    return absent(*(gene for gene in PANEL if gene not in genes))


def advanced(day: float = 0) -> Fact:
    return fact(
        "diagnosis", day, number="D1", code="icd10|C34.11", role="primary", verification="confirmed", stage="IV", histology="adenocarcinoma"
    )


def enrolled(day: float = 0) -> Fact:
    return fact("enrolled", day, number="E1", entry="advanced", episode_kind="initial")


def drug(kind: str, day: float, text: str, *, number: str = "X1", **more: Any) -> Fact:
    return fact(kind, day, number=number, drugs=[{"text": text}], **more)


def derived(facts: list[Fact], pathway: Any = LUNG) -> list[Fact]:
    """What the rules derive, in the order in which it happened."""
    return sorted(derive(pathway, current(facts), load()), key=order_key)


def kinds(facts: list[Fact], pathway: Any = LUNG) -> list[str]:
    return [one.kind for one in derived(facts, pathway)]


def said(facts: list[Fact]) -> list[tuple[str, datetime, dict[str, Any]]]:
    """Content without version and basis, for comparing two histories."""
    return [(one.kind, one.occurred.lo, one.body) for one in derived(facts)]
