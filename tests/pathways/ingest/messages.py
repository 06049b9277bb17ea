"""Messages as senders write them, made up here, in the shapes that readers must bear."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples"

PID = "PID|1||M100^^^HOSP^MR||DOE^JANE||19600214|F"


def hl7(*segments: str, type_: str = "ORU^R01^ORU_R01", control: str = "C1", at: str = "20260310140500-0500", end: str = "\r") -> bytes:
    """A message of one sender; `segments` follow the header."""
    header = f"MSH|^~\\&|LIS|LAB|EHR|HOSP|{at}||{type_}|{control}|P|2.5.1"
    return end.join((header, *segments)).encode()


def panel(
    *lines: str, status: str = "F", control: str = "C1", at: str = "20260310140500-0500", code: str = "81247-9^Lung NGS panel^LN"
) -> bytes:
    """A molecular report with filler number F1 of order ORD1, collected in February, on tissue."""
    return hl7(
        PID,
        "ORC|RE|ORD1|F1",
        f"OBR|1|ORD1|F1|{code}|||20260227091500-0500|||||||||||||||20260310140000-0500||GE|{status}",
        *lines,
        "SPM|1|S1^S1||TISS^Tissue^HL70487|||||||||||||20260227091500-0500|20260228080000-0500",
        control=control,
        at=at,
    )


def gene(group: str, name: str, answer: str, status: str = "F", protein: str = "") -> tuple[str, ...]:
    """The lines of one gene, grouped by OBX-4."""
    lines = [
        f"OBX|1|CWE|48018-6^Gene studied^LN|{group}|HGNC:1^{name}^HGNC||||||{status}",
        f"OBX|2|CWE|69548-6^Assessment^LN|{group}|{answer}||||||{status}",
    ]
    return (*lines, f"OBX|3|ST|48005-3^Amino acid change^LN|{group}|{protein}||||||{status}") if protein else tuple(lines)


PRESENT, ABSENT, NO_CALL = "LA9633-4^Present^LN", "LA9634-2^Absent^LN", "LA18198-4^No call^LN"


def fhir(resource: dict[str, Any]) -> bytes:
    return json.dumps(resource).encode()


def concept(system: str, code: str, text: str = "") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": text}]}


def loinc(code: str, text: str = "") -> dict[str, Any]:
    return concept("http://loinc.org", code, text)


PATIENT = {"resourceType": "Patient", "id": "p1", "identifier": [{"system": "urn:hosp", "value": "M100"}], "birthDate": "1960-02-14"}
