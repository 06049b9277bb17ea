"""FHIR as XML means what the same record means as JSON, and opens no door that JSON does not have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from pathways.facts import Fact
from pathways.ingest import originals, split
from pathways.ingest.fhir import xml
from pathways.ingest.message import FeedProfile, ParsedMessage, Unreadable

from .messages import PATIENT, SAMPLES, concept, fhir, loinc

WHO = {"reference": "Patient/p1"}
PROFILE = FeedProfile(received_at=datetime(2026, 3, 11, tzinfo=UTC))


def as_xml(resource: dict[str, Any]) -> bytes:
    kind = resource["resourceType"]
    return f'<{kind} xmlns="http://hl7.org/fhir">{"".join(_inside(resource))}</{kind}>'.encode()


def _inside(value: dict[str, Any]) -> Iterator[str]:
    for name, each in value.items():
        for one in each if isinstance(each, list) else [each]:
            if name == "resourceType":
                continue
            if not isinstance(one, dict):
                yield f"<{name} value={quoteattr(str(one).lower() if isinstance(one, bool) else str(one))}/>"
            elif "resourceType" in one:
                yield f"<{name}><{one['resourceType']}>{''.join(_inside(one))}</{one['resourceType']}></{name}>"
            else:
                yield f"<{name}>{''.join(_inside(one))}</{name}>"


def read(body: bytes) -> ParsedMessage:
    (piece,) = split.split(body)
    return split.parse(piece, PROFILE)


def facts(body: bytes) -> list[Fact]:
    return [fact for subject in read(body).subjects for fact in subject.facts]


def observation(number: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": number, "status": "final", "subject": WHO, **more}


BURDEN = observation("tmb", code=loinc("94076-7"), valueQuantity={"value": 12.5, "unit": "mut/Mb"})
FOUND = observation(
    "v1",
    code=loinc("69548-6"),
    valueCodeableConcept=loinc("LA9633-4", "Present"),
    component=[
        {"code": loinc("48018-6"), "valueCodeableConcept": concept("http://www.genenames.org/geneId", "HGNC:3236", "EGFR")},
        {"code": loinc("48005-3"), "valueCodeableConcept": {"text": "p.Leu858Arg"}},
        {"code": loinc("81258-6"), "valueQuantity": {"value": 0.31, "unit": "fraction"}},
    ],
)
ASKED = observation("ros1", code=concept("urn:lab", "ROS1F", "ROS1 fusion"), valueBoolean=False)
REPORT = {
    "resourceType": "DiagnosticReport", "id": "dr", "status": "corrected", "code": loinc("81247-9"), "subject": WHO,
    "issued": "2026-03-10T14:00:00-05:00", "identifier": [{"value": "R1"}], "performer": [{"reference": "Organization/lab"}],
    "result": [{"reference": "Observation/v1"}, {"reference": "Observation/tmb"}, {"reference": "Observation/ros1"}],
}  # fmt: skip
LABORATORY = {"resourceType": "Organization", "id": "lab", "name": "A & B “Genomics” <Basel>"}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [{"resource": each} for each in (PATIENT, LABORATORY, FOUND, BURDEN, ASKED, REPORT)],
}
LONE = {
    "resourceType": "MedicationAdministration", "id": "m1", "status": "completed", "subject": WHO, "effectiveDateTime": "2026-03-09T08:30:00Z",
    "medicationCodeableConcept": concept("http://www.nlm.nih.gov/research/umls/rxnorm", "1721560", "osimertinib"), "contained": [PATIENT],
}  # fmt: skip


@pytest.mark.parametrize("resource", [BUNDLE, LONE, {"resourceType": "Bundle", "type": "message", "entry": [{"resource": BUNDLE}]}])
def test_the_same_record_means_the_same_in_both_notations(resource: dict[str, Any]) -> None:
    as_json = facts(fhir(resource))
    assert as_json
    assert [(each.kind, each.lineage, each.digest) for each in facts(as_xml(resource))] == [
        (each.kind, each.lineage, each.digest) for each in as_json
    ]


def test_a_patient_is_the_same_person_in_both_notations() -> None:
    person = {**PATIENT, "active": True, "deceasedBoolean": True, "telecom": [{"system": "phone", "value": "+12125550143", "rank": 1}]}
    assert read(as_xml(person)).person == read(fhir(person)).person


def test_the_record_is_kept_as_it_came_and_narrative_is_left_to_people() -> None:
    body = as_xml(LONE).replace(
        b"<status", b'<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">a<br/>b</div></text><status', 1
    )
    assert read(body).body == body
    assert "div" not in xml.value_of(body)["text"]
    assert [each.kind for each in facts(body)] == ["drug_administered"]


def test_what_nests_forever_or_pulls_in_other_files_is_refused() -> None:
    with pytest.raises(Unreadable) as trouble:
        xml.value_of(b'<Patient xmlns="http://hl7.org/fhir">' + b"<extension>" * 5000)
    assert trouble.value.reason == "json_depth"
    bomb = b'<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><Patient xmlns="http://hl7.org/fhir"><id value="&b;"/></Patient>'
    with pytest.raises(Unreadable) as refused:
        xml.value_of(bomb)
    assert refused.value.reason == "xml_doctype"


def test_a_document_inside_is_found_for_who_abstracts_it() -> None:
    report = {**REPORT, "presentedForm": [{"contentType": "application/pdf", "data": "JVBERi0xLjQK"}]}
    (found,) = originals.originals("fhir", as_xml(report))
    assert found.type == "application/pdf"


def test_parameters_are_read_for_the_resources_they_carry() -> None:
    sent = {
        "resourceType": "Parameters",
        "parameter": [{"name": "one", "part": [{"name": "inner", "resource": LONE}]}, {"name": "note", "valueString": "x"}],
    }
    assert [each.kind for each in facts(fhir(sent))] == ["drug_administered"]


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.exists(), reason="no samples beside the checkout")
def test_genomics_reports_of_others_in_xml_give_their_findings() -> None:
    folder = SAMPLES / "genomics-reporting/json_xml_2022"
    found = {path.stem: [f for fact in facts(path.read_bytes()) for f in fact.body.get("findings", [])] for path in folder.glob("*.xml")}
    assert {(each["gene"], each["alteration"], each["presence"]) for each in found["oncology-diagnostic"]} >= {
        ("BRAF", "p.Val600Glu", "present")
    }
    grouped = {(each["gene"], each["type"], each["presence"]) for each in found["oncologyexamples-r4-withGrouping"]}
    assert grouped >= {("JAK2", "variant", "present"), ("", "tmb", "present"), ("", "msi", "present")}
