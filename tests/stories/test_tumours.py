"""Colon, breast and prostate: the same way to the drug, with their own panels; and two tumours in one person."""

from __future__ import annotations

import pytest

from . import germline_letters as germline
from . import tumour_letters as tumours
from .letters import GENES, L858R, Chart
from .telling import LUNG, Hospital
from .tumour_letters import BREAST, COLON, PROSTATE, Tumour

pytestmark = pytest.mark.django_db

COLORECTAL, MAMMARY, PROSTATIC, FAMILY = "colorectal-biomarker", "breast-biomarker", "prostate-biomarker", "hereditary-cancer"


@pytest.fixture
def centre(hospital: Hospital) -> Hospital:
    """The hospital with its other tumour programmes live."""
    for pathway in (COLORECTAL, MAMMARY, PROSTATIC):
        hospital.goes_live(pathway)
    return hospital


def tissue_at_lab(hospital: Hospital, tumour: Tumour, pathway: str, given: str = "Ben") -> Chart:
    """Stage IV on Monday, panel ordered on Tuesday, tissue taken on Wednesday and received on Thursday."""
    ben = hospital.knows(given)
    hospital.at(0)
    hospital.hears(tumours.has(ben, tumour))
    assert (hospital.where(ben, pathway).phase, hospital.where(ben, pathway)["main"]) == ("identified", "to_order")
    hospital.is_treated_by(ben, hospital.petra, pathway)
    hospital.at(1)
    hospital.hears(tumours.ordered(ben, tumour, "ORD"))
    hospital.at(2)
    hospital.hears(ben.tissue_taken())
    hospital.at(3)
    hospital.hears(ben.tissue_at_lab())
    assert (hospital.where(ben, pathway)["main"], hospital.where(ben, pathway)["tissue"]) == ("awaiting_result", "at_lab")
    return ben


# -- colon


def test_wild_type_ras_is_known_only_when_both_genes_are(centre: Hospital) -> None:
    """KRAS comes first and is not mutated: nobody is asked anything yet. With NRAS the same answer is a finding of its own, and Petra is
    asked. She decides, Ben has his infusion, and the wait is over."""
    hospital = centre
    ben = tissue_at_lab(hospital, COLON, COLORECTAL)
    hospital.at(9)
    hospital.hears(tumours.sequenced(ben, ["KRAS"], "ORD", "ACC", "LAB", status="P"))
    assert hospital.milestone(ben, "flagged_actionable", COLORECTAL) == "unknown"
    hospital.at(13)
    hospital.hears(tumours.sequenced(ben, COLON.genes, "ORD", "ACC", "LAB", msi="MSS"))
    assert hospital.where(ben, COLORECTAL)["main"] == "to_decide"
    assert hospital.milestone(ben, "ras_known", COLORECTAL) == hospital.milestone(ben, "mmr_known", COLORECTAL) == "reached"
    hospital.live_until(16)
    assert "unconfirmed-flag" in hospital.asked(hospital.petra)
    hospital.at(17)
    hospital.hears(ben.sheet("treatment_decided", decision="matched"), ben.drug_ordered(tumours.PANITUMUMAB))
    hospital.at(24)
    hospital.hears(ben.infusion(tumours.PANITUMUMAB))
    assert hospital.milestone(ben, "drug_received", COLORECTAL) == "reached"
    assert hospital.where(ben, COLORECTAL)["main"] == "persistence"
    assert hospital.texts_to(ben) == []


def test_a_mutant_ras_keeps_the_antibody_away_and_is_watched_where_it_has_a_drug_later(centre: Hospital) -> None:
    """KRAS G12C: the antibodies of the first line do not fit, the inhibitor is for a later one. Once read, it rests."""
    hospital = centre
    ben = tissue_at_lab(hospital, COLON, COLORECTAL)
    hospital.at(13)
    hospital.hears(tumours.sequenced(ben, COLON.genes, "ORD", "ACC", "LAB", msi="MSS", KRAS="p.Gly12Cys"))
    hospital.at(14)
    hospital.hears(ben.sheet("result_reviewed"))
    assert hospital.milestone(ben, "flagged_actionable", COLORECTAL) == "unknown"
    assert hospital.where(ben, COLORECTAL)["main"] == "later_line"


def test_a_panel_without_mismatch_repair_is_not_negative(centre: Hospital) -> None:
    """NRAS is mutated and the rest is wild type, but nobody looked at mismatch repair: the panel is asked for, and the answer closes it."""
    hospital = centre
    ben = tissue_at_lab(hospital, COLON, COLORECTAL)
    hospital.at(13)
    hospital.hears(tumours.sequenced(ben, COLON.genes, "ORD", "ACC", "LAB", NRAS="p.Gln61Arg"))
    hospital.at(14)
    hospital.hears(ben.sheet("result_reviewed"))
    assert hospital.where(ben, COLORECTAL)["main"] == "to_complete"
    hospital.live_until(22)
    assert hospital.asked(hospital.lars) == ["panel-incomplete"]
    hospital.at(23)
    hospital.hears(tumours.stained(ben, "ORD", "ACC", "MMR", MSI="MSS"), ben.sheet("result_reviewed"))
    assert (hospital.where(ben, COLORECTAL).status, hospital.where(ben, COLORECTAL).outcome) == ("completed", "no_actionable_alteration")


# -- breast


def test_receptors_by_stain_decide_and_an_equivocal_her2_waits_for_hybridisation(centre: Hospital) -> None:
    """ER is positive, HER2 is 2+: that is no answer. When hybridisation finds no amplification, the tumour has hormone receptors and no
    HER2, and two tablets of one label count only together."""
    hospital = centre
    ana = tissue_at_lab(hospital, BREAST, MAMMARY, "Ana")
    hospital.at(8)
    hospital.hears(tumours.stained(ana, "ORD", "ACC", "IHC", ER="Positive", PR="Negative", HER2="Equivocal (2+)"))
    assert hospital.milestone(ana, "flagged_actionable", MAMMARY) == "unknown"
    hospital.at(11)
    hospital.hears(tumours.stained(ana, "ORD", "ACC", "FISH", FISH="Not amplified"))
    assert hospital.where(ana, MAMMARY)["main"] == "to_decide"
    hospital.at(12)
    hospital.hears(ana.sheet("treatment_decided", decision="matched"), ana.drug_ordered(tumours.RIBOCICLIB))
    hospital.at(18)
    hospital.hears(ana.drug_handed_over(tumours.RIBOCICLIB))
    assert hospital.milestone(ana, "drug_received", MAMMARY) == "unknown"
    hospital.at(19)
    hospital.hears(ana.drug_handed_over(tumours.LETROZOLE, order="RX2", fill=2))
    assert (hospital.milestone(ana, "drug_received", MAMMARY), hospital.where(ana, MAMMARY)["main"]) == ("reached", "confirm_start")


def test_an_inherited_variant_is_the_family_programme_s_and_reaches_the_oncologist_too(centre: Hospital) -> None:
    """Triple negative, and the counselor's blood test finds BRCA1. The report belongs to the family's programme; because labels name it, the
    tumour's programme has it besides, and nobody is asked where it belongs."""
    hospital = centre
    hospital.goes_live(FAMILY, accountable="gwen")
    ana = tissue_at_lab(hospital, BREAST, MAMMARY, "Ana")
    hospital.hears(germline.referred_to_genetics(ana))
    hospital.at(8)
    hospital.hears(tumours.stained(ana, "ORD", "ACC", "IHC", ER="Negative", PR="Negative", HER2="Negative (0)"))
    hospital.at(9)
    hospital.records(hospital.petra, ana, "result_reviewed", MAMMARY)
    hospital.hears(germline.ordered(ana), germline.blood_taken(ana))
    assert hospital.where(ana, MAMMARY)["main"] == "to_complete"
    hospital.at(30)
    hospital.hears(germline.report(ana, BRCA1="pathogenic"))
    assert hospital.where(ana, FAMILY)["main"] == "to_disclose"
    assert hospital.where(ana, MAMMARY)["main"] == "to_decide"
    assert hospital.milestone(ana, "germline_known", MAMMARY) == "reached"
    assert not hospital.matters(ana).filter(kind__in=["ambiguous", "unbound", "anomaly"]).exists()


# -- prostate


def test_the_setting_decides_and_a_variant_that_may_be_inherited_goes_to_the_counselor_only(centre: Hospital) -> None:
    """BRCA2 in the tumour, likely germline. Whether the disease still answers to hormones is not coded: one question is asked, of nobody
    else. The code comes, Petra is asked; the family's question is Gwen's alone, and no text says a word."""
    hospital = centre
    hospital.goes_live(FAMILY, accountable="gwen")
    carl = tissue_at_lab(hospital, PROSTATE, PROSTATIC, "Carl")
    hospital.at(15)
    letter = tumours.sequenced(
        carl, PROSTATE.genes, "ORD", "ACC", "LAB", msi="MSS", source=tumours.LIKELY_GERMLINE, BRCA2="p.Ser1982ArgfsTer22"
    )
    hospital.hears(letter)
    assert hospital.matters(carl).filter(kind="cannot_say").count() == 1
    assert hospital.milestone(carl, "flagged_actionable", PROSTATIC) == "unknown"
    assert [matter.detail["pathway"] for matter in hospital.matters(carl).filter(kind="germline_candidate")] == [FAMILY]
    hospital.at(16)
    hospital.hears(tumours.resists_castration(carl))
    assert hospital.where(carl, PROSTATIC)["main"] == "to_decide"
    assert not hospital.matters(carl).filter(kind="cannot_say").exists()
    hospital.at(17)
    hospital.hears(carl.sheet("treatment_decided", decision="matched"), carl.drug_ordered(tumours.OLAPARIB))
    hospital.at(20)
    hospital.hears(carl.drug_handed_over(tumours.OLAPARIB), carl.drug_handed_over(tumours.ABIRATERONE, order="RX2", fill=2))
    assert hospital.milestone(carl, "drug_received", PROSTATIC) == "reached"
    hospital.live_until(22)
    assert hospital.texts_to(carl) == []


# -- two tumours


def test_two_tumours_in_one_person_each_have_their_own_report(centre: Hospital) -> None:
    """Ana has a lung and a colon cancer. An order says by its reason whose it is, a report by its order. One that says neither is put to a
    person with both side by side: never to the newest, never to all."""
    hospital = centre
    ana = tissue_at_lab(hospital, COLON, COLORECTAL, "Ana")
    hospital.at(4)
    hospital.hears(ana.has_lung_cancer())
    hospital.hears(ana.test_ordered("LORD"))
    assert (hospital.where(ana)["main"], hospital.where(ana, COLORECTAL)["main"]) == ("to_sample", "awaiting_result")
    hospital.at(12)
    hospital.hears(ana.report(order="LORD", accession="LACC", filler="LLAB", EGFR=L858R))
    assert hospital.where(ana, LUNG)["main"] == "to_decide"
    assert hospital.where(ana, COLORECTAL)["main"] == "awaiting_result"
    hospital.at(13)
    hospital.hears(tumours.sequenced(ana, ["KRAS", "BRAF", *GENES[:2]], "", "XACC", "XLAB", KRAS="p.Gly12Asp"))
    [asked] = hospital.matters(ana).filter(kind="ambiguous")
    assert len(asked.detail["journeys"]) == 2
    assert "result_final" not in hospital.facts_of(ana, COLORECTAL)
    hospital.at(14)
    hospital.hears(tumours.sequenced(ana, COLON.genes, "ORD", "ACC", "LAB", msi="MSS", KRAS="p.Gly12Asp"))
    assert hospital.where(ana, COLORECTAL)["main"] == "to_review"
    assert hospital.where(ana, LUNG)["main"] == "to_decide"
