"""What a resource says of itself comes before what it says: negated orders, unknown modifiers, summaries, test data, open periods."""

from __future__ import annotations

from typing import Any

import pytest

from pathways.facts import Fact
from pathways.ingest.message import Unreadable

from .messages import PATIENT, concept, loinc
from .test_fhir import WHO, bundle, parsed
from .test_fhir_statuses import DRUG, FOUND

REPORT = {"resourceType": "DiagnosticReport", "id": "r1", "status": "final", "subject": WHO, "code": loinc("81247-9"),
          "issued": "2026-03-02T09:00:00-05:00", "result": [{"reference": "Observation/v"}]}  # fmt: skip
VARIANT = FOUND | {"status": "final"}
ORDER = {"resourceType": "ServiceRequest", "id": "s1", "status": "active", "intent": "order", "subject": WHO, "code": loinc("81247-9", "NGS"), "authoredOn": "2026-03-01"}  # fmt: skip
DEMAND = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "active",
    "intent": "order",
    "subject": WHO,
    "authoredOn": "2026-03-01",
    **DRUG,
}


@pytest.mark.parametrize("order", [ORDER, DEMAND])
def test_what_must_not_be_done_is_no_order(order: dict[str, Any]) -> None:
    assert parsed(bundle(PATIENT, order)).facts
    said = parsed(bundle(PATIENT, order | {"doNotPerform": True}))
    assert not said.facts
    assert any("doNotPerform" in note for note in said.notes)


@pytest.mark.parametrize(
    ("mark", "reason", "named"),
    [
        ({"modifierExtension": [{"url": "urn:turned-round", "valueBoolean": True}]}, "modifier_extension", "urn:turned-round"),
        ({"meta": {"tag": [{"code": "SUBSETTED"}]}}, "subsetted", "DiagnosticReport.meta.tag"),
    ],
)
def test_what_may_mean_something_else_waits_for_a_person(mark: dict[str, Any], reason: str, named: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parsed(bundle(PATIENT, VARIANT, REPORT | mark))
    assert caught.value.reason == reason
    assert named in caught.value.explanation


def test_a_modifier_on_a_resource_that_is_not_read_holds_nothing_up() -> None:
    other = {"resourceType": "Device", "id": "d", "modifierExtension": [{"url": "urn:x"}]}
    assert parsed(bundle(PATIENT, other, VARIANT, REPORT)).facts


def test_test_data_is_read_and_noted() -> None:
    said = parsed(bundle(PATIENT, VARIANT, REPORT | {"meta": {"security": [{"code": "HTEST"}]}}))
    assert [fact.kind for fact in said.facts] == ["result_final"]
    assert any("HTEST" in note for note in said.notes)


@pytest.mark.parametrize("kind", ["MedicationStatement", "MedicationKnowledge", "FamilyMemberHistory"])
def test_of_what_is_not_read_the_message_says_why(kind: str) -> None:
    said = parsed(bundle(PATIENT, {"resourceType": kind, "id": "x", "status": "active", "subject": WHO}))
    assert not said.facts
    assert any(note.startswith(f"{kind} is not read: ") for note in said.notes)


ENDS = {"end": "2026-03-02"}


@pytest.mark.parametrize(
    "resource",
    [
        {key: value for key, value in VARIANT.items() if key != "effectiveDateTime"} | {"effectivePeriod": ENDS},
        {
            "resourceType": "Specimen",
            "id": "s",
            "status": "available",
            "type": {"text": "Tumor tissue"},
            "subject": WHO,
            "collection": {"collectedPeriod": ENDS},
        },
        {"resourceType": "Condition", "id": "c", "subject": WHO, "code": {"text": "Lung cancer"}, "onsetPeriod": ENDS},
        {
            "resourceType": "Procedure",
            "id": "p",
            "status": "completed",
            "subject": WHO,
            "code": {"text": "Biopsy of lung"},
            "performedPeriod": ENDS,
        },
    ],
)
def test_a_period_without_a_start_counts_from_its_end(resource: dict[str, Any]) -> None:
    (fact,) = parsed(bundle(PATIENT, resource)).facts
    assert fact.occurred.lo.date().isoformat() == "2026-03-02"


def consent(**more: Any) -> Fact:
    stated = {
        "resourceType": "Consent",
        "id": "c",
        "status": "active",
        "scope": {"text": "Text messages"},
        "patient": WHO,
        "dateTime": "2026-03-01",
    }
    (fact,) = parsed(bundle(PATIENT, stated | more)).facts
    return fact


@pytest.mark.parametrize(
    ("provision", "decision"),
    [
        ({"type": "permit"}, "granted"),
        ({"type": "permit", "period": {"end": "2026-03-05"}}, "revoked"),
        ({"type": "permit", "period": {"end": "2027"}}, "granted"),
        ({"type": "deny"}, "revoked"),
        ({"type": "deny", "provision": [{"type": "permit", "purpose": [{"code": "SMS"}]}]}, "revoked"),
        ({"type": "permit", "provision": [{"type": "deny", "purpose": [{"code": "SMS"}]}]}, "revoked"),
        ({"type": "permit", "provision": [{"type": "deny"}]}, "revoked"),
        ({"type": "permit", "provision": [{"type": "deny", "code": [{"text": "research"}]}]}, "granted"),
    ],
)
def test_a_consent_is_as_strict_as_its_strictest_part(provision: dict[str, Any], decision: str) -> None:
    assert consent(provision=provision).body["decision"] == decision


def document(**more: Any) -> tuple[Fact, ...]:
    stated = {"resourceType": "DocumentReference", "id": "d", "status": "current", "subject": WHO, "date": "2026-03-02T09:00:00Z",
              "type": loinc("51969-4", "Genetic analysis report"), "content": [{"attachment": {"contentType": "application/pdf", "data": "JVBERi0="}}]}  # fmt: skip
    return parsed(bundle(PATIENT, stated | more)).facts


def test_a_molecular_document_waits_for_a_reader_and_never_is_a_result() -> None:
    (fact,) = document()
    assert (fact.kind, fact.body["document"], fact.retracted) == ("result_document", True, False)
    assert document(status="entered-in-error")[0].retracted
    assert not document(status="superseded")
    assert not document(type=concept("urn:x", "1", "Discharge letter"))
    assert document(type=loinc("60568-3", "Pathology Synoptic report"))[0].kind == "pathology_report"


def test_a_payer_that_could_not_work_on_a_request_has_not_refused_it() -> None:
    answer = {"resourceType": "ClaimResponse", "id": "c", "status": "active", "use": "preauthorization", "patient": WHO, "created": "2026-03-02",
              "outcome": "error", "error": [{"code": concept("urn:x12", "A001")}]}  # fmt: skip
    (fact,) = parsed(bundle(PATIENT, answer)).facts
    assert (fact.kind, fact.body["code"]) == ("pa_pended", "A001")
