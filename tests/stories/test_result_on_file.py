"""Pharmacogenetics on file: the panel waits for years, the order of an affected drug opens the wait, and an answer with its reason closes it."""

from __future__ import annotations

import pytest

from pathways.models import Event

from .letters import CLOPIDOGREL, CODEINE, MORPHINE, PAROXETINE, TICAGRELOR, Chart
from .telling import AFTERNOON, GENE_DRUG, ON_FILE, Hospital

pytestmark = pytest.mark.django_db


def on_file(hospital: Hospital, **phenotypes: str) -> Chart:
    """Ana's panel came in on Monday, before any drug needed it."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.panel_on_file(**phenotypes))
    assert hospital.where(ana, ON_FILE).waits == {"main": "on_file"}
    return ana


def flags(hospital: Hospital, who: Chart) -> list[Event]:
    return list(Event.objects.filter(patient=hospital.patient(who), kind="interaction_flagged").order_by("occurred_lo"))


def test_an_affected_drug_ordered_years_later_comes_to_the_pharmacist_within_hours(hospital: Hospital) -> None:
    """Clopidogrel, two years after the panel. Nobody orders a test again; Phil tells the prescriber, who changes the drug."""
    ana = on_file(hospital, CYP2C19="Poor metabolizer", CYP2D6="Normal metabolizer")
    hospital.at(30)
    hospital.hears(ana.drug_ordered(CODEINE, "RX1"))
    assert hospital.where(ana, ON_FILE)["main"] == "on_file"  # a normal metaboliser may have codeine
    hospital.at(700)
    hospital.hears(ana.drug_ordered(CLOPIDOGREL, "RX2"))
    assert hospital.where(ana, ON_FILE)["main"] == "to_recommend"
    assert GENE_DRUG not in {journey.pathway for journey in hospital.journeys(ana)}
    hospital.at(700, AFTERNOON + 1)
    hospital.tick()
    assert hospital.asked(hospital.phil) == ["not-recommended"]
    hospital.at(701)
    hospital.records(hospital.petra, ana, "prescriber_answered", ON_FILE, answer="changed")
    assert hospital.where(ana, ON_FILE)["main"] == "to_verify"
    hospital.at(702)
    hospital.hears(ana.drug_ordered(TICAGRELOR, "RX3"), ana.drug_handed_over(TICAGRELOR, "RX3"))
    where = hospital.where(ana, ON_FILE)
    assert (where.phase, where.status, where["main"]) == ("started", "active", "on_file")
    hospital.at(703, AFTERNOON)
    hospital.tick()
    assert hospital.everybodys_work() == []
    assert hospital.texts_to(ana) == []


def test_an_override_with_its_reason_closes_and_the_next_course_asks_anew(hospital: Hospital) -> None:
    """The prescriber keeps codeine and says why. A refill asks nobody; after a stop, a new order does."""
    ana = on_file(hospital, CYP2D6="Ultrarapid metabolizer")
    hospital.at(10)
    hospital.hears(ana.drug_ordered(CODEINE, "RX1"))
    hospital.at(10, AFTERNOON)
    hospital.records(hospital.petra, ana, "prescriber_answered", ON_FILE, answer="overridden", reason="one dose, supervised")
    assert hospital.where(ana, ON_FILE)["main"] == "on_file"
    assert hospital.milestone(ana, "overridden", ON_FILE) == "reached"
    hospital.at(12)
    hospital.hears(ana.drug_handed_over(CODEINE, "RX1", fill=2))
    assert hospital.where(ana, ON_FILE)["main"] == "on_file"
    hospital.at(20)
    hospital.hears(ana.drug_stopped(CODEINE, "RX1"))
    hospital.at(60)
    hospital.hears(ana.drug_ordered(CODEINE, "RX2"))
    assert hospital.where(ana, ON_FILE)["main"] == "to_recommend"
    assert len(flags(hospital, ana)) == 2


def test_a_strong_inhibitor_turns_a_normal_metaboliser_into_a_poor_one(hospital: Hospital) -> None:
    """Paroxetine is no trouble for Ana, codeine is none; both together are. Stopping codeine ends the wait."""
    ana = on_file(hospital, CYP2D6="Normal metabolizer")
    hospital.at(5)
    hospital.hears(ana.drug_ordered(PAROXETINE, "RX1"))
    assert hospital.where(ana, ON_FILE)["main"] == "on_file"
    hospital.at(8)
    hospital.hears(ana.drug_ordered(CODEINE, "RX2"))
    assert hospital.where(ana, ON_FILE)["main"] == "to_recommend"
    (flag,) = flags(hospital, ana)
    assert (flag.body["phenotype"], flag.body["converted_by"]) == ("poor metabolizer", "paroxetine")
    hospital.at(9)
    hospital.hears(ana.drug_stopped(CODEINE, "RX2"), ana.drug_ordered(MORPHINE, "RX3"))
    assert hospital.where(ana, ON_FILE)["main"] == "on_file"
    hospital.at(40)
    hospital.hears(ana.drug_stopped(PAROXETINE, "RX1"))
    hospital.at(50)
    hospital.hears(ana.drug_ordered(CODEINE, "RX4"))
    assert hospital.where(ana, ON_FILE)["main"] == "on_file"  # the enzyme works again


def test_a_drug_of_another_programme_is_an_exposure_here_and_nobody_is_asked_whose_it_is(hospital: Hospital) -> None:
    """Ana's oncologist prescribes; the pharmacist hears of the gene; no order waits for a person to place it."""
    ana = on_file(hospital, CYP2C19="Intermediate metabolizer")
    hospital.hears(ana.has_lung_cancer())
    hospital.at(3)
    hospital.hears(ana.drug_ordered(CLOPIDOGREL, "RX1"))
    assert hospital.where(ana, ON_FILE)["main"] == "to_recommend"
    assert not hospital.matters(ana).filter(kind__in=["ambiguous", "unbound"])
