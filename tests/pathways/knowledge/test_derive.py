"""From facts to flags: what is derived, when it happened, and that arrival order and corrections do not matter."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.facts import Fact, Rank
from pathways.knowledge import load
from pathways.knowledge.derive import derive

from .stories import (
    DAY_0,
    LUNG,
    PGX,
    absent,
    advanced,
    all_absent_but,
    derived,
    drug,
    enrolled,
    fact,
    found,
    kinds,
    result,
    said,
)  # fmt: skip

L858R = found("EGFR", "L858R")


def test_an_actionable_result_is_flagged_when_it_came() -> None:
    (flag,) = derived([enrolled(), advanced(), result(10, L858R)])
    assert flag.kind == "flagged_actionable"
    assert flag.occurred.lo == DAY_0 + timedelta(days=10)
    assert flag.body["note"] == "Flags a process gap for review; recommends nothing."
    assert flag.basis is not None
    assert set(flag.basis["lineages"]) == {"LAB|enrolled|E1", "LAB|diagnosis|D1", "LAB|result|R1"}


def test_a_preliminary_positive_flags_and_says_so() -> None:
    (flag,) = derived([advanced(), enrolled(), result(5, L858R, kind="result_partial")])
    assert flag.kind == "flagged_actionable"
    assert flag.body["preliminary"]


def test_a_preliminary_negative_says_nothing() -> None:
    assert kinds([advanced(), enrolled(), result(5, *all_absent_but(), kind="result_partial")]) == []


def test_a_complete_negative_on_tissue_is_not_actionable() -> None:
    assert kinds([advanced(), enrolled(), result(10, *all_absent_but())]) == ["not_actionable"]


def test_an_incomplete_panel_waits_and_the_rest_completes_it() -> None:
    first = result(10, *all_absent_but("CD274"))
    assert kinds([advanced(), enrolled(), first]) == []
    stain = result(14, {"gene": "PD-L1", "text": "TPS <1%"}, number="R2")
    (negative,) = derived([advanced(), enrolled(), first, stain])
    assert (negative.kind, negative.occurred.lo) == ("not_actionable", DAY_0 + timedelta(days=14))


def test_negative_plasma_closes_nothing() -> None:
    assert kinds([advanced(), enrolled(), result(8, *all_absent_but(), specimen="plasma")]) == []


def test_an_unknown_stage_opens_a_question_that_the_pick_answers() -> None:
    unstaged = fact("diagnosis", 0, number="D1", role="primary", histology="adenocarcinoma")
    started = fact("enrolled", 0, number="E1", entry="suspected", episode_kind="initial")
    asked = [unstaged, started, result(10, L858R)]
    assert kinds(asked) == ["cannot_say"]
    assert kinds([*asked, fact("picked", 11, stage="IV")]) == ["cannot_say", "flagged_actionable"]


def test_a_stage_that_was_known_all_along_leaves_no_question_behind() -> None:
    """The staging arrives late but is older than the result: the same answer as if it had come first."""
    unstaged = fact("diagnosis", 0, number="D1", role="primary")
    started = fact("enrolled", 0, number="E1", entry="suspected", episode_kind="initial")
    assert kinds([unstaged, started, result(10, L858R), fact("stage_recorded", 3, stage="IV")]) == ["flagged_actionable"]


def test_a_correction_takes_the_flag_away() -> None:
    corrected = result(12, *all_absent_but())
    corrected = _as_correction(corrected)
    assert kinds([advanced(), enrolled(), result(10, L858R), corrected]) == ["not_actionable"]


def _as_correction(one: Fact) -> Fact:
    return fact(one.kind, 12, number="R1", family="result", rank=Rank.CORRECTED, **one.body)


def test_a_retracted_result_leaves_nothing() -> None:
    gone = fact("result_final", 10, number="R1", family="result", rank=Rank.CORRECTED, retracted=True)
    assert kinds([advanced(), enrolled(), result(10, L858R), gone]) == []


# --- drugs


def test_an_oral_drug_is_received_when_handed_over() -> None:
    facts = [advanced(), enrolled(), result(10, L858R), drug("drug_dispensed", 20, "osimertinib 80 MG Oral Tablet", handed_over=True)]
    by_kind = {one.kind: one for one in derived(facts)}
    assert by_kind["drug_received"].body["confirmed"] is False
    assert by_kind["matched_therapy"].occurred.lo == DAY_0 + timedelta(days=20)
    assert by_kind["matched_therapy"].body["drugs"] == [{"rxcui": "1721560", "text": "osimertinib"}]


@pytest.mark.parametrize(
    "no_receipt",
    [
        drug("drug_ordered", 20, "osimertinib", route="oral"),
        drug("drug_dispensed", 20, "osimertinib", handed_over=False),
        drug("drug_administered", 20, "pembrolizumab", route="iv", complete=False),
        drug("drug_not_given", 20, "osimertinib"),
    ],
)
def test_an_order_a_filled_bottle_or_a_stopped_infusion_is_no_receipt(no_receipt: Fact) -> None:
    assert kinds([advanced(), enrolled(), result(10, L858R), no_receipt]) == ["flagged_actionable"]


def test_a_returned_drug_was_not_received() -> None:
    facts = [advanced(), enrolled(), result(10, L858R), drug("drug_dispensed", 20, "Tagrisso 80 mg", handed_over=True)]
    assert "matched_therapy" in kinds(facts)
    assert kinds([*facts, drug("drug_returned", 25, "Tagrisso 80 mg")]) == ["flagged_actionable"]
    again = drug("drug_dispensed", 30, "Tagrisso 80 mg", number="X2", handed_over=True)
    assert "matched_therapy" in kinds([*facts, drug("drug_returned", 25, "Tagrisso 80 mg"), again])


def test_an_administration_later_recorded_as_not_done_was_not_received() -> None:
    facts = [advanced(), enrolled(), result(10, *all_absent_but("CD274"), {"gene": "PD-L1", "text": "80%"})]
    given_ = drug("drug_administered", 20, "pembrolizumab 200 mg", route="iv", complete=True)
    assert "matched_therapy" in kinds([*facts, given_])
    assert "matched_therapy" not in kinds([*facts, given_, drug("drug_not_given", 20, "pembrolizumab 200 mg")])


def test_a_regimen_of_two_needs_both_within_28_days() -> None:
    base = [advanced(), enrolled(), result(10, found("BRAF", "V600E"))]
    one = drug("drug_dispensed", 15, "Tafinlar 75 mg", number="X1", handed_over=True)
    near = drug("drug_dispensed", 16, "trametinib 2 mg", number="X2", handed_over=True)
    far = drug("drug_dispensed", 60, "trametinib 2 mg", number="X2", handed_over=True)
    assert "matched_therapy" not in kinds([*base, one])
    assert "matched_therapy" in kinds([*base, one, near])
    assert "matched_therapy" not in kinds([*base, one, far])


def test_another_drug_is_not_a_match() -> None:
    assert "matched_therapy" not in kinds(
        [advanced(), enrolled(), result(10, L858R), drug("drug_administered", 20, "carboplatin", complete=True)]
    )


def test_a_drug_that_nobody_can_place_is_reviewed_never_no_therapy() -> None:
    review = next(
        one
        for one in derived([advanced(), enrolled(), result(10, L858R), drug("drug_ordered", 20, "STUDY DRUG 123")])
        if one.kind == "unmatched_therapy"
    )
    assert review.body["drugs"] == [{"text": "STUDY DRUG 123"}]


def test_everyday_drugs_need_no_review() -> None:
    assert (
        kinds(
            [
                advanced(),
                enrolled(),
                drug("drug_ordered", 20, "Ondansetron 4 MG Oral Tablet"),
                drug("drug_ordered", 20, "metformin", number="X2"),
            ]
        )
        == []
    )


def test_therapy_before_the_result_is_empiric_and_names_immunotherapy() -> None:
    given_ = [
        drug("drug_administered", 5, "Pembrolizumab", complete=True),
        drug("drug_administered", 5, "carboplatin", number="X2", complete=True),
    ]
    facts = [advanced(), enrolled(), *given_, result(12, L858R)]
    empiric = next(one for one in derived(facts) if one.kind == "empiric_started")
    assert empiric.occurred.lo == DAY_0 + timedelta(days=5)
    assert empiric.body["immunotherapy"]
    assert kinds(facts)[-1] == "flagged_actionable"


def test_a_result_that_turns_out_to_be_older_than_the_therapy_takes_empiric_back() -> None:
    given_ = drug("drug_administered", 15, "carboplatin", complete=True)
    assert "empiric_started" in kinds([advanced(), enrolled(), given_, result(20, L858R)])
    assert "empiric_started" not in kinds([advanced(), enrolled(), given_, result(20, L858R), result(10, *absent("EGFR"), number="R0")])


def test_treatment_before_the_disease_was_known_is_an_earlier_one() -> None:
    assert "empiric_started" not in kinds(
        [drug("drug_administered", -60, "cisplatin", complete=True), advanced(), enrolled(), result(12, L858R)]
    )


# --- pharmacogenetics


def test_a_phenotype_with_an_affected_drug_is_flagged() -> None:
    poor = fact("phenotype_assigned", 3, gene="CYP2C19", phenotype="CYP2C19 Poor Metaboliser")
    clopidogrel = drug("drug_ordered", 1, "clopidogrel 75 MG Oral Tablet")
    (flag,) = derived([enrolled(), clopidogrel, poor], PGX)
    assert (flag.kind, flag.occurred.lo) == ("interaction_flagged", DAY_0 + timedelta(days=3))
    assert kinds([enrolled(), poor], PGX) == []
    assert kinds([enrolled(), poor, drug("drug_ordered", 1, "ticagrelor")], PGX) == []


def test_a_phenotype_in_a_result_counts_and_so_does_an_activity_score() -> None:
    report = result(
        3,
        {"gene": "DPYD", "type": "phenotype", "alteration": "Intermediate Metabolizer", "value": 1.5, "presence": "present"},
        specimen="blood",
    )
    assert kinds([enrolled(), report, drug("drug_ordered", 5, "Xeloda 500 mg")], PGX) == ["interaction_flagged"]


def test_a_normal_phenotype_is_not_actionable_and_an_unclear_one_is_asked() -> None:
    assert kinds([enrolled(), fact("phenotype_assigned", 3, gene="CYP2C19", phenotype="Normal Metabolizer")], PGX) == ["not_actionable"]
    assert kinds([enrolled(), fact("phenotype_assigned", 3, gene="CYP2C19", phenotype="Indeterminate")], PGX) == ["cannot_say"]


# --- properties

CAST = [
    enrolled(),
    advanced(),
    result(10, *all_absent_but("CD274", "EGFR")),
    result(8, *absent("EGFR"), number="R2", specimen="plasma"),
    result(14, L858R, {"gene": "PD-L1", "text": "TPS 60%"}, number="R3"),
    fact("stage_recorded", 9, stage="IVB"),
    drug("drug_administered", 6, "carboplatin", complete=True),
    drug("drug_dispensed", 21, "osimertinib 80 mg", number="X2", handed_over=True),
    drug("drug_returned", 23, "osimertinib", number="X3"),
    drug("drug_dispensed", 30, "osimertinib 80 mg", number="X4", handed_over=True),
    drug("drug_ordered", 20, "mystery", number="X5"),
]


@given(st.permutations(CAST), st.lists(st.sampled_from(CAST), max_size=4))
def test_whatever_the_order_of_arrival_and_however_often_the_same_is_derived(facts: list[Fact], again: list[Fact]) -> None:
    assert said([*facts, *again]) == said(CAST)


@given(st.integers(0, len(CAST) - 1))
def test_a_retracted_fact_is_as_if_never_received(which: int) -> None:
    gone = CAST[which]
    _, family, number = gone.lineage.split("|")
    retraction = fact(gone.kind, 50, number=number, family=family, rank=Rank.CORRECTED, retracted=True)
    assert said([*CAST, retraction]) == said([one for one in CAST if one is not gone])


def test_nothing_is_derived_where_no_result_or_drug_is_among_the_facts() -> None:
    assert derive(LUNG, [enrolled(), advanced()], load()) == []
