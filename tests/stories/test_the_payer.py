"""The payer: asked, answered no, appealed, answered yes, and the bill refused all the same. Each wait has its own clock and its own person."""

from __future__ import annotations

import pytest

from .letters import L858R, Chart
from .telling import AFTERNOON, Hospital

pytestmark = pytest.mark.django_db


def prescribed(hospital: Hospital) -> Chart:
    """Ana's result is actionable, the decision is made, the drug prescribed on the second Wednesday."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(7)
    hospital.hears(ana.report(EGFR=L858R))
    hospital.at(9)
    hospital.hears(ana.sheet("treatment_decided", decision="matched"), ana.drug_ordered())
    assert hospital.where(ana)["payer_drug"] == "to_submit"
    return ana


def test_a_denied_drug_comes_to_the_financial_counselor_and_an_appeal_overturns_it(hospital: Hospital) -> None:
    """The plan has three days by its clock and takes one; Finn has two working days and appeals on the second."""
    ana = prescribed(hospital)
    hospital.at(10)
    hospital.hears(ana.payer_asked())
    assert hospital.where(ana)["payer_drug"] == "submitted"
    assert hospital.journey(ana).ball == "payer"
    hospital.at(11)
    hospital.hears(ana.payer_answers("A3", "Not medically necessary"))
    assert (hospital.where(ana)["payer_drug"], hospital.journey(ana).ball) == ("denied", "clinic")
    hospital.at(15, AFTERNOON + 4)
    hospital.tick()
    assert "pa-denied" in hospital.asked(hospital.finn)
    hospital.at(16)
    hospital.hears(ana.sheet("pa_appealed", subject="drug", reference=ana.number("PA")))
    assert hospital.where(ana)["payer_drug"] == "appealed"
    hospital.tick()
    assert "pa-denied" not in hospital.asked(hospital.finn)
    hospital.at(20)
    hospital.hears(ana.payer_answers("A1"))
    assert hospital.where(ana)["payer_drug"] == ""
    assert hospital.milestone(ana, "pa_overturned") == "reached"
    assert hospital.milestone(ana, "pa_denied") == "reached"
    assert hospital.texts_to(ana) == []


def test_an_urgent_request_is_overdue_after_a_day(hospital: Hospital) -> None:
    ana = prescribed(hospital)
    hospital.at(10)
    hospital.hears(ana.payer_asked(urgent=True))
    hospital.at(11, AFTERNOON)
    hospital.tick()
    assert "pa-undecided" in hospital.asked(hospital.finn)


def test_a_refused_bill_finds_its_authorization_and_another_house_bill_finds_nobody(hospital: Hospital) -> None:
    """Ana has her drug. Weeks later the plan does not pay; the bill carries the authorization's number, and Finn hears of it."""
    ana = prescribed(hospital)
    hospital.at(10)
    hospital.hears(ana.payer_asked())
    hospital.at(11)
    hospital.hears(ana.payer_answers("A1"))
    hospital.at(13)
    hospital.hears(ana.drug_handed_over())
    hospital.at(30)
    hospital.hears(ana.bill(paid=False))
    assert hospital.where(ana)["payer_drug"] == "bill_denied"
    assert hospital.where(ana).phase == "started"
    hospital.at(38, AFTERNOON + 4)
    hospital.tick()
    assert "bill-denied" in hospital.asked(hospital.finn)
    hospital.at(40)
    hospital.hears(ana.bill(paid=True))
    assert hospital.where(ana)["payer_drug"] == ""
    assert hospital.milestone(ana, "bill_paid") == "reached"
