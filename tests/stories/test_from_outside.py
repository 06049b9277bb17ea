"""A result that a patient brought: it waits for a clinical laboratory, and until then nobody anywhere acts on it."""

from __future__ import annotations

import pytest

from pathways import handing_over
from pathways.models import Event

from .letters import BRCA1_SINGLE_SITE, CLOPIDOGREL, Chart
from .telling import AFTERNOON, GENE_DRUG, Hospital

pytestmark = pytest.mark.django_db
OUTSIDE, HEREDITARY = "external-result", "hereditary-cancer"


def brings(hospital: Hospital) -> Chart:
    """Ana uploads the raw data of a consumer test on Monday: BRCA1 pathogenic, CYP2C19 poor, says the file."""
    for pathway in (OUTSIDE, HEREDITARY):
        hospital.goes_live(pathway)
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.consumer_report())
    return ana


def flags(hospital: Hospital, who: Chart) -> set[str]:
    kinds = ("flagged_actionable", "interaction_flagged", "cannot_say", "not_actionable")
    return set(Event.objects.filter(patient=hospital.patient(who), kind__in=kinds).values_list("kind", flat=True))


def test_a_consumer_report_opens_one_journey_and_triggers_nothing(hospital: Hospital) -> None:
    """Dana the counselor has it on her list. Clopidogrel is ordered the day after: the file says poor metaboliser, and nobody hears of it."""
    ana = brings(hospital)
    assert {journey.pathway for journey in hospital.journeys(ana)} == {OUTSIDE}
    hospital.at(1)
    hospital.hears(ana.drug_ordered(CLOPIDOGREL))
    assert hospital.where(ana, GENE_DRUG)["main"] == "to_order"
    hospital.at(8, AFTERNOON + 4)
    hospital.tick()
    assert "not-triaged" in hospital.everybodys_work()
    assert flags(hospital, ana) == set()
    assert hospital.texts_to(ana) == []


def test_confirmed_in_a_clinical_laboratory_it_is_handed_over_with_its_result(hospital: Hospital) -> None:
    """Triaged, ordered, drawn, found again, told; then the counselor hands Ana over, and the hereditary programme begins at the result."""
    ana = brings(hospital)
    hospital.at(2)
    hospital.records(hospital.petra, ana, "triaged", OUTSIDE, decision="confirm")
    hospital.at(4)
    hospital.hears(ana.test_ordered("CONF", specimen="blood", test=BRCA1_SINGLE_SITE))
    hospital.at(6)
    hospital.hears(ana.blood_for("CONF", BRCA1_SINGLE_SITE))
    hospital.at(25)
    hospital.hears(ana.single_site("BRCA1", found=True))
    assert hospital.where(ana, OUTSIDE)["main"] == "to_conclude"
    assert HEREDITARY not in {journey.pathway for journey in hospital.journeys(ana)}
    hospital.at(26)
    hospital.records(hospital.petra, ana, "confirmation_concluded", OUTSIDE, conclusion="confirmed", gene="BRCA1")
    hospital.at(27)
    hospital.records(hospital.petra, ana, "result_communicated", OUTSIDE, how="visit")
    assert hospital.where(ana, OUTSIDE)["main"] == "to_hand_over"
    hospital.at(28)
    journey = handing_over.hand_over(
        journey=hospital.journey(ana, OUTSIDE), to=HEREDITARY, entry="resulted", by=hospital.petra, now=hospital.now
    )
    assert (hospital.where(ana, OUTSIDE).status, hospital.where(ana, OUTSIDE).outcome) == ("completed", "handed_over")
    assert journey.pathway == HEREDITARY
    assert "result_final" in hospital.facts_of(ana, HEREDITARY)
    assert "flagged_actionable" in flags(hospital, ana)
    assert "external_result" not in hospital.facts_of(ana, HEREDITARY)


def test_not_found_again_it_ends_well(hospital: Hospital) -> None:
    ana = brings(hospital)
    hospital.at(2)
    hospital.records(hospital.petra, ana, "triaged", OUTSIDE, decision="confirm")
    hospital.hears(ana.test_ordered("CONF", specimen="blood", test=BRCA1_SINGLE_SITE))
    hospital.at(20)
    hospital.hears(ana.single_site("BRCA1", found=False))
    hospital.records(hospital.petra, ana, "confirmation_concluded", OUTSIDE, conclusion="not_confirmed", gene="BRCA1")
    hospital.at(22)
    hospital.records(hospital.petra, ana, "result_communicated", OUTSIDE, how="phone")
    assert hospital.where(ana, OUTSIDE).outcome == "not_confirmed"
    assert {journey.pathway for journey in hospital.journeys(ana)} == {OUTSIDE}
    assert flags(hospital, ana) == set()
