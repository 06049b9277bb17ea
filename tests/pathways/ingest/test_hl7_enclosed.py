"""FHIR and PDF inside of HL7 v2: the one is read as lines of the report, the other waits for a person with its bytes kept."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pathways.ingest.hl7.read import read
from pathways.ingest.message import FeedProfile, ParsedMessage
from pathways.ingest.originals import originals

from .messages import PATIENT, PID, hl7, loinc
from .test_fhir_statuses import FOUND, GENE

BORN = PATIENT | {"birthDate": "1960-02-14"}
ABSENT = FOUND | {"id": "w", "status": "final", "valueCodeableConcept": loinc("LA9634-2", "Absent"), "component": [GENE]}
PROTEIN = {"code": loinc("48005-3"), "valueCodeableConcept": {"coding": [{"code": "p.Leu858Arg"}]}}
VARIANT = FOUND | {"status": "final", "component": [GENE, PROTEIN]}


def bundle(*resources: dict[str, Any]) -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}).encode()


def report(content: bytes, subtype: str = "fhir+json", header: str = "F") -> bytes:
    data = base64.b64encode(content).decode()
    return hl7(PID, f"OBR|1|O1|F1|81247-9^NGS^LN|||20260301|||||||||||||||20260310||GE|{header}",
               f"OBX|1|ED|81247-9^NGS report^LN||^application^{subtype}^Base64^{data}||||||F")  # fmt: skip


def said(body: bytes) -> ParsedMessage:
    return read(body, FeedProfile(received_at=datetime(2026, 3, 11, tzinfo=UTC)))


def results(body: bytes) -> list[tuple[str, list[tuple[str, str, str]]]]:
    facts = [fact for fact in said(body).facts if fact.kind.startswith("result")]
    return [(fact.kind, [(one["gene"], one["alteration"], one["presence"]) for one in fact.body.get("findings", [])]) for fact in facts]


@pytest.mark.parametrize("content", [bundle(BORN, VARIANT), json.dumps(VARIANT | {"contained": [BORN]}).encode()])
def test_fhir_inside_of_a_report_is_read_as_its_lines(content: bytes) -> None:
    assert results(report(content)) == [("result_final", [("EGFR", "p.Leu858Arg", "present")])]
    (fact,) = (fact for fact in said(report(content)).facts if fact.kind == "result_final")
    assert "filler:F1" in fact.keys
    assert fact.body["document"] is False


def test_an_absent_variant_inside_is_a_negative_of_its_gene() -> None:
    assert results(report(bundle(BORN, ABSENT))) == [("result_final", [("EGFR", "", "absent")])]


@pytest.mark.parametrize(
    ("status", "kind"), [("preliminary", "result_partial"), ("cancelled", "result_failed"), ("amended", "result_final")]
)
def test_the_observations_keep_their_own_status(status: str, kind: str) -> None:
    assert [one for one, _ in results(report(bundle(BORN, VARIANT | {"status": status})))] == [kind]


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.4 a report",
        b"{ torn",
        bundle(BORN),
        bundle(BORN | {"birthDate": "1971-05-05"}, VARIANT),
        b'<!DOCTYPE x [<!ENTITY a "b">]><Observation xmlns="http://hl7.org/fhir"/>',
    ],
)
def test_what_is_no_fhir_of_this_patient_waits_for_a_person(content: bytes) -> None:
    body = report(content)
    assert results(body) == [("result_document", [])]
    (kept,) = originals("hl7v2", body)
    assert kept.data == content
