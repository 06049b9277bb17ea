"""Facts in one line each, for stories that are told without a message."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pathways.facts import Fact, Grade, Moment, Rank, content_digest

LUNG = {
    "code": "icd10|C34.11",
    "role": "primary",
    "verification": "confirmed",
    "stage": "IV",
    "histology": "adenocarcinoma",
    "laterality": "",
}
OSIMERTINIB = {"rxcui": "1721560", "text": "osimertinib 80 MG Oral Tablet"}
PANEL = ("EGFR", "ALK", "ROS1", "BRAF", "MET", "RET", "NTRK", "KRAS", "ERBB2", "NRG1", "CD274")


def fact(
    kind: str,
    at: datetime,
    name: str,
    *,
    keys: tuple[str, ...] = (),
    body: dict[str, Any] | None = None,
    rank: Rank = Rank.FINAL,
    issued: datetime | None = None,
    family: str = "",
    grade: Grade = Grade.SYSTEM_OF_RECORD,
    retracted: bool = False,
) -> Fact:
    """`name` is the business id; `family` the kind word of the lineage where several kinds share it (result, order)."""
    moment = Moment(at, at)
    lineage = f"ehr|{family or kind}|{name}"
    digest = content_digest(kind, moment, rank, retracted, keys, body or {})
    said_at = issued or at
    return Fact(kind, lineage, moment, digest, rank, said_at, said_at, at, retracted, grade, keys, body or {})


def result(at: datetime, *genes: str, name: str = "R1", specimen_class: str = "tissue", complete: bool = True, **extra: Any) -> Fact:
    """A final report in which `genes` are altered as a rule knows them, the rest of the panel absent."""
    alterations = {"EGFR": "p.Leu858Arg", "KRAS": "p.Gly12Cys", "ALK": "ALK rearrangement"}
    found = [
        {
            "gene": gene,
            "alteration": alterations[gene],
            "presence": "present",
            "type": "fusion" if gene == "ALK" else "variant",
            "significance": "pathogenic",
        }
        for gene in genes
    ]
    absent = [{"gene": gene, "alteration": "", "presence": "absent", "type": "variant"} for gene in PANEL if gene not in genes]
    panel = {gene: "present" if gene in genes else "absent" for gene in PANEL} if complete else dict.fromkeys(genes, "present")
    body = {"specimen_class": specimen_class, "document": False, "findings": found + (absent if complete else []), "panel": panel}
    return fact("result_final", at, name, family="result", keys=("placer:O1", "specimen:S1"), body=body, **extra)
