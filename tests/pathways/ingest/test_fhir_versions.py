"""STU3 and R5 say the same things in other elements; what they say is read as R4 says it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pathways.ingest import intake
from pathways.ingest.message import FeedProfile, Unreadable

from .messages import PATIENT, concept, loinc
from .test_fhir import WHO, bundle, parsed
from .test_fhir_fitness import ORDER, REPORT, VARIANT

RX = "http://www.nlm.nih.gov/research/umls/rxnorm"
OSIMERTINIB = concept(RX, "1721560", "osimertinib")
R4_REQUEST = {
    "resourceType": "MedicationRequest",
    "id": "m",
    "status": "active",
    "intent": "order",
    "subject": WHO,
    "authoredOn": "2026-03-01",
}
GIVEN = {"resourceType": "MedicationAdministration", "id": "a", "status": "completed", "subject": WHO}
CONSENT = {"resourceType": "Consent", "id": "c", "status": "active", "patient": WHO, "category": [{"text": "Text messages"}]}


def said(*resources: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(fact.kind, fact.retracted) for fact in parsed(bundle(PATIENT, *resources)).facts]


@pytest.mark.parametrize(
    "stated",
    [
        {"medicationCodeableConcept": OSIMERTINIB},
        {"medication": {"concept": OSIMERTINIB}},
        {
            "medication": {"reference": {"reference": "#drug"}},
            "contained": [{"resourceType": "Medication", "id": "drug", "code": OSIMERTINIB}],
        },
        {
            "resourceType": "MedicationOrder",
            "medicationCodeableConcept": OSIMERTINIB,
            "dateWritten": "2026-03-01",
            "authoredOn": None,
            "intent": None,
        },
    ],
)
def test_a_medicine_is_the_same_in_every_version(stated: dict[str, Any]) -> None:
    resource = {name: value for name, value in (R4_REQUEST | stated).items() if value is not None}
    (ordered,) = parsed(bundle(PATIENT, resource)).facts
    assert (ordered.kind, ordered.body["drugs"]) == ("drug_ordered", [{"rxcui": "1721560", "text": "osimertinib"}])
    assert ordered.occurred.lo.date().isoformat() == "2026-03-01"


@pytest.mark.parametrize(
    ("stated", "kind"),
    [
        ({"medication": {"concept": OSIMERTINIB}, "occurenceDateTime": "2026-03-02T09:00:00Z"}, "drug_administered"),
        ({"medicationCodeableConcept": OSIMERTINIB, "effectiveDateTime": "2026-03-02T09:00:00Z", "notGiven": True}, "drug_not_given"),
    ],
)
def test_given_and_not_given_are_told_apart_in_every_version(stated: dict[str, Any], kind: str) -> None:
    (fact,) = parsed(bundle(PATIENT, GIVEN | stated)).facts
    assert (fact.kind, fact.occurred.lo.isoformat()) == (kind, "2026-03-02T09:00:00+00:00")


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        (ORDER | {"resourceType": "ProcedureRequest", "requester": {"agent": {"reference": "Practitioner/9"}}}, "test_ordered"),
        (ORDER | {"resourceType": "ProcedureRequest", "status": "cancelled"}, "order_cancelled"),
        (ORDER | {"resourceType": "ProcedureRequest", "status": "suspended"}, "order_held"),
        (ORDER | {"code": {"concept": loinc("81247-9", "NGS")}}, "test_ordered"),
        (
            ORDER | {"resourceType": "DiagnosticOrder", "intent": "order", "code": None, "item": [{"code": loinc("81247-9", "NGS")}]},
            "test_ordered",
        ),
        (ORDER | {"resourceType": "ReferralRequest", "code": None, "intent": "order", "description": "to oncology"}, "referral"),
    ],
)
def test_an_order_is_one_in_every_version(order: dict[str, Any], kind: str) -> None:
    assert said({name: value for name, value in order.items() if value is not None}) == [(kind, False)]


def test_two_orders_that_only_their_words_tell_apart_are_two() -> None:
    orders = [
        {name: value for name, value in ORDER.items() if name != "id"} | {"code": {"text": text}}
        for text in ("EGFR mutation panel", "ALK fusion FISH")
    ]
    assert len({fact.lineage for fact in parsed(bundle(PATIENT, *orders)).facts}) == 2


def test_a_report_finds_its_order_of_another_version() -> None:
    order = ORDER | {"resourceType": "ProcedureRequest", "identifier": [{"value": "ORD1"}]}
    report = REPORT | {"basedOn": [{"reference": "ProcedureRequest/s1"}]}
    facts = {fact.kind: fact for fact in parsed(bundle(PATIENT, VARIANT, order, report)).facts}
    assert "placer:ORD1" in facts["result_final"].keys


@pytest.mark.parametrize(
    ("stated", "kind"),
    [
        ({"occurrenceDateTime": "2026-03-02"}, "biopsy_done"),
        ({"performedDateTime": "2026-03-02", "notDone": True}, "biopsy_not_done"),
    ],
)
def test_a_biopsy_is_one_in_every_version(stated: dict[str, Any], kind: str) -> None:
    done = {"resourceType": "Procedure", "id": "b", "status": "completed", "subject": WHO, "code": {"text": "Biopsy of lung"}}
    assert said(done | stated) == [(kind, False)]


@pytest.mark.parametrize(
    ("stated", "kind"),
    [
        ({"status": "active", "progress": [{"subjectState": {"coding": [{"code": "screening"}]}, "startDate": "2026-01-05"},
                                           {"subjectState": {"coding": [{"code": "on-study"}]}, "startDate": "2026-02-01"}], "subject": WHO}, "trial_on_study"),
        ({"status": "active", "subjectState": [{"code": {"coding": [{"code": "candidate"}]}, "startDate": "2026-02-01"},
                                               {"code": {"coding": [{"code": "on-study"}]}, "startDate": "2026-02-01"}], "subject": WHO}, "trial_on_study"),
        ({"status": "enrolled", "individual": WHO, "period": {"start": "2026-02-01"}}, "trial_on_study"),
        ({"status": "candidate", "individual": WHO, "period": {"start": "2026-02-01"}}, "trial_screening"),
    ],
)  # fmt: skip
def test_a_trial_tells_how_far_in_every_version(stated: dict[str, Any], kind: str) -> None:
    (fact,) = parsed(bundle(PATIENT, {"resourceType": "ResearchSubject", "id": "r", "study": {"display": "LUNG-1"}, **stated})).facts
    assert (fact.kind, fact.occurred.lo.date().isoformat()) == (kind, "2026-02-01")


@pytest.mark.parametrize(
    ("stated", "decision"),
    [
        ({"dateTime": "2026-03-01"}, "granted"),
        ({"date": "2026-03-01", "decision": "permit"}, "granted"),
        ({"date": "2026-03-01", "decision": "deny"}, "revoked"),
        ({"date": "2026-03-01", "decision": "permit", "provision": [{"purpose": [{"display": "Text messages"}]}]}, "revoked"),
        ({"dateTime": "2026-03-01", "except": [{"type": "deny", "purpose": [{"display": "Text messages"}]}]}, "revoked"),
        ({"dateTime": "2026-03-01", "except": [{"type": "deny", "purpose": [{"display": "Research"}]}]}, "granted"),
        ({"date": "2026-03-01", "provision": [{"purpose": [{"display": "Text messages"}], "period": {"end": "2030-01-01"}}]}, "granted"),
        ({"date": "2026-03-01", "status": "not-done"}, "revoked"),
        ({"dateTime": "2026-03-01", "policyRule": {"coding": [{"code": "OPTOUT"}]}}, "revoked"),
        ({"dateTime": "2026-03-01", "policyRule": {"coding": [{"code": "OPTIN"}]}}, "granted"),
    ],
)
def test_a_consent_decides_the_same_in_every_version(stated: dict[str, Any], decision: str) -> None:
    (fact,) = parsed(bundle(PATIENT, CONSENT | stated)).facts
    assert (fact.body["decision"], fact.occurred.lo.date().isoformat()) == (decision, "2026-03-01")


def test_a_consent_of_stu3_ends_with_its_period() -> None:
    def until(end: str) -> dict[str, Any]:
        stated = CONSENT | {"dateTime": "2020-03-01", "period": {"end": end}, "meta": {"lastUpdated": "2026-03-01T00:00:00Z"}}
        (fact,) = parsed(bundle(PATIENT, stated) | {"timestamp": "2026-03-01T00:00:00Z"}).facts
        return fact.body

    assert until("2021-01-01")["decision"] == "revoked"
    assert (until("2030-01-01")["decision"], until("2030-01-01")["until"][:4]) == ("granted", "2030")


def test_a_visit_of_r5_says_what_it_is_for() -> None:
    visit = {"resourceType": "Appointment", "id": "v", "status": "booked", "start": "2026-03-09T09:00:00Z", "created": "2026-03-01",
             "serviceType": [{"concept": {"text": "Consultation"}}], "participant": [{"actor": WHO, "status": "accepted"}]}  # fmt: skip
    (fact,) = parsed(bundle(PATIENT, visit)).facts
    assert fact.body["service"]["text"] == "Consultation"


@pytest.mark.parametrize("address", ["Observation/v", "https://lab.example/fhir/DiagnosticReport/r1", "Observation?identifier=7"])
@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_what_a_bundle_asks_to_remove_waits_for_a_person(method: str, address: str) -> None:
    asked = {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": method, "url": address}}]}
    with pytest.raises(Unreadable) as caught:
        parsed(asked)
    assert caught.value.reason == "removal"
    assert address in caught.value.explanation


def test_removing_what_is_never_read_is_told_and_holds_nothing_up() -> None:
    entries = [{"resource": each} for each in (PATIENT, VARIANT, REPORT)]
    asked = {"resourceType": "Bundle", "type": "transaction", "entry": [*entries, {"request": {"method": "DELETE", "url": "Provenance/1"}}]}
    message = parsed(asked)
    assert [fact.kind for fact in message.facts] == ["result_final"]
    assert any("DELETE Provenance" in note for note in message.notes)


def outcomes(body: bytes) -> list[str]:
    return [item.reason or "read" for item in intake.items_of(body, FeedProfile())]


def test_an_entry_of_a_batch_that_removes_waits_alone() -> None:
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": PATIENT, "request": {"method": "PUT", "url": "Patient/p1"}},
             {"request": {"method": "DELETE", "url": "Condition/9"}}, {"request": {"method": "GET", "url": "Patient?name=x"}}]}  # fmt: skip
    assert outcomes(json.dumps(batch).encode()) == ["read", "removal", "read"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [(b'{"resourceType":"Patient","id":"1","id":"2"}', "json_duplicate_key"), (b'{"resourceType":"Patient","id":"\xff"}', "json_encoding"),
     (b"oops", "json_syntax"), (b'{"resourceType":"Observation","valueInteger":NaN}', "json_number")],
)  # fmt: skip
def test_one_bad_line_of_ndjson_delays_nobody(bad: bytes, reason: str) -> None:
    """Blank lines between, and a byte-order mark before, are nothing."""
    good = json.dumps(PATIENT).encode()
    assert outcomes(b"\xef\xbb\xbf" + b"\r\n".join((good, b"", bad, b"  ", good, b""))) == ["read", reason, "read"]
