"""FHIR R4: tolerant of shapes, strict about JSON, presence from the value."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pathways.facts import Fact, Rank
from pathways.ingest.fhir import read
from pathways.ingest.message import FeedProfile, ParsedMessage, Unreadable

from .messages import PATIENT, SAMPLES, concept, fhir, loinc

WHO = {"reference": "Patient/p1"}
ABSENT, PRESENT = loinc("LA9634-2", "Absent"), loinc("LA9633-4", "Present")


def variant(number: str, answer: dict[str, Any], *genes: str, status: str = "final") -> dict[str, Any]:
    parts = [
        {"code": loinc("48018-6"), "valueCodeableConcept": concept("http://www.genenames.org/geneId", "HGNC:1", gene)} for gene in genes
    ]
    return {
        "resourceType": "Observation",
        "id": number,
        "status": status,
        "code": loinc("69548-6"),
        "subject": WHO,
        "valueCodeableConcept": answer,
        "component": parts,
    }


def report(*observations: dict[str, Any], **more: Any) -> dict[str, Any]:
    dr = {
        "resourceType": "DiagnosticReport", "id": "dr", "status": "final", "code": loinc("81247-9"), "subject": WHO, "issued": "2026-03-10T14:00:00-05:00",
        "identifier": [{"value": "R1"}], "basedOn": [{"identifier": {"value": "ORD1"}}],
        "result": [{"reference": f"Observation/{each['id']}"} for each in observations], **more,
    }  # fmt: skip
    return bundle(PATIENT, *observations, dr)


def bundle(*resources: dict[str, Any], type_: str = "transaction", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type_, "entry": [{"resource": each} for each in resources], **more}


def parsed(resource: dict[str, Any]) -> ParsedMessage:
    return read.read(fhir(resource), FeedProfile(received_at=datetime(2026, 3, 11, tzinfo=UTC)))


def only(resource: dict[str, Any]) -> Fact:
    (fact,) = (fact for subject in parsed(resource).subjects for fact in subject.facts)
    return fact


def test_a_line_that_lists_genes_and_says_absent_is_negative_for_each() -> None:
    fact = only(report(variant("1", ABSENT, "NRAS", "KIT", "BRAF")))
    assert {each["gene"]: each["presence"] for each in fact.body["findings"]} == {"NRAS": "absent", "KIT": "absent", "BRAF": "absent"}


def test_a_report_states_findings_once_with_its_order() -> None:
    tmb = {
        "resourceType": "Observation",
        "id": "2",
        "status": "final",
        "code": loinc("94076-7"),
        "subject": WHO,
        "valueQuantity": {"value": 12, "unit": "1/1000000"},
    }
    fact = only(report(variant("1", PRESENT, "EGFR"), tmb))
    assert fact.kind == "result_final"
    assert fact.lineage == "command-line|result|R1"
    assert "placer:ORD1" in fact.keys
    assert [(each["gene"], each["type"]) for each in fact.body["findings"]] == [("EGFR", "variant"), ("", "tmb")]


@pytest.mark.parametrize(
    ("status", "kind", "rank", "retracted"),
    [("preliminary", "result_partial", Rank.PRELIMINARY, False), ("amended", "result_final", Rank.CORRECTED, False),
     ("appended", "result_final", Rank.CORRECTED, False), ("entered-in-error", "result_final", Rank.CORRECTED, True),
     ("cancelled", "result_failed", Rank.FINAL, False), ("whatever", "result_partial", Rank.PRELIMINARY, False)],
)  # fmt: skip
def test_report_statuses(status: str, kind: str, rank: int, retracted: bool) -> None:
    fact = only(report(variant("1", PRESENT, "EGFR"), status=status))
    assert (fact.kind, fact.rank, fact.retracted) == (kind, rank, retracted)


def test_a_pdf_is_a_document() -> None:
    fact = only(report(presentedForm=[{"contentType": "application/pdf", "data": "JVBERi0x"}]))
    assert fact.kind == "result_document"


def test_orders_plans_and_ends() -> None:
    order = {"resourceType": "ServiceRequest", "id": "s", "status": "active", "intent": "order", "code": concept("urn:lab", "NGS", "Lung NGS panel"),
             "subject": WHO, "authoredOn": "2026-03-01", "identifier": [{"value": "ORD1"}]}  # fmt: skip
    assert only(bundle(PATIENT, order)).kind == "test_ordered"
    assert only(bundle(PATIENT, order | {"status": "revoked"}, timestamp="2026-03-02T00:00:00Z")).kind == "order_cancelled"
    assert not parsed(bundle(PATIENT, order | {"intent": "plan"})).facts
    assert not parsed(bundle(PATIENT, order | {"status": "draft"})).facts


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ({"resourceType": "MedicationRequest", "status": "active", "intent": "order", "authoredOn": "2026-03-01"}, "drug_ordered"),
        ({"resourceType": "MedicationRequest", "status": "active", "intent": "plan", "authoredOn": "2026-03-01"}, None),
        ({"resourceType": "MedicationDispense", "status": "completed", "whenHandedOver": "2026-03-05"}, "drug_dispensed"),
        ({"resourceType": "MedicationDispense", "status": "declined", "whenPrepared": "2026-03-05"}, "drug_returned"),
        ({"resourceType": "MedicationAdministration", "status": "completed", "effectiveDateTime": "2026-03-05"}, "drug_administered"),
        ({"resourceType": "MedicationAdministration", "status": "not-done", "effectiveDateTime": "2026-03-05"}, "drug_not_given"),
    ],
)
def test_medicines(resource: dict[str, Any], kind: str | None) -> None:
    drug = {
        "id": "m",
        "subject": WHO,
        "medicationCodeableConcept": concept("http://www.nlm.nih.gov/research/umls/rxnorm", "1721560", "osimertinib"),
    }
    message = parsed(bundle(PATIENT, resource | drug))
    assert [fact.kind for fact in message.facts] == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        (
            {"resourceType": "Appointment", "status": "noshow", "start": "2026-03-05T09:00:00Z", "participant": [{"actor": WHO}]},
            "visit_missed",
        ),
        ({"resourceType": "Appointment", "status": "proposed", "start": "2026-03-05T09:00:00Z", "participant": [{"actor": WHO}]}, None),
        ({"resourceType": "ResearchSubject", "status": "on-study", "individual": WHO, "period": {"start": "2026-03-01"}}, "trial_on_study"),
        (
            {"resourceType": "Consent", "status": "active", "scope": concept("x", "research"), "patient": WHO, "dateTime": "2026-03-01"},
            "consent_recorded",
        ),
        ({"resourceType": "Claim", "status": "active", "use": "preauthorization", "patient": WHO, "created": "2026-03-01"}, "pa_submitted"),
        ({"resourceType": "Claim", "status": "active", "use": "claim", "patient": WHO, "created": "2026-03-01"}, None),
        (
            {
                "resourceType": "ClaimResponse",
                "status": "active",
                "use": "preauthorization",
                "patient": WHO,
                "created": "2026-03-02",
                "outcome": "queued",
            },
            "pa_pended",
        ),
        (
            {
                "resourceType": "ClaimResponse",
                "status": "active",
                "use": "preauthorization",
                "patient": WHO,
                "created": "2026-03-02",
                "outcome": "complete",
                "disposition": "Denied",
            },
            "pa_denied",
        ),
        (
            {
                "resourceType": "Procedure",
                "status": "completed",
                "subject": WHO,
                "code": {"text": "CT-guided biopsy of lung"},
                "performedDateTime": "2026-02-27",
            },
            "biopsy_done",
        ),
    ],
)
def test_the_rest_of_care(resource: dict[str, Any], kind: str | None) -> None:
    message = parsed(bundle(PATIENT, resource | {"id": "x"}))
    assert [fact.kind for fact in message.facts] == ([kind] if kind else [])


def test_a_condition_in_old_shapes_is_still_read() -> None:
    body = only({"resourceType": "Condition", "id": "c", "subject": WHO, "code": concept("http://hl7.org/fhir/sid/icd-10-cm", "C34.11", "Lung cancer"), "category": {"text": "Diagnosis"},
                 "verificationStatus": "confirmed", "onsetDateTime": "2026-02", "stage": [{"summary": {"text": "Stage IVA"}}], "extension": "nonsense"}).body  # fmt: skip
    assert (body["code"], body["verification"], body["stage"], body["laterality"]) == ("icd10|C34.11", "confirmed", "IVA", "right")


def test_a_partial_date_spans_its_month() -> None:
    occurred = only({"resourceType": "Condition", "id": "c", "subject": WHO, "code": {"text": "x"}, "onsetDateTime": "2026-02"}).occurred
    assert (occurred.lo.isoformat(), occurred.hi.isoformat()[:10]) == ("2026-02-01T05:00:00+00:00", "2026-03-01")


def test_who_is_meant() -> None:
    """By a Patient of the message, by a business identifier, by the id of the sender's server; a stranger's UUID names nobody."""

    def number(subject: dict[str, Any]) -> list[tuple[str, str]]:
        person = parsed({"resourceType": "Condition", "id": "c", "code": {"text": "x"}, "onsetDateTime": "2026", "subject": subject}).person
        return [(each.authority, each.value) for each in person.identifiers] if person else []

    assert number({"identifier": {"system": "urn:hosp", "value": "M100"}}) == [("urn:hosp", "M100")]
    assert number({"reference": "https://ehr.example/Patient/77/_history/2"}) == [("command-line FHIR id", "77")]
    assert number({"reference": "urn:uuid:0b6f5a7e-1d1b-4c55-9d6f-1a1b2c3d4e5f"}) == []


def test_a_patient_that_was_replaced_is_a_merge() -> None:
    merge = parsed(PATIENT | {"link": [{"type": "replaced-by", "other": {"identifier": {"system": "urn:hosp", "value": "M200"}}}]}).merge
    assert merge is not None
    assert ("urn:hosp", "M100") in merge.loser
    assert merge.survivor == (("urn:hosp", "M200"),)


def test_a_death_counts_from_a_patient_resource_and_hints_from_a_report() -> None:
    dead = PATIENT | {"deceasedDateTime": "2026-03-01"}
    assert only(dead).kind == "death"
    kinds = {fact.kind for fact in parsed(bundle(dead, report()["entry"][-1]["resource"] | {"conclusion": "see text"})).facts}
    assert "death_hint" in kinds
    assert "death" not in kinds


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"resourceType":"Patient","id":"a","id":"b"}', "json_duplicate_key"),
        (b'{"resourceType":"Observation","valueQuantity":{"value":NaN}}', "json_number"),
        (b'{"resourceType":"Observation","valueQuantity":{"value":1e999}}', "json_number"),
        (b'{"resourceType":"Observation","valueInteger":' + b"9" * 5000 + b"}", "json_number"),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, "json_depth"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "json_depth"),
        (b'{"resourceType":"Patient","id":"\\ud800"}', "json_surrogate"),
        (b'{"resourceType":"Patient","id":"\\u0000"}', "nul_character"),
        (b'{"resourceType":"Patient","id":"\xff"}', "json_encoding"),
        (b'{"resourceType":', "json_syntax"),
        (b'{"no":"resource"}', "not_fhir"),
        (b"[]", "not_fhir"),
    ],
)
def test_json_that_cannot_be_trusted_is_refused_by_name(body: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read.read(body, FeedProfile())
    assert refused.value.reason == reason
    assert refused.value.explanation


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.exists(), reason="no samples beside the checkout")
def test_the_published_oncology_report_gives_its_twelve_variants() -> None:
    (path,) = SAMPLES.rglob("oncology-report-example.json")
    message = read.read(path.read_bytes(), FeedProfile())
    (fact,) = message.facts
    found = {(each["gene"], each["alteration"], each["presence"]) for each in fact.body["findings"]}
    assert len(fact.body["findings"]) == 12
    assert {("PIK3CA", "p.H1047R", "present"), ("NRAS", "p.G12C", "present")} <= found
    turned = path.read_text().replace("LA9633-4", "LA9634-2").replace('"Present"', '"Absent"')
    (negative,) = read.read(json.dumps(json.loads(turned)).encode(), FeedProfile()).facts
    assert {each["presence"] for each in negative.body["findings"]} == {"absent"}


@pytest.mark.parametrize("words", ["23andMe raw data report", "Promethease interpretation", "Direct-to-consumer genetic report"])
def test_a_report_from_outside_states_neither_result_nor_sample_nor_phenotype(words: str) -> None:
    specimen = {"resourceType": "Specimen", "id": "s", "subject": WHO, "receivedTime": "2026-03-01", "type": {"text": "Saliva"}}
    observation = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": WHO,
        "code": concept("http://loinc.org", "79714-2", "CYP2C19 gene product metabolic activity interpretation"),
        "valueCodeableConcept": {"text": "Poor metabolizer"},
    }
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "subject": WHO,
        "issued": "2026-03-02T10:00:00Z",
        "code": {"text": words},
        "category": [concept("http://terminology.hl7.org/CodeSystem/v2-0074", "GE", "Genetics")],
        "result": [{"reference": "Observation/o"}],
        "specimen": [{"reference": "Specimen/s"}],
    }
    facts = parsed(bundle(PATIENT, specimen, observation, report)).facts
    assert [fact.kind for fact in facts] == ["external_result"]
    assert facts[0].body["findings"]


@pytest.mark.parametrize(
    ("performers", "laboratory"),
    [
        ([{"reference": "Organization/lab"}], "North Lab"),
        (
            [{"reference": "Practitioner/x", "display": "Dr. Reader"}, {"reference": "Organization/elsewhere", "display": "Reference Lab"}],
            "Reference Lab",
        ),
        ([{"reference": "Practitioner/x", "display": "Dr. Reader"}], None),
        ([], None),
    ],
)
def test_a_result_says_which_organization_performed_it(performers: list[dict[str, str]], laboratory: str | None) -> None:
    """A person who read it is no laboratory; a lone observation names its own."""
    lab = {"resourceType": "Organization", "id": "lab", "name": "North Lab"}
    said = report(variant("1", ABSENT, "NRAS"), performer=performers)
    said["entry"].insert(0, {"resource": lab})
    assert only(said).body.get("laboratory") == laboratory
    assert only(bundle(PATIENT, lab, {**variant("1", ABSENT, "NRAS"), "performer": performers})).body.get("laboratory") == laboratory
