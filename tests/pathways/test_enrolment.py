"""Who is put on a pathway by a rule, who is shown to a person, and who is neither."""

from __future__ import annotations

from typing import Any

import pytest

from pathways.deadlines import parse
from pathways.enrolment import Proposal, propose
from pathways.facts import Fact
from tests.pathways.facts import PRESENT, day, definition, fact

PROGRAMMES = [definition("nsclc-biomarker"), definition("pgx-reactive")]


def lung(on: float = 0, name: str = "D1", **body: Any) -> Fact:
    said = {"code": "icd10|C34.11", "role": "primary", "verification": "confirmed", "stage": "IV", "histology": "adenocarcinoma"}
    return fact("diagnosis", on, name, **{**said, **body})


def proposed(*facts: Fact, existing: tuple[tuple[str, str], ...] = ()) -> list[Proposal]:
    return propose(facts, PROGRAMMES, existing=existing)


def test_a_confirmed_advanced_primary_is_enrolled() -> None:
    (one,) = proposed(lung(3, laterality="right"))
    assert (one.pathway, one.entry, one.then, one.primary_group) == ("nsclc-biomarker", "advanced", "enrol", "lung")
    assert (one.opened_at, one.found_by, one.laterality) == (day(3), "diagnosis", "right")


def test_an_unknown_stage_makes_a_candidate_with_a_week_to_find_it() -> None:
    (one,) = proposed(lung(stage=None))
    assert one.then == "candidate"
    assert one.clock == parse("7 days")


def test_a_stage_that_is_recorded_apart_enrols() -> None:
    (one,) = proposed(lung(stage=None), fact("stage_recorded", 4, "ST", stage="IVA"))
    assert one.then == "enrol"


@pytest.mark.parametrize(
    "said",
    [
        {"code": "icd10|C78.00", "role": "secondary"},
        {"code": "icd10|Z85.118", "role": "history"},
        {"role": "history"},
        {"verification": "refuted"},
        {"stage": "IIA"},
        {"histology": "small_cell"},
        {"code": "icd10|C50.911"},
    ],
)
def test_secondary_past_refuted_early_and_other_cancers_never_enrol(said: dict[str, Any]) -> None:
    assert not proposed(lung(**said))


@pytest.mark.parametrize(
    ("found", "entry"),
    [
        (fact("diagnosis", 0, "D", code="icd10|C34.90", role="primary", verification="provisional"), "suspected"),
        (fact("referral", 0, "R", code="icd10|R91.1", text="Solitary pulmonary nodule"), "suspected"),
        (fact("biopsy_ordered", 0, "B", code={"code": "cpt|32408", "text": "Core needle biopsy of lung"}, text=""), "suspected"),
        (fact("pathology_report", 0, "P", text="Lung: non-small cell carcinoma"), "suspected"),
        (fact("test_ordered", 0, "T", reasons=["icd10|C34.11"]), "advanced"),
        (fact("result_final", 0, "F", text="Lung, right upper lobe: EGFR", findings=PRESENT), "advanced"),
    ],
)
def test_suspicion_and_hints_are_shown_to_a_person(found: Fact, entry: str) -> None:
    (one,) = proposed(found)
    assert (one.then, one.entry, one.found_by) == ("candidate", entry, found.kind)


def test_enrolment_comes_before_candidates_and_each_programme_asks_once() -> None:
    referral = fact("referral", -20, "R", code="icd10|R91.1", text="nodule")
    assert [one.then for one in proposed(referral, lung(), lung(5, "D2"))] == ["enrol"]
    assert proposed(referral, lung())[0].opened_at == day(0)


def test_nobody_is_proposed_twice() -> None:
    assert not proposed(lung(), existing=(("nsclc-biomarker", "lung"),))


def test_an_affected_drug_puts_a_person_on_the_other_programme() -> None:
    (one,) = proposed(fact("drug_ordered", 0, "X", drugs=[{"rxcui": "309362", "text": "clopidogrel 75 MG Oral Tablet"}]))
    assert (one.pathway, one.primary_group, one.then) == ("pgx-reactive", "antiplatelet", "enrol")


def test_what_a_patient_says_enrols_nobody() -> None:
    assert not proposed(lung(grade=1))
