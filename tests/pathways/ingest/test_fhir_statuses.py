"""The table of statuses in docs/integration.md, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pathways.ingest.fhir import read
from pathways.ingest.message import FeedProfile

from .messages import PATIENT, concept, fhir, loinc

WHO = {"reference": "Patient/p1"}
DRUG = {"medicationCodeableConcept": concept("http://www.nlm.nih.gov/research/umls/rxnorm", "1721560", "osimertinib")}
GENE = {"code": loinc("48018-6"), "valueCodeableConcept": concept("http://www.genenames.org/geneId", "HGNC:3236", "EGFR")}
FOUND = {"resourceType": "Observation", "id": "v", "subject": WHO, "code": loinc("69548-6"), "effectiveDateTime": "2026-03-01",
         "valueCodeableConcept": loinc("LA9633-4", "Present"), "component": [GENE]}  # fmt: skip
ALIKE: dict[str, dict[str, Any]] = {
    "ServiceRequest": {"intent": "order", "code": concept("urn:lab", "NGS", "Lung NGS panel"), "authoredOn": "2026-03-01"},
    "DiagnosticReport": {"code": loinc("81247-9"), "issued": "2026-03-01T09:00:00Z", "result": [{"reference": "Observation/v"}]},
    "Observation": FOUND,
    "Specimen": {"type": {"text": "Tumor tissue"}, "receivedTime": "2026-03-01"},
    "MedicationRequest": DRUG | {"intent": "order", "authoredOn": "2026-03-01"},
    "MedicationDispense": DRUG | {"whenHandedOver": "2026-03-01"},
    "MedicationAdministration": DRUG | {"effectiveDateTime": "2026-03-01"},
    "Procedure": {"code": {"text": "CT guided core needle biopsy of lung"}, "performedDateTime": "2026-03-01"},
    "Appointment": {"start": "2026-03-01T09:00:00Z", "participant": [{"actor": WHO}]},
    "Consent": {"scope": {"text": "Text messages"}, "dateTime": "2026-03-01", "patient": WHO},
    "ResearchSubject": {"individual": WHO, "study": {"display": "NCT0"}, "period": {"start": "2026-03-01"}},
    "Claim": {"use": "preauthorization", "patient": WHO, "created": "2026-03-01"},
    "ClaimResponse": {"use": "preauthorization", "patient": WHO, "created": "2026-03-01", "outcome": "complete", "preAuthRef": "PA1"},
}


def rows() -> Iterator[tuple[str, str, str]]:
    text = (Path(__file__).resolve().parents[3] / "docs/integration.md").read_text()
    table = text.partition("### What each status does")[2].partition("\n## ")[0]
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0] in ALIKE:
            for status in re.findall(r"`([a-z-]+)`", cells[1]):
                yield cells[0], status, cells[2]


def said(kind: str, status: str) -> str:
    """What a resource of that status states, in the words of the table."""
    resource = {"resourceType": kind, "id": "r1", "subject": WHO, "status": status, **ALIKE[kind]}
    beside = [FOUND | {"status": "final"}] if kind == "DiagnosticReport" else []
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in (PATIENT, *beside, resource)]}
    facts = read.read(fhir(bundle), FeedProfile(received_at=datetime(2026, 3, 11, tzinfo=UTC))).facts
    return ", ".join(f"`{fact.kind}`" + (" taken back" if fact.retracted else "") for fact in facts) or "nothing"


@pytest.mark.parametrize(("kind", "status", "event"), list(rows()))
def test_a_status_does_what_the_table_says(kind: str, status: str, event: str) -> None:
    assert said(kind, status) == event


@pytest.mark.parametrize("kind", ALIKE)
def test_every_resource_is_in_the_table_and_an_unknown_status_never_moves_a_journey(kind: str) -> None:
    assert {status for name, status, _ in rows() if name == kind}
    results = ("DiagnosticReport", "Observation")
    allowed = {"`result_partial`"} if kind in results else {"`specimen_received`"} if kind == "Specimen" else {"nothing"}
    assert said(kind, "made-up") in allowed
