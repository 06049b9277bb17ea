"""Germline findings: what is to be returned, what a person must say, and that an uncertain variant never flags."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.facts import Fact, Rank
from pathways.knowledge import load
from pathways.knowledge.derive import derive
from pathways.lineage import current, order_key

from .stories import DAY_0, absent, fact, result

FAMILY, TIER_1 = SimpleNamespace(code="hereditary-cancer"), SimpleNamespace(code="population-screening")
REST = absent("MLH1", "TP53")


def variant(gene: str = "BRCA2", reading: str = "pathogenic", alteration: str = "p.Ser1982fs", **more: Any) -> dict[str, Any]:
    return {"gene": gene, "alteration": alteration, "presence": "present", "significance": reading, "origin": "germline", **more}


def germline(day: float, *findings: dict[str, Any], number: str = "R1", rank: int = Rank.FINAL, **more: Any) -> Fact:
    return result(day, *findings, *REST, number=number, specimen="blood", rank=rank, **more)


def derived(*facts: Fact, pathway: Any = FAMILY) -> list[Fact]:
    return sorted(derive(pathway, current(facts), load(), versions=facts), key=order_key)


def said(*facts: Fact, pathway: Any = FAMILY) -> list[tuple[str, float]]:
    return [(one.kind, (one.occurred.lo - DAY_0).days) for one in derived(*facts, pathway=pathway)]


@pytest.mark.parametrize("reading", ["pathogenic", "likely_pathogenic"])
def test_a_pathogenic_variant_of_a_listed_gene_flags_with_its_basis(reading: str) -> None:
    (flag,) = derived(germline(30, variant(reading=reading)))
    assert (flag.kind, flag.body["rules"]) == ("flagged_actionable", ["acmg-sf-3.3:BRCA2"])
    assert flag.basis is not None
    assert flag.basis["lineages"] == {"LAB|result|R1": germline(30, variant(reading=reading)).digest}


@given(st.sampled_from([gene for one in load().gene_lists for gene in one.genes]), st.sampled_from(["vus", "benign", "likely_benign"]))
def test_no_gene_flags_for_what_is_not_pathogenic(gene: str, reading: str) -> None:
    for pathway in (FAMILY, TIER_1):
        assert "flagged_actionable" not in [kind for kind, _ in said(germline(30, variant(gene, reading)), pathway=pathway)]


def test_an_uncertain_variant_is_no_negative_either() -> None:
    assert said(germline(30, variant(reading="vus"))) == []
    assert said(germline(30, variant(reading="benign"))) == [("not_actionable", 30)]
    assert said(germline(30)) == [("not_actionable", 30)]


def test_a_gene_that_failed_leaves_a_negative_unsaid() -> None:
    assert said(germline(30, {"gene": "BRCA1", "presence": "failed"})) == []


@pytest.mark.parametrize(
    ("finding", "missing"),
    [
        (variant("CHEK2"), "actionability:CHEK2"),
        (variant("LDLR"), "actionability:LDLR"),
        (variant(reading=""), "significance:BRCA2"),
        (variant("MUTYH"), "zygosity:MUTYH"),
    ],
)
def test_what_the_list_cannot_know_is_asked(finding: dict[str, Any], missing: str) -> None:
    (asked,) = derived(germline(30, finding))
    assert (asked.kind, asked.body["missing"]) == ("cannot_say", [missing])


def test_a_recessive_condition_needs_both_copies() -> None:
    assert said(germline(30, variant("MUTYH", zygosity="homozygous"))) == [("flagged_actionable", 30)]
    assert said(germline(30, variant("MUTYH", zygosity="heterozygous"))) == [("not_actionable", 30)]
    two = variant("MUTYH", zygosity="heterozygous"), variant("MUTYH", alteration="p.Tyr179Cys", zygosity="heterozygous")
    assert [kind for kind, _ in said(germline(30, *two))] == ["cannot_say"], "they may lie on one copy"


def test_an_unverified_row_cannot_flag() -> None:
    assert [kind for kind, _ in said(germline(30, variant("EPCAM")), pathway=TIER_1)] == ["cannot_say"]


def test_a_programme_follows_its_own_list_only() -> None:
    assert said(germline(30, variant("LDLR")), pathway=TIER_1) == [("flagged_actionable", 30)]
    assert [kind for kind, _ in said(germline(30, variant("TP53")), pathway=TIER_1)] == ["cannot_say"]


def test_what_was_read_from_a_tumour_says_nothing_of_the_germline() -> None:
    somatic = {"gene": "BRCA2", "alteration": "p.Ser1982fs", "presence": "present", "significance": "pathogenic"}
    assert said(result(30, somatic, specimen="tissue")) == []
    assert said(result(30, {**somatic, "origin": "germline"}, specimen="tissue")) == [("flagged_actionable", 30)]


def test_an_amended_reading_flags_when_it_was_amended() -> None:
    first, amended = germline(30, variant(reading="vus")), germline(400, variant(), rank=Rank.CORRECTED)
    assert said(first, amended) == [("flagged_actionable", 400)]


def test_an_amendment_that_changes_no_reading_changes_nothing() -> None:
    first, amended = germline(30, variant()), germline(60, variant(), rank=Rank.CORRECTED, comment="address corrected")
    assert said(first, amended) == [("flagged_actionable", 30)]


def test_a_flag_that_ends_by_a_new_reading_is_said() -> None:
    amended = germline(400, variant(reading="vus"), rank=Rank.CORRECTED)
    assert said(germline(30, variant()), amended) == [("not_actionable", 400)]
    another = germline(400, variant(reading="vus"), number="R2")
    assert said(germline(30, variant()), another) == [("flagged_actionable", 30), ("not_actionable", 400)]


@given(st.permutations([germline(30, variant(reading="vus")), germline(90, variant(), rank=Rank.CORRECTED), germline(120, number="R2")]))
def test_the_order_of_arrival_does_not_matter(facts: list[Fact]) -> None:
    assert said(*facts) == [("flagged_actionable", 90)]


def test_what_is_no_result_says_nothing() -> None:
    assert said(fact("diagnosis", 0, code="icd10|C56.1")) == []
