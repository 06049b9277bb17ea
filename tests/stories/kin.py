"""The words of the family stories: a first person with a variant, her relatives, and what she allows."""

from __future__ import annotations

from datetime import date

from pathways import cascade
from pathways.models import Journey, JourneyLink
from patients.demographics import Demographics, StatedIdentifier

from . import germline_letters as germline
from .letters import HOSPITAL, Chart
from .telling import Hospital

FAMILY, COUSINS, SCREEN = "hereditary-cancer", "cascade-testing", "population-screening"


def carries_a_variant(hospital: Hospital, *, reading: str = "pathogenic") -> Chart:
    """Ana has ovarian cancer and a pathogenic BRCA2 variant; she was told on the thirtieth day."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(germline.has_ovarian_cancer(ana), germline.referred_to_genetics(ana))
    hospital.at(5)
    hospital.hears(ana.sheet("counselled", how="video"), germline.ordered(ana), germline.blood_taken(ana))
    hospital.at(28)
    hospital.hears(germline.report(ana, BRCA2=reading))
    hospital.at(30)
    hospital.hears(ana.sheet("result_communicated", how="in person"))
    return ana


def names(hospital: Hospital, chart: Chart, kinship: str) -> JourneyLink:
    return cascade.name_relative(journey=hospital.journey(chart, FAMILY), kinship=kinship, by=hospital.gwen, now=hospital.now)


def allows(hospital: Hospital, chart: Chart, decision: str = "granted", kind: str = "family_contact") -> None:
    hospital.hears(chart.sheet("consent_recorded", consentkind=kind, decision=decision))
    hospital.tick()


def stands(link: JourneyLink) -> str:
    return str(Journey.objects.get(pk=link.linked_id).stays.open().get(track="main").stage.name)


def bea(number: str = "77001") -> Demographics:
    return Demographics(
        identifiers=(StatedIdentifier(HOSPITAL, number),),
        family="Alvarez",
        given="Bea",
        birth_lo=date(1961, 5, 6),
        birth_hi=date(1961, 5, 6),
        language="es",
    )
