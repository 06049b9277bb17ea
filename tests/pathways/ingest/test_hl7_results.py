"""What reports state: presence from the value, final only when everything is, corrections, failures, documents."""

from __future__ import annotations

from typing import Any

import pytest

from pathways.facts import Fact, Rank
from pathways.ingest.hl7 import read
from pathways.ingest.message import FeedProfile

from .messages import ABSENT, NO_CALL, PRESENT, gene, panel


def facts(body: bytes) -> list[Fact]:
    return list(read.read(body, FeedProfile()).facts)


def result(body: bytes) -> Fact:
    (found,) = (fact for fact in facts(body) if fact.kind.startswith("result_"))
    return found


def states(fact: Fact) -> dict[str, str]:
    return {finding["gene"]: finding["presence"] for finding in fact.body["findings"]}


def test_grouped_lines_are_one_finding_per_gene() -> None:
    found = result(panel(*gene("2a", "EGFR", PRESENT, protein="p.Leu858Arg"), *gene("2b", "ALK", ABSENT), *gene("2c", "ROS1", NO_CALL)))
    assert found.kind == "result_final"
    assert states(found) == {"EGFR": "present", "ALK": "absent", "ROS1": "no_call"}
    assert found.body["findings"][0]["alteration"] == "p.Leu858Arg"
    assert found.body["specimen_class"] == "tissue"


def test_variants_without_sub_ids_follow_each_other() -> None:
    found = result(panel(*gene("", "EGFR", ABSENT), *gene("", "ALK", PRESENT), *gene("", "KRAS", ABSENT)))
    assert states(found) == {"EGFR": "absent", "ALK": "present", "KRAS": "absent"}


def test_a_gene_alone_is_no_finding_of_it() -> None:
    found = result(panel("OBX|1|CWE|48018-6^Gene studied^LN|2a|HGNC:1097^BRAF^HGNC||||||F"))
    assert states(found) == {"BRAF": "indeterminate"}


def test_a_gene_alone_is_negative_where_the_report_as_a_whole_is() -> None:
    overall = "OBX|1|CWE|51968-6^Overall interpretation^LN|1|LA6577-6^Negative^LN||||||F"
    studied = [f"OBX|{n}|CWE|48018-6^Gene studied^LN|1{n}|HGNC:{n}^{name}^HGNC||||||F" for n, name in ((2, "BRCA1"), (3, "BRCA2"))]
    assert states(result(panel(overall, *studied))) == {"BRCA1": "absent", "BRCA2": "absent"}
    assert states(result(panel(overall.replace("LA6577-6^Negative", "LA6576-8^Positive"), *studied))) == {
        "BRCA1": "indeterminate",
        "BRCA2": "indeterminate",
    }


def test_genes_repeated_in_one_line_are_each_answered() -> None:
    assessed = "OBX|1|CWE|69548-6^Assessment^LN|1|LA9634-2^Absent^LN||||||F"
    genes = "OBX|2|CWE|48018-6^Gene studied^LN|1|HGNC:1100^BRCA1^HGNC~HGNC:1101^BRCA2^HGNC||||||F"
    for lines in ((assessed, genes), (genes, assessed)):
        assert states(result(panel(*lines))) == {"BRCA1": "absent", "BRCA2": "absent"}


@pytest.mark.parametrize(("change", "kind"), [("LA14034-5^Copy number gain^LN", "amplification"), ("LA1^Gene fusion^LN", "fusion")])
def test_a_structural_change_is_named_by_what_it_is(change: str, kind: str) -> None:
    lines = (
        "OBX|1|CWE|48018-6^Gene studied^LN|3a|HGNC:3430^ERBB2^HGNC||||||F",
        f"OBX|2|CWE|48019-4^DNA change type^LN|3a|{change}||||||F",
    )
    (found,) = result(panel(*lines)).body["findings"]
    assert (found["gene"], found["presence"], found["type"]) == ("ERBB2", "present", kind)


def test_a_marker_of_the_whole_tumour_gets_no_gene_from_the_line_before() -> None:
    lines = (*gene("", "EGFR", PRESENT, protein="p.Leu858Arg"), "OBX|9|CWE|81695-9^MSI^LN||LA26203-2^MSI-H^LN||||||F")
    assert [(each["gene"], each["type"]) for each in result(panel(*lines)).body["findings"]] == [("EGFR", "variant"), ("", "msi")]


def test_genotype_and_phenotype_are_of_the_gene_of_their_group() -> None:
    lines = [
        f"OBX|{n}|CWE|{asked}|{group}|{answer}||||||F"
        for group, name, genotype, phenotype in (
            ("1a", "CYP2C19", "*2/*2", "LA9657-3^Poor metabolizer^LN"),
            ("1b", "CYP2D6", "*1/*1", "LA25391-6^Normal metabolizer^LN"),
        )
        for n, (asked, answer) in enumerate(
            (
                ("48018-6^Gene studied^LN", f"1^{name}^HGNC"),
                ("84413-4^Genotype display name^LN", genotype),
                ("53040-2^Effect on drug metabolism^LN", phenotype),
            )
        )
    ]
    body = panel(*lines, code="51969-4^Genetic analysis report^LN")
    found = {(each["gene"], each["type"], each["alteration"]) for each in result(body).body["findings"]}
    assert found == {
        ("CYP2C19", "genotype", "*2/*2"),
        ("CYP2C19", "phenotype", "Poor metabolizer"),
        ("CYP2D6", "genotype", "*1/*1"),
        ("CYP2D6", "phenotype", "Normal metabolizer"),
    }
    assigned = {fact.body["gene"]: fact.body["phenotype"] for fact in facts(body) if fact.kind == "phenotype_assigned"}
    assert assigned == {"CYP2C19": "Poor metabolizer", "CYP2D6": "Normal metabolizer"}


def test_a_variant_written_by_its_full_name_only_is_found() -> None:
    lines = (
        "OBX|1|CWE|83005-9^Variant category^LN|2a|LA26801-3^Simple variant^LN||||||F",
        "OBX|2|ST|47998-0^Variant display name^LN|2a|NM_000059.4(BRCA2):c.5946del (p.Ser1982fs)||||||F",
        "OBX|3|CWE|53037-8^Significance^LN|2a|LA6668-3^Pathogenic^LN||||||F",
    )
    (found,) = result(panel(*lines)).body["findings"]
    assert (found["gene"], found["alteration"], found["presence"]) == ("BRCA2", "c.5946del (p.Ser1982fs)", "present")
    assert found["significance"] == "pathogenic"


@pytest.mark.parametrize(
    ("asked", "answer", "expected"),
    [
        ("EGFR^EGFR mutation analysis^L", "Not detected", {"gene": "EGFR", "presence": "absent"}),
        ("EGFR^EGFR mutation analysis^L", "p.L858R", {"gene": "EGFR", "presence": "present", "alteration": "p.L858R"}),
        ("EGFR^EGFR^L", "Exon 19 deletion detected", {"gene": "EGFR", "presence": "present", "alteration": "Exon 19 deletion"}),
        ("ALKF^ALK rearrangement by FISH^L", "Positive", {"gene": "ALK", "presence": "present", "type": "fusion"}),
        ("ALKF^ALK rearrangement by FISH^L", "No rearrangement identified", {"gene": "ALK", "presence": "absent"}),
        ("MET^MET exon 14 skipping^L", "Negative", {"gene": "MET", "presence": "absent", "type": "skipping"}),
        ("KRAS^KRAS G12C mutation^L", "Insufficient material", {"gene": "KRAS", "presence": "failed"}),
        ("KRAS^KRAS mutation^L", "Indeterminate", {"gene": "KRAS", "presence": "indeterminate"}),
        ("KRAS^KRAS mutation^L", "Not tested", {"gene": "KRAS", "presence": "not_tested"}),
        ("EGFR^EGFR mutation^L", "Positive for L858R; negative for T790M", {"presence": "indeterminate"}),
        ("EGFR^EGFR mutation^L", "No pathogenic variants identified. Limit of detection 5 %.", {"presence": "absent"}),
        ("EGFR^EGFR mutation^L", "Not normal", {"presence": "present"}),
        ("81695-9^MSI^LN", "MSI-High", {"gene": "", "presence": "present", "type": "msi"}),
        ("81695-9^MSI^LN", "Stable (MSS)", {"presence": "absent", "type": "msi"}),
    ],
)
def test_lines_that_name_their_marker(asked: str, answer: str, expected: dict[str, str]) -> None:
    (found,) = result(panel(f"OBX|1|ST|{asked}||{answer}||||||F")).body["findings"]
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("line", "value", "comparator", "presence"),
    [
        ("OBX|1|NM|85147-7^PD-L1 TPS^LN||55|%|||||F", 55, None, "present"),
        ("OBX|1|SN|85147-7^PD-L1 TPS^LN||>=^50|%|||||F", 50, ">=", "present"),
        ("OBX|1|ST|PDL1^PD-L1 22C3 TPS^L||<1%||||||F", 1, "<", "absent"),
        ("OBX|1|ST|PDL1^PD-L1 22C3 TPS^L||1-49%||||||F", 1, ">=", "present"),
        ("OBX|1|NM|94076-7^TMB^LN||12|1/1000000|||||F", 12, None, "present"),
    ],
)
def test_measured_markers_keep_number_and_comparator(line: str, value: float, comparator: str | None, presence: str) -> None:
    (found,) = result(panel(line)).body["findings"]
    assert (found["value"], found.get("comparator"), found["presence"]) == (value, comparator, presence)


@pytest.mark.parametrize(
    ("header", "line", "kind", "rank"),
    [
        ("F", "F", "result_final", Rank.FINAL),
        ("", "F", "result_final", Rank.FINAL),
        ("C", "F", "result_final", Rank.CORRECTED),
        ("F", "C", "result_final", Rank.CORRECTED),
        ("P", "P", "result_partial", Rank.PRELIMINARY),
        ("A", "F", "result_partial", Rank.PRELIMINARY),
        ("F", "P", "result_partial", Rank.PRELIMINARY),
        ("unknown", "F", "result_partial", Rank.PRELIMINARY),
        ("M", "C", "result_partial", Rank.CORRECTED),
        ("X", "X", "result_failed", Rank.FINAL),
        ("F", "X", "result_failed", Rank.FINAL),
    ],
)
def test_statuses(header: str, line: str, kind: str, rank: int) -> None:
    found = result(panel(*gene("2a", "EGFR", PRESENT, status=line), status=header))
    assert (found.kind, found.rank) == (kind, rank)


def test_a_wrong_result_is_taken_back() -> None:
    found = result(panel(*gene("2a", "EGFR", PRESENT, status="W")))
    assert found.retracted
    assert found.lineage == result(panel(*gene("2a", "EGFR", PRESENT))).lineage


def test_nothing_is_reported_before_there_is_a_report() -> None:
    kinds = {fact.kind for fact in facts(panel(status="I"))}
    assert kinds == {"specimen_collected", "specimen_received"}


def test_versions_of_a_report_share_a_lineage_and_its_keys() -> None:
    early, late = (result(panel(*gene("2a", "EGFR", PRESENT), status=status)) for status in ("P", "F"))
    assert early.lineage == late.lineage == "command-line|result|F1"
    assert {"placer:ORD1", "filler:F1", "specimen:S1"} <= set(late.keys)


def test_orders_of_one_filler_number_are_one_report() -> None:
    body = panel(
        *gene("2a", "EGFR", PRESENT),
        "OBR|2|ORD1|F1|94076-7^TMB^LN|||20260227|||||||||||||||20260310||GE|F",
        "OBX|9|NM|94076-7^TMB^LN||12|1/1000000|||||F",
    )
    assert {finding["type"] for finding in result(body).body["findings"]} == {"variant", "tmb"}


def test_a_report_that_only_a_person_can_read_is_a_document_and_never_negative() -> None:
    found = result(panel("OBX|1|ED|PDF^Lung NGS report^L||LAB^application^pdf^Base64^JVBERi0x||||||F"))
    assert found.kind == "result_document"
    assert found.body["document"]
    assert "findings" not in found.body


def test_a_rejected_specimen_fails_the_test_and_says_so() -> None:
    body = panel("OBX|1|ST|81247-9^Panel^LN||||||||X", "NTE|1||SPECIMEN REJECTED: quantity not sufficient (QNS)", status="X")
    kinds: dict[str, Any] = {fact.kind: fact.body for fact in facts(body)}
    assert kinds["result_failed"]["reason"] == "quantity"
    assert kinds["specimen_rejected"]["specimen_class"] == "tissue"


def test_a_potassium_is_nobodys_business() -> None:
    assert not facts(panel("OBX|1|NM|2823-3^Potassium^LN||4.1|mmol/L|||||F", code="24323-8^Metabolic panel^LN").replace(b"||GE|", b"||CH|"))


@pytest.mark.parametrize(
    "name", ["SARS-CoV-2 RNA genome sequencing", "Mycobacterium tuberculosis rpoB mutation", "Influenza A virus variant"]
)
def test_the_genes_of_a_pathogen_are_not_the_patients(name: str) -> None:
    body = panel(f"OBX|1|ST|1^{name}^L||Detected||||||F", code=f"X^{name}^L").replace(b"||GE|", b"||MB|")
    assert not facts(body)


def test_a_phenotype_is_a_fact_of_its_own() -> None:
    body = panel(
        "OBX|1|ST|79714-2^CYP2C19 gene product metabolic activity^LN||Poor metabolizer||||||F", code="PGX^Pharmacogenomics panel^L"
    )
    (found,) = (fact for fact in facts(body) if fact.kind == "phenotype_assigned")
    assert (found.body["gene"], found.body["phenotype"]) == ("CYP2C19", "Poor metabolizer")


@pytest.mark.parametrize(
    ("fields", "laboratory"),
    [
        ("||||QUEST^Quest Diagnostics^L||||||||NICHOLS INSTITUTE^L", "NICHOLS INSTITUTE"),
        ("||||QUEST^Quest Diagnostics^L", "Quest Diagnostics"),
        ("||||LAB7", "LAB7"),
        ("", "NORTH LAB"),
    ],
)
def test_a_result_says_which_laboratory_did_it(fields: str, laboratory: str) -> None:
    """Its lines before the sender; who ordered it (ORC-21) is no laboratory."""
    body = panel(f"OBX|1|ST|EGFR^EGFR mutation analysis^L||Not detected||||||F{fields}")
    head, _, rest = body.partition(b"\r")
    parts = head.split(b"|")
    parts[3] = b"NORTH LAB"
    ordered = rest.replace(b"ORC|RE|ORD1|F1", b"ORC|RE|ORD1|F1||||||||||||||||||Ordering Hospital")
    assert result(b"|".join(parts) + b"\r" + ordered).body["laboratory"] == laboratory
