"""Pharmacogenetics: an affected drug in use is the question, and an answer with a reason is a good end."""

from __future__ import annotations

import pytest

from .letters import CLOPIDOGREL, CYP2C19_PANEL, TICAGRELOR, Chart
from .telling import GENE_DRUG, Hospital, day

pytestmark = pytest.mark.django_db


def on_clopidogrel(hospital: Hospital, phenotype: str) -> Chart:
    """Clopidogrel is prescribed on Monday, CYP2C19 ordered and saliva taken on Tuesday, the phenotype known on Friday morning."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.drug_ordered(CLOPIDOGREL))
    assert hospital.where(ana, GENE_DRUG).phase == "identified"
    hospital.at(1)
    hospital.hears(ana.test_ordered("GEN", specimen="saliva", test=CYP2C19_PANEL), ana.saliva_taken())
    assert hospital.where(ana, GENE_DRUG)["main"] == "awaiting_result"
    hospital.at(4)
    hospital.hears(ana.phenotype(phenotype))
    return ana


def test_a_poor_metaboliser_on_clopidogrel_comes_to_the_pharmacist_and_an_override_with_its_reason_closes(hospital: Hospital) -> None:
    """Phil the pharmacist has four working hours; he tells the prescriber, who keeps the drug and says why. Ana hears nothing from us."""
    ana = on_clopidogrel(hospital, "Poor metabolizer")
    assert hospital.where(ana, GENE_DRUG)["main"] == "to_recommend"
    hospital.live_until(4)
    assert hospital.asked(hospital.phil) == ["not-recommended"]
    item = hospital.takes(hospital.phil, hospital.item("not-recommended", hospital.phil))
    hospital.at(4, 15)
    hospital.hears(ana.sheet("recommendation_delivered", to="prescriber"))
    assert hospital.where(ana, GENE_DRUG)["main"] == "to_answer"
    hospital.finishes(hospital.phil, item, "handled", note="told by phone")
    hospital.live_until(9)
    assert hospital.asked(hospital.phil) == ["no-answer"]
    hospital.records(hospital.petra, ana, "prescriber_answered", GENE_DRUG, answer="overridden", reason="stent of yesterday, bleeding risk")
    assert (hospital.where(ana, GENE_DRUG).status, hospital.where(ana, GENE_DRUG).outcome) == ("completed", "answered")
    hospital.live_until(11)
    assert hospital.everybodys_work() == []
    assert hospital.texts_to(ana) == []


def test_a_changed_prescription_is_complete_when_the_other_drug_was_handed_over(hospital: Hospital) -> None:
    """A promise to change is not a change: the pharmacist waits until ticagrelor was dispensed."""
    ana = on_clopidogrel(hospital, "Poor metabolizer")
    hospital.records(hospital.petra, ana, "prescriber_answered", GENE_DRUG, answer="changed")
    assert (hospital.where(ana, GENE_DRUG).phase, hospital.where(ana, GENE_DRUG)["main"]) == ("decided", "to_verify")
    hospital.at(7)
    hospital.hears(ana.drug_ordered(TICAGRELOR, "RX2"), ana.drug_handed_over(TICAGRELOR, "RX2"))
    assert (hospital.where(ana, GENE_DRUG).phase, hospital.where(ana, GENE_DRUG).outcome) == ("started", "answered")


def test_a_normal_phenotype_completes_by_itself(hospital: Hospital) -> None:
    """Nothing that affects the drug: nobody needs to do anything, and nobody is asked."""
    ana = on_clopidogrel(hospital, "Normal metabolizer")
    assert (hospital.where(ana, GENE_DRUG).status, hospital.where(ana, GENE_DRUG).outcome) == ("completed", "normal_phenotype")
    hospital.live_until(14)
    assert hospital.everybodys_work() == []
    assert day(14) < hospital.now
