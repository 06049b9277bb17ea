"""What a panel's genes answer: of each present, absent, indeterminate, failed or not_tested. The clearest statement about a gene wins.

A gene may be asked in one aspect only: `ERBB2:protein` by stain or copy number (its sequence says nothing of it), `BRCA1:germline` by a
test of the inherited genome, `ERBB2:any` by whatever test said that it is not altered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .findings import (
    ABSENT,
    FAILED,
    INDETERMINATE,
    MEASURED,
    NO_CALL,
    NOT_TESTED,
    PRESENT,
    Finding,
    is_germline,
    is_positive,
    may_be_germline,
    normalise,
)
from .library import Knowledge, load
from .schema import Gene

PROTEIN = ("expression", "amplification")
ASPECTS = ("", "protein", "germline", "any")


def panel(findings: Iterable[Mapping[str, Any]], genes: Iterable[str], *, knowledge: Knowledge | None = None) -> dict[str, str]:
    """The answer to each gene or aspect asked for."""
    known = knowledge or load()
    of_gene: dict[str, list[Finding]] = {}
    for one in normalise(findings, knowledge=known):
        of_gene.setdefault(one["gene"], []).append(one)
    return {asked: _answer(asked, of_gene.get(asked.partition(":")[0], ()), known) for asked in genes}


def _answer(asked: str, findings: Sequence[Finding], known: Knowledge) -> str:
    gene, _, aspect = asked.partition(":")
    findings = [one for one in findings if (may_be_germline(one) if aspect == "germline" else not is_germline(one))]
    if aspect == "protein":
        findings = [one for one in findings if one["type"] in PROTEIN]
    if any(is_positive(one) for one in findings):
        return PRESENT
    if _all_absent(findings, gene, aspect, known):
        return ABSENT
    states = {
        INDETERMINATE if one["presence"] == PRESENT else FAILED if one["presence"] == NO_CALL else one["presence"] for one in findings
    }
    return next((state for state in (INDETERMINATE, FAILED) if state in states), NOT_TESTED)


def _all_absent(findings: Sequence[Finding], gene: str, aspect: str, known: Knowledge) -> bool:
    """Absent as a whole, or each class that answers the gene absent (a lone `T790M not detected` says nothing of exon 19)."""
    row = known.genes.get(gene)
    absent = [one for one in findings if one["presence"] == ABSENT]
    if any(_answers_whole(one, row, aspect) for one in absent):
        return True
    if findings and all(one["presence"] == PRESENT and one["significance"] == "benign" for one in findings):
        return True
    wanted = {name for name, klass in row.classes.items() if klass.answers_gene} if row and aspect != "protein" else set()
    return bool(wanted) and wanted <= {one["klass"] for one in absent}


def _answers_whole(absent: Finding, row: Gene | None, aspect: str) -> bool:
    """A negative stain answers PD-L1 and ALK, of MET or ERBB2 it leaves the sequence open; a fusion answers only genes that fuse."""
    if aspect == "protein" or (aspect == "any" and absent["type"] in PROTEIN):
        return True
    if absent["type"] in ("expression", "tmb", "msi"):
        return absent["gene"] in MEASURED or (row is not None and row.marker)
    if absent["type"] == "fusion":
        return row is not None and row.fusion
    return absent["type"] in ("variant", "panel") and not absent["alteration"] and not absent["klass"]
