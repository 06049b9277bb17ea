"""A drug-metabolism phenotype among the findings of a report is a fact of its own, which pharmacogenetic pathways listen to. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from pathways.facts import Moment

from .findings import Finding
from .statement import Statement

SCORE = re.compile(r"activity score:?\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
PRESENT = "present"


def assign(
    statement: Statement,
    report: str,
    findings: Iterable[Finding],
    when: Moment | None,
    *,
    keys: tuple[str, ...],
    rank: int,
    issued_at: datetime | None,
) -> None:
    """One `phenotype_assigned` per gene whose phenotype the report states; a diplotype of the same gene goes with it."""
    stated = [finding for finding in findings if finding["presence"] == PRESENT and finding["gene"]]
    diplotypes = {finding["gene"]: finding["alteration"] for finding in stated if finding["type"] == "genotype"}
    for finding in stated:
        if finding["type"] == "phenotype":
            score = SCORE.search(finding["text"])
            body = {
                "gene": finding["gene"],
                "phenotype": finding["alteration"],
                "diplotype": diplotypes.get(finding["gene"], ""),
                "activity_score": float(score[1]) if score else None,
            }
            name = f"{report}/{finding['gene']}"
            statement.say("phenotype_assigned", name, when, body, keys=keys, rank=rank, issued_at=issued_at)
