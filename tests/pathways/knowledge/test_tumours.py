"""Beyond the lung: what must be absent, receptors by stain, inherited and acquired findings, and settings that a code states."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from pathways.knowledge import load
from pathways.knowledge.answers import panel
from pathways.knowledge.evaluate import Answer, evaluate
from pathways.knowledge.findings import normalise
from pathways.knowledge.library import Approval, Knowledge, row_digest, with_approvals

from .stories import absent, derived, enrolled, fact, found, result

COLON, BREAST, PROSTATE = ("colorectal", "breast", "prostate")
ON = date(2026, 6, 1)


# Which mutations these rows mean was not read in a primary source: at this hospital somebody read it and put their name to it.
TAKEN_OVER = (
    "breast-akt-capivasertib-pik3ca-later",
    "breast-esr1-elacestrant-later",
)


def taken_over() -> Knowledge:
    rows = load().rules
    return with_approvals(load(), frozenset(Approval(name, row_digest(rows[name]), "Dr. Lund", ON) for name in TAKEN_OVER))


def ask(tumour: str, *findings: dict[str, Any], line: int | str = 1, knowledge: Knowledge | None = None, **more: Any) -> Answer:
    asked = {"stage": "IV", "histology": None, "specimen_class": "tissue", "on": ON, **more}
    return evaluate(findings, line=line, knowledge=knowledge or taken_over(), tumour=tumour, **asked)


@pytest.mark.parametrize(("gene", "alteration"), [("PIK3CA", "p.His1047Arg"), ("ESR1", "p.Asp538Gly")])
def test_a_mutation_from_a_list_that_nobody_checked_flags_nothing_until_a_named_person_takes_it_over(gene: str, alteration: str) -> None:
    finding = found(gene, alteration)
    assert not set(ask(BREAST, finding, *HORMONE, line=2, knowledge=load()).rules) & set(TAKEN_OVER)
    assert set(ask(BREAST, finding, *HORMONE, line=2).rules) & set(TAKEN_OVER)


def stain(gene: str, presence: str, grade: str = "") -> dict[str, Any]:
    return {"gene": gene, "type": "expression", "presence": presence, "alteration": grade}


def pathogenic(gene: str, alteration: str = "p.Arg35Ter", **more: Any) -> dict[str, Any]:
    return found(gene, alteration, significance="pathogenic", **more)


STABLE = {"gene": "MSI", "type": "msi", "text": "MSS"}
HER2_NEGATIVE = stain("ERBB2", "absent", "IHC 0")
HORMONE = (stain("ER", "present"), stain("PR", "absent"), HER2_NEGATIVE)


# -- colon and rectum


def test_wild_type_ras_flags_only_when_tissue_has_said_so_of_both_genes() -> None:
    both = ask(COLON, *absent("KRAS", "NRAS"))
    assert both.kind == "flag_now"
    assert "crc-ras-wild-panitumumab-folfox-first" in both.rules
    assert {(one["gene"], one["alteration"]) for one in both.findings} == {("KRAS", "wild type"), ("NRAS", "wild type")}
    one = ask(COLON, *absent("KRAS", "BRAF"), STABLE)
    assert (one.kind, "gene:NRAS" in one.missing, one.picks) == ("cannot_say", True, ())


@pytest.mark.parametrize("ras", ["KRAS", "NRAS"])
def test_any_ras_mutation_keeps_antibodies_against_egfr_away(ras: str) -> None:
    others = absent(*({"KRAS", "NRAS"} - {ras}), "BRAF", "ERBB2")
    answer = ask(COLON, found(ras, "G12D"), *others, STABLE)
    assert (answer.kind, answer.rules) == ("no_flag", ())


def test_negative_plasma_is_no_wild_type() -> None:
    assert ask(COLON, *absent("KRAS", "NRAS", "BRAF"), specimen_class="plasma").kind == "cannot_say"


def test_a_ras_mutation_in_plasma_outweighs_a_negative_tissue() -> None:
    answer = ask(COLON, *absent("KRAS", "NRAS", "BRAF", "ERBB2"), STABLE, {**found("KRAS", "G12D"), "specimen": "plasma"})
    assert not any(rule.startswith("crc-ras-wild") for rule in answer.rules)


def test_an_uncertain_variant_of_kras_is_neither_mutant_nor_wild_type() -> None:
    answer = ask(COLON, found("KRAS", "p.Thr20Met", significance="vus"), *absent("NRAS", "BRAF", "ERBB2"), STABLE)
    assert (answer.kind, answer.missing) == ("cannot_say", ("gene:KRAS",))


def test_her2_in_the_colon_needs_wild_type_ras_and_a_later_line() -> None:
    her2 = {"gene": "ERBB2", "type": "amplification", "presence": "present"}
    assert ask(COLON, her2, *absent("KRAS", "NRAS"), line=2).rules[-1] == "crc-her2-tucatinib-trastuzumab-later"
    assert "crc-her2-tucatinib-trastuzumab-later" not in ask(COLON, her2, found("KRAS", "G12V"), *absent("NRAS"), line=2).rules


def test_a_negative_stain_answers_her2_in_the_colon_and_not_in_the_lung() -> None:
    negative = [stain("ERBB2", "absent")]
    assert panel(normalise(negative), ["ERBB2:any", "ERBB2:protein", "ERBB2"]) == {
        "ERBB2:any": "absent",
        "ERBB2:protein": "absent",
        "ERBB2": "not_tested",
    }


def test_msi_high_in_first_line_is_actionable_without_anything_else() -> None:
    assert "crc-msi-pembrolizumab-first" in ask(COLON, {"gene": "MSI", "type": "msi", "text": "MSI-H"}).rules


# -- breast


def test_receptors_alone_flag_and_a_positive_her2_takes_the_hormone_rows_away() -> None:
    assert "breast-hr-ribociclib-first" in ask(BREAST, *HORMONE).rules
    both = ask(BREAST, stain("ER", "present"), stain("PR", "present"), stain("ERBB2", "present", "IHC 3+"))
    assert both.kind == "flag_now"
    assert all(rule.startswith("breast-her2") for rule in both.rules)


def test_an_open_her2_leaves_the_hormone_rows_open() -> None:
    answer = ask(BREAST, stain("ER", "present"), stain("PR", "present"))
    assert (answer.kind, "gene:ERBB2:protein" in answer.missing) == ("cannot_say", True)


def test_her2_two_plus_is_settled_by_hybridisation() -> None:
    equivocal = stain("ERBB2", "indeterminate", "IHC 2+")
    fish = {"gene": "ERBB2", "type": "amplification"}
    low = ask(BREAST, equivocal, {**fish, "presence": "absent"}, stain("ER", "absent"), stain("PR", "absent"), line=2)
    assert low.rules == ("breast-her2-low-deruxtecan-later",)
    high = ask(BREAST, equivocal, {**fish, "presence": "present"}, line=2)
    assert "breast-her2-deruxtecan-later" in high.rules
    assert ask(BREAST, equivocal, line=2).rules == ()


def test_her2_low_is_a_level_although_the_report_calls_it_negative() -> None:
    answer = ask(BREAST, stain("ERBB2", "absent", "IHC 1+"), stain("ER", "absent"), stain("PR", "absent"), line=2)
    assert answer.rules == ("breast-her2-low-deruxtecan-later",)
    assert [one["klass"] for one in answer.findings] == ["protein_low"]


def test_a_mutation_of_pik3ca_needs_a_hormone_receptor_and_no_her2() -> None:
    mutated = found("PIK3CA", "p.His1047Arg")
    assert "breast-pik3ca-alpelisib-later" in ask(BREAST, mutated, *HORMONE, line=2).rules
    triple = ask(BREAST, mutated, stain("ER", "absent"), stain("PR", "absent"), HER2_NEGATIVE, line=2)
    assert triple.rules == ()


def test_another_mutation_of_pik3ca_is_read_by_a_person_unless_the_laboratory_judges_it() -> None:
    assert ask(BREAST, found("PIK3CA", "p.Arg88Gln"), *absent("ER", "PR"), HER2_NEGATIVE, line=2).picks == ("detail:PIK3CA",)
    judged = ask(BREAST, pathogenic("PIK3CA", "p.Arg88Gln"), *HORMONE, line=2)
    assert "breast-akt-capivasertib-pik3ca-later" in judged.rules
    assert "breast-pik3ca-alpelisib-later" not in judged.rules


def test_esr1_is_watched_in_first_line_and_flags_later_from_plasma() -> None:
    esr1 = {**found("ESR1", "p.Asp538Gly"), "specimen": "plasma"}
    triple_out = (stain("ER", "present"), HER2_NEGATIVE)
    assert "breast-esr1-elacestrant-later" in ask(BREAST, esr1, *triple_out, line=2).rules
    assert "breast-esr1-elacestrant-later" not in ask(BREAST, esr1, *triple_out, line=1).rules
    assert "breast-esr1-elacestrant-later" not in ask(BREAST, found("ESR1", "p.Arg10Cys"), *triple_out, line=2).rules


def test_an_inherited_brca_flags_and_the_tumour_s_own_does_not() -> None:
    inherited = pathogenic("BRCA2", "p.Ser1982ArgfsTer22", origin="germline")
    assert "breast-gbrca-talazoparib" in ask(BREAST, {**inherited, "specimen": "blood"}, HER2_NEGATIVE).rules
    somatic = ask(BREAST, pathogenic("BRCA2", "p.Ser1982ArgfsTer22", origin="somatic"), HER2_NEGATIVE)
    assert not any("gbrca" in rule for rule in somatic.rules)
    suspected = ask(BREAST, pathogenic("BRCA2", "p.Ser1982ArgfsTer22", origin="likely germline"), HER2_NEGATIVE)
    assert not any("gbrca" in rule for rule in suspected.rules)


def test_the_panel_depends_on_the_receptors() -> None:
    luminal = ask(BREAST, *HORMONE, stage="IV", on=date(2016, 1, 1))
    assert {"gene:PIK3CA", "gene:BRCA1:germline"} <= set(luminal.missing)
    triple = ask(BREAST, *absent("ER", "PR"), HER2_NEGATIVE)
    assert "gene:CD274" in triple.missing
    assert "gene:PIK3CA" not in triple.missing


# -- prostate


def test_an_hrr_mutation_flags_where_the_disease_resists_castration() -> None:
    resistant: dict[str, Any] = {"setting": "castration_resistant"}
    assert "prostate-brca-olaparib-abiraterone" in ask(PROSTATE, pathogenic("BRCA2"), **resistant).rules
    assert ask(PROSTATE, pathogenic("ATM"), line=2, **resistant).rules == (
        "prostate-hrr-olaparib-later",
        "prostate-hrr-talazoparib-enzalutamide",
    )
    sensitive = ask(PROSTATE, pathogenic("BRCA2"), setting="castration_sensitive")
    assert sensitive.rules == ("prostate-brca2-niraparib-abiraterone-sensitive",)


def test_an_unknown_setting_is_asked_with_one_click() -> None:
    assert ask(PROSTATE, pathogenic("BRCA1")).picks == ("setting",)


@pytest.mark.parametrize("origin", ["germline", "somatic", ""])
def test_germline_and_somatic_count_alike_in_the_prostate(origin: str) -> None:
    specimen = "saliva" if origin == "germline" else "tissue"
    finding = pathogenic("BRCA2", origin=origin) | {"specimen": specimen}
    assert ask(PROSTATE, finding, setting="castration_resistant").kind == "flag_now"


def test_a_truncation_that_the_laboratory_did_not_judge_is_read_by_a_person() -> None:
    assert ask(PROSTATE, found("BRCA2", "p.Lys3326Ter"), setting="castration_resistant").picks == ("detail:BRCA2",)


def test_the_code_for_hormone_resistance_settles_the_setting() -> None:
    """Z19.2 stands beside C61 in the record; nobody needs to be asked."""
    pathway = SimpleNamespace(code="prostate-biomarker")
    told = [
        enrolled(),
        fact(
            "diagnosis", 0, number="D1", code="icd10|C61", role="primary", verification="confirmed", stage="IV", histology="adenocarcinoma"
        ),
        result(9, pathogenic("BRCA2")),
    ]
    assert [one.kind for one in derived(told, pathway)] == ["cannot_say"]
    coded = fact("diagnosis", 5, number="D2", code="icd10|Z19.2", role="primary", verification="confirmed")
    [flag] = derived([*told, coded], pathway)
    assert flag.kind == "flagged_actionable"
    assert "prostate-brca-olaparib-abiraterone" in flag.body["rules"]


def test_one_tablet_of_two_drugs_is_both() -> None:
    from pathways.knowledge.drugs import ingredients

    assert ingredients({"text": "Akeega 100 mg/500 mg oral tablet"}) == {"1918231", "name:abiraterone"}
