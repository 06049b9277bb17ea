"""Payers' answers in FHIR: X12 review actions and reasons, adjudications, and bills that name their authorization."""

from __future__ import annotations

from typing import Any

import pytest

from .messages import PATIENT, concept
from .test_fhir import WHO, bundle, parsed

DRUG = concept("http://www.nlm.nih.gov/research/umls/rxnorm", "1721560", "osimertinib")
REASON = concept("https://codesystem.x12.org/external/886", "0V", "requires medical review")


def response(**more: Any) -> dict[str, Any]:
    base = {
        "resourceType": "ClaimResponse",
        "id": "r1",
        "status": "active",
        "use": "preauthorization",
        "patient": WHO,
        "created": "2026-03-02",
    }
    return base | {"outcome": "complete", "insurer": {"display": "Blue Payer"}, "request": {"identifier": {"value": "A1"}}} | more


def reviewed(action: str) -> dict[str, Any]:
    number = {"url": "number", "valueString": "AUTH1"}
    code = {"url": ".../extension-reviewActionCode", "valueCodeableConcept": concept("https://codesystem.x12.org/005010/306", action, "")}
    review = {"url": ".../extension-reviewAction", "extension": [number, code, {"url": "reasonCode", "valueCodeableConcept": REASON}]}
    return {"itemSequence": 1, "adjudication": [{"category": concept("x", "submitted"), "extension": [review]}]}


@pytest.mark.parametrize(("action", "kind"), [("A1", "pa_approved"), ("A3", "pa_denied"), ("A4", "pa_pended"), ("A6", "pa_approved")])
def test_a_review_action_says_what_the_payer_decided_and_its_reason_is_kept(action: str, kind: str) -> None:
    (fact,) = parsed(bundle(PATIENT, response(item=[reviewed(action)], preAuthRef="AUTH1"))).facts
    assert fact.kind == kind
    assert (fact.body["payer"], fact.body["code"], fact.body["reference"]) == ("Blue Payer", "0V", "AUTH1")
    assert {key.rpartition(":")[2].rpartition("|")[2] for key in fact.keys if key.startswith("auth:")} == {"A1", "AUTH1"}


def test_two_answers_to_one_request_are_two_facts() -> None:
    first = response(id="r1", item=[reviewed("A3")])
    second = response(id="r2", created="2026-03-20", item=[reviewed("A1")])
    facts = parsed(bundle(PATIENT, first, second)).facts
    assert len({fact.lineage for fact in facts}) == 2
    assert {fact.kind for fact in facts} == {"pa_denied", "pa_approved"}


@pytest.mark.parametrize("named", [{}, {"preAuthRef": "AUTH1"}, {"request": {"identifier": {"value": "A1"}}}])
def test_answers_without_a_number_of_their_own_do_not_overwrite_each_other(named: dict[str, Any]) -> None:
    bare = {"id": "", "request": {}} | named
    first, second = response(item=[reviewed("A3")], **bare), response(created="2026-03-20", item=[reviewed("A1")], **bare)
    assert len({fact.lineage for fact in parsed(bundle(PATIENT, first, second)).facts}) == 2


def bill(benefit: float, **more: Any) -> dict[str, Any]:
    line = {
        "category": concept("http://terminology.hl7.org/CodeSystem/adjudication", "benefit"),
        "amount": {"value": benefit, "currency": "USD"},
    }
    denial = {"category": concept("x", "denialreason"), "reason": concept("https://x12.org/codes/claim-adjustment-reason-codes", "197")}
    item = {"itemSequence": 1, "productOrService": DRUG, "adjudication": [line, *([] if benefit else [denial])]}
    return response(use="claim", preAuthRef="AUTH1", item=[item]) | more


def test_a_bill_is_paid_or_refused_and_names_the_authorization() -> None:
    (paid,) = parsed(bundle(PATIENT, bill(900.0))).facts
    assert (paid.kind, paid.body["subject"], paid.body["reference"]) == ("bill_paid", "drug", "AUTH1")
    (refused,) = parsed(bundle(PATIENT, bill(0))).facts
    assert (refused.kind, refused.body["code"]) == ("bill_denied", "197")


def test_the_houses_other_bills_are_no_business_of_ours() -> None:
    assert not parsed(bundle(PATIENT, bill(900.0, preAuthRef=""))).facts
    assert not parsed(bundle(PATIENT, bill(900.0, outcome="queued"))).facts
