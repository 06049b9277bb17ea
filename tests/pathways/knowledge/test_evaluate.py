"""Four answers: flag now, later line, no flag, cannot say. A no is said only of a complete panel on adequate tissue."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pathways.knowledge import load
from pathways.knowledge.evaluate import Answer, evaluate, parse_stage

from .stories import PANEL, absent, all_absent_but, found


def ask(findings: list[dict[str, Any]], **more: Any) -> Answer:
    asked = {"stage": "IV", "line": 1, "histology": "adenocarcinoma", "specimen_class": "tissue", "on": date(2026, 6, 1), **more}
    return evaluate(findings, knowledge=load(), **asked)


def test_egfr_in_first_line_is_actionable_at_once_whatever_else_is_out() -> None:
    answer = ask([found("EGFR", "p.Leu858Arg")])
    assert answer.kind == "flag_now"
    assert "egfr-osimertinib-first" in answer.rules
    assert "osimertinib" in answer.drugs


def test_kras_g12c_in_first_line_is_watched_not_flagged() -> None:
    assert ask([found("KRAS", "G12C"), *all_absent_but("KRAS")]).kind == "later_line"
    assert ask([found("KRAS", "G12C"), *all_absent_but("KRAS")], line=2).kind == "flag_now"


def test_kras_g12d_is_no_flag_and_a_gene_answered() -> None:
    assert ask([found("KRAS", "G12D"), *all_absent_but("KRAS")]).kind == "no_flag"


def test_an_unknown_line_is_asked_not_guessed() -> None:
    answer = ask([found("KRAS", "G12C"), *all_absent_but("KRAS")], line=None)
    assert (answer.kind, answer.picks) == ("cannot_say", ("line",))


def test_an_unknown_stage_is_asked() -> None:
    assert ask([found("EGFR", "L858R")], stage=None).picks == ("stage",)


def test_a_first_treatment_of_early_disease_may_be_adjuvant() -> None:
    assert ask([found("EGFR", "L858R")], stage="IIIA").picks == ("line",)
    assert ask([found("EGFR", "L858R")], stage="IIIA", line="adjuvant").rules == ("egfr-osimertinib-adjuvant",)


def test_pd_l1_needs_egfr_and_alk_absent() -> None:
    high = {"gene": "PD-L1", "type": "expression", "text": "TPS 60%"}
    assert ask([high, *all_absent_but("CD274")]).kind == "flag_now"
    waiting = ask([high])
    assert waiting.kind == "cannot_say"
    assert {"gene:EGFR", "gene:ALK"} <= set(waiting.missing)
    assert waiting.picks == ()
    with_driver = ask([high, found("EGFR", "L858R"), *all_absent_but("CD274", "EGFR")])
    assert not any(rule.startswith("pdl1") for rule in with_driver.rules)


def test_pd_l1_limits() -> None:
    half = ask([{"gene": "PD-L1", "type": "expression", "text": "1-49%"}, *all_absent_but("CD274")])
    assert "pdl1-pembrolizumab-first" in half.rules
    assert "pdl1-cemiplimab-first" not in half.rules
    assert ask([{"gene": "PD-L1", "type": "expression", "text": "<1%"}, *all_absent_but("CD274")]).kind == "no_flag"


def test_a_negative_needs_the_whole_panel() -> None:
    assert ask(all_absent_but()).kind == "no_flag"
    for gene in PANEL:
        answer = ask(all_absent_but(gene))
        assert (answer.kind, answer.missing) == ("cannot_say", (f"gene:{gene}",))


def test_negative_plasma_is_no_negative() -> None:
    assert ask(all_absent_but(), specimen_class="plasma").kind == "cannot_say"


def test_positive_plasma_flags() -> None:
    assert ask([found("EGFR", "exon 19 deletion")], specimen_class="plasma").kind == "flag_now"


def test_absent_over_several_genes_is_negative() -> None:
    """BRAF is named by an observation whose value is Absent."""
    answer = ask([{"gene": "NRAS, KIT, BRAF", "presence": "absent"}, *all_absent_but("BRAF")])
    assert (answer.kind, answer.rules) == ("no_flag", ())


@pytest.mark.parametrize("doubt", [{"significance": "vus"}, {"presence": "indeterminate"}, {"presence": "no call"}, {"presence": "failed"}])
def test_doubt_is_neither_positive_nor_negative(doubt: dict[str, str]) -> None:
    answer = ask([{**found("BRAF", "V600E"), **doubt}, *all_absent_but("BRAF")])
    assert (answer.kind, answer.rules, answer.missing) == ("cannot_say", (), ("gene:BRAF",))


def test_words_that_no_matcher_reads_are_put_to_a_person() -> None:
    answer = ask([found("EGFR", "activating mutation"), *all_absent_but("EGFR")])
    assert (answer.kind, answer.picks) == ("cannot_say", ("detail:EGFR",))


def test_met_amplification_does_not_flag_by_itself() -> None:
    assert ask([found("MET", "amplification", type="amplification"), *absent(*PANEL)]).kind != "flag_now"


def test_rules_hold_from_their_date() -> None:
    her2 = [found("ERBB2", "p.Tyr772_Ala775dup"), *all_absent_but("ERBB2")]
    assert "erbb2-zongertinib" not in ask(her2, on=date(2026, 2, 25)).rules
    assert ask(her2, on=date(2026, 2, 26)).rules == ("erbb2-zongertinib",)


def test_a_row_that_nobody_verified_never_flags() -> None:
    unverified = {rule.id for rule in load().rules.values() if rule.status == "unverified"}
    assert unverified
    tmb = ask([{"gene": "", "type": "tmb", "value": 20, "unit": "mut/Mb"}, *all_absent_but()], line=2)
    assert not unverified & set(tmb.rules)


def test_a_germline_finding_does_not_flag_a_tumour_drug() -> None:
    assert ask([found("EGFR", "T790M", origin="germline")], line=2).kind == "cannot_say"


def test_small_cell_histology_is_put_to_a_person() -> None:
    assert ask([found("EGFR", "L858R")], histology="small cell carcinoma").picks == ("histology",)
    assert ask([found("EGFR", "L858R")], histology="non-small cell carcinoma").kind == "flag_now"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("IVA", ("IV", "A")),
        ("Stage IIIB", ("III", "B")),
        ("4", ("IV", "")),
        ("metastatic", ("IV", "")),
        ("advanced", ("advanced", "")),
        ("unknown", None),
        ("", None),
    ],
)
def test_stages_as_people_write_them(written: str, read: tuple[str, str] | None) -> None:
    assert parse_stage(written) == read
