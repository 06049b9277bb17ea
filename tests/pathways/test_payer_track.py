"""The payer's permission as a track of its own: each state by its clock, a test and a drug apart, and what became of the bill."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from pathways.facts import Fact
from pathways.timeline import Timeline
from tests.pathways.facts import PRESENT, act, day, enrolled, fact, reached, rule, standing, stay, tell

ORDERED = (
    enrolled(),
    fact("test_ordered", 1, "O1", "placer:O1", specimen_class="tissue"),
    fact("specimen_received", 2, "S1", "placer:O1", specimen_class="tissue"),
    fact("result_final", 14, "F1", "placer:O1", specimen_class="tissue", findings=PRESENT, issued=14),
    rule("flagged_actionable", 14),
    act("treatment_decided", 16, decision="matched"),
    fact("drug_ordered", 17, "X1", "placer:X1"),
)


def asked(on: float, subject: str = "drug", **body: Any) -> Fact:
    return fact("pa_submitted", on, "A1", "auth:A1", subject=subject, **body)


def answered(kind: str, on: float, name: str = "", **body: Any) -> Fact:
    return fact(kind, on, name or f"{kind}{on}", "auth:A1", **body)


def told(*more: Fact) -> Timeline:
    return tell(*ORDERED, *more)


def due(timeline: Timeline, stage: str) -> datetime:
    at = stay(timeline, stage).due_at
    assert at is not None
    return at


@pytest.mark.parametrize(
    ("subject", "urgency", "stage", "hours"),
    [
        ("drug", "standard", "submitted", 72),
        ("drug", "expedited", "submitted_expedited", 24),
        ("test", "expedited", "submitted_expedited", 72),
    ],
)
def test_each_request_has_the_clock_of_its_subject_and_urgency(subject: str, urgency: str, stage: str, hours: int) -> None:
    timeline = told(asked(18, subject, urgency=urgency))
    assert (due(timeline, f"payer_{subject}.{stage}") - day(18)).total_seconds() == hours * 3600


def test_a_standard_request_for_a_test_has_seven_calendar_days() -> None:
    assert due(told(asked(18, "test", urgency="standard")), "payer_test.submitted").date() == day(25).date()


def test_clocks_of_drugs_never_cite_the_rule_that_leaves_drugs_out() -> None:
    from tests.pathways.facts import definition

    stages = definition("nsclc-biomarker").stages
    assert "CMS-0057-F" in (stages["payer_test.submitted"].source or {})["text"]
    assert "CMS-0057-F" not in (stages["payer_drug.submitted"].source or {})["text"]


def test_a_request_is_pended_answered_denied_talked_about_appealed_and_approved() -> None:
    steps = (
        ("pa_pended", 19, "pended"),
        ("pa_denied", 20, "denied"),
        ("pa_peer_to_peer", 21, "peer_to_peer"),
        ("pa_appealed", 22, "appealed"),
    )
    facts = [asked(18)]
    for kind, on, stage in steps:
        facts.append(answered(kind, on, reason="not medically necessary", code="50"))
        assert f"payer_drug.{stage}" in standing(told(*facts))
    timeline = told(*facts, answered("pa_approved", 26, subject="drug"))
    assert not [place for place in standing(timeline) if place.startswith("payer")]
    assert timeline.balls[-1].party == "pharmacy"


def test_an_overturned_denial_is_told_as_such() -> None:
    timeline = told(asked(18), answered("pa_denied", 20, subject="drug"), answered("pa_approved", 26, subject="drug"))
    assert {"pa_denied", "pa_overturned"} <= reached(timeline)
    assert "pa_overturned" not in reached(told(asked(18), answered("pa_approved", 20, subject="drug")))


def test_an_answer_that_changes_in_place_keeps_what_it_was() -> None:
    """Some payers send one response and change it: pended on Monday, approved on Friday, the same id."""
    pended = answered("pa_pended", 19, "R1", issued=19)
    approved = answered("pa_approved", 23, "R1", issued=23, subject="drug")
    one = Fact(**{name: getattr(approved, name) for name in approved.__struct_fields__ if name != "lineage"}, lineage=pended.lineage)
    timeline = told(asked(18), one, pended)
    assert stay(timeline, "payer_drug.pended").left_at == day(23)
    assert "pa_approved" in reached(timeline)


def test_assistance_belongs_to_the_drug_and_stops_the_wait_when_it_is_granted() -> None:
    waiting = told(asked(18), answered("pa_denied", 20), fact("assistance_requested", 21, "P1", programme="manufacturer"))
    assert "payer_drug.assistance" in standing(waiting)
    refused = told(
        asked(18),
        answered("pa_denied", 20),
        fact("assistance_requested", 21, "P1", programme="manufacturer"),
        fact("assistance_denied", 24, "P2", programme="manufacturer"),
    )
    assert stay(refused, "payer_drug.denied", 2).left_at is None
    granted = told(asked(18), answered("pa_denied", 20), fact("assistance_granted", 24, "P3", programme="manufacturer"))
    assert not [place for place in standing(granted) if place.startswith("payer")]
    assert not [one for one in granted.anomalies if one.rule == "no_track"]


def test_a_refused_bill_waits_for_the_financial_counselor_and_takes_the_ball_from_nobody() -> None:
    given = (
        asked(18),
        answered("pa_approved", 20, subject="drug"),
        fact("drug_dispensed", 22, "Y1", "placer:X1", handed_over=True),
        rule("matched_therapy", 22),
    )
    timeline = told(*given, fact("bill_denied", 40, "B1", "auth:A1", subject="drug", code="197", reason="no authorization on file"))
    assert "payer_drug.bill_denied" in standing(timeline)
    assert timeline.balls[-1].party == "patient"
    paid = told(*given, fact("bill_denied", 40, "B1", "auth:A1", subject="drug"), fact("bill_paid", 60, "B2", "auth:A1", subject="drug"))
    assert not [place for place in standing(paid) if place.startswith("payer")]
    assert {"bill_denied", "bill_paid"} <= reached(paid)


def test_an_urgent_appeal_has_its_own_clock() -> None:
    timeline = told(asked(18), answered("pa_denied", 19), answered("pa_appealed", 20, urgency="expedited"))
    assert (due(timeline, "payer_drug.appealed_expedited") - day(20)).total_seconds() == 72 * 3600
