"""However a laboratory writes it, the same alteration is the same finding; and nothing becomes positive by being named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.knowledge.answers import panel
from pathways.knowledge.findings import normalise, of_result

AMINO = dict(
    zip(
        "ARNDCQEGHILKMFPSTWYV",
        [
            "Ala",
            "Arg",
            "Asn",
            "Asp",
            "Cys",
            "Gln",
            "Glu",
            "Gly",
            "His",
            "Ile",
            "Leu",
            "Lys",
            "Met",
            "Phe",
            "Pro",
            "Ser",
            "Thr",
            "Trp",
            "Tyr",
            "Val",
        ],
        strict=True,
    )
)


def one(**raw: Any) -> dict[str, Any]:
    (finding,) = normalise([raw])
    return dict(finding)


@pytest.mark.parametrize(
    "written", ["p.Leu858Arg", "L858R", "NP_005219.2:p.(Leu858Arg)", "c.2573T>G", "p.L858R", "EGFR L858R", "NM_005228.5:c.2573T>G"]
)
def test_l858r_however_it_is_written(written: str) -> None:
    assert one(gene="EGFR", alteration=written, presence="present")["klass"] == "L858R"


@pytest.mark.parametrize(
    "written",
    [
        "p.Glu746_Ala750del",
        "E746_A750del",
        "E746_A750delELREA",
        "p.L747_P753delinsS",
        "L747_P753>S",
        "c.2235_2249del",
        "c.2240_2257del",
        "exon 19 deletion",
        "Ex19del",
    ],
)
def test_exon_19_deletions_by_codon_range(written: str) -> None:
    assert one(gene="EGFR", alteration=written, presence="present")["klass"] == "exon19_deletion"


@pytest.mark.parametrize(
    "written", ["p.Ala767_Val769dup", "D770_N771insSVD", "H773dup", "c.2310_2311insGGT", "exon 20 insertion", "N771delinsGY"]
)
def test_exon_20_insertions(written: str) -> None:
    assert one(gene="EGFR", alteration=written, presence="present")["klass"] == "exon20_insertion"


@pytest.mark.parametrize("written", ["c.2236_2248del", "p.Glu746fs", "p.E709K", "p.Arg521Lys", "p.L62R", "E746_A750dup"])
def test_other_changes_belong_to_no_class(written: str) -> None:
    assert one(gene="EGFR", alteration=written, presence="present")["klass"] == ""


@pytest.mark.parametrize("written", ["exon 14 skipping", "METex14", "c.3028+1G>T", "c.2888-5_2944del", "p.D1010H", "c.3082+2T>C"])
def test_met_exon_14(written: str) -> None:
    assert one(gene="MET", alteration=written, presence="present")["klass"] == "exon14_skipping"


@pytest.mark.parametrize(
    "raw",
    [
        {"gene": "ALK", "alteration": "EML4::ALK"},
        {"gene": "ALK", "alteration": "EML4-ALK"},
        {"gene": "EML4-ALK"},
        {"gene": "EML4, ALK", "type": "fusion"},
        {"gene": "ALK", "alteration": "ALK rearrangement"},
        {"gene": "ALK", "text": "FISH"},
        {"gene": "ALK", "type": "expression", "text": "IHC D5F3 positive"},
    ],
)
def test_alk_fusions_however_they_are_found(raw: dict[str, Any]) -> None:
    finding = one(**raw, presence="present")
    assert (finding["gene"], finding["klass"], finding["presence"]) == ("ALK", "fusion", "present")


def test_a_ros1_stain_is_no_fusion() -> None:
    assert one(gene="ROS1", type="expression", text="IHC positive", presence="present")["klass"] == ""


@pytest.mark.parametrize(
    ("raw", "low", "high", "presence"),
    [
        ({"text": "TPS >=50%"}, 50, 100, "present"),
        ({"value": 50}, 50, 50, "present"),
        ({"text": "50 %"}, 50, 50, "present"),
        ({"text": "TPS <1%"}, 0, 1, "absent"),
        ({"value": 1, "comparator": "<", "unit": "%"}, 0, 1, "absent"),
        ({"text": "1-49%"}, 1, 49, "present"),
        ({"value": 0.55, "unit": "%"}, 0.55, 0.55, "absent"),
        ({"value": 0.55, "unit": "1"}, 55, 55, "present"),
        ({"text": "PD-L1 22C3 TPS 80%"}, 80, 80, "present"),
    ],
)
def test_pd_l1_scores(raw: dict[str, Any], low: float, high: float, presence: str) -> None:
    finding = one(gene="PD-L1", type="expression", **raw)
    assert finding["gene"] == "CD274"
    assert finding["low"] == pytest.approx(low)
    assert finding["high"] == pytest.approx(high)
    assert finding["presence"] == presence


def test_a_bare_share_between_zero_and_one_is_left_to_a_person() -> None:
    assert one(gene="PD-L1", value=0.5)["presence"] == "indeterminate"


def test_a_combined_score_is_not_a_tumour_proportion_score() -> None:
    assert one(gene="PD-L1", text="CPS 20")["measure"] == "CPS"


def test_tumour_mutational_burden_and_microsatellites() -> None:
    assert one(gene="", type="tmb", value=12, unit="1/1000000")["presence"] == "present"
    assert one(gene="", type="tmb", value=4, unit="mut/Mb")["presence"] == "absent"
    assert one(gene="MSI", type="msi", text="LA26203-2")["presence"] == "present"
    assert one(gene="MSI", text="MSS")["presence"] == "absent"


def test_one_absent_for_several_genes_is_a_negative_of_each() -> None:
    """An observation `Absent` that lists NRAS, KIT and BRAF is no BRAF mutation."""
    findings = normalise([{"gene": "NRAS, KIT, BRAF", "presence": "absent"}])
    assert {item["gene"]: item["presence"] for item in findings} == {"NRAS": "absent", "KIT": "absent", "BRAF": "absent"}


def test_one_present_for_several_genes_says_of_none_that_it_is_altered() -> None:
    assert {item["presence"] for item in normalise([{"genes": ["NRAS", "BRAF"], "presence": "present"}])} == {"indeterminate"}


@given(
    gene=st.sampled_from(["EGFR", "BRAF", "KRAS", "ALK", "ERBB2"]), alteration=st.sampled_from(["", "V600E", "L858R", "EML4-ALK", "G12C"])
)
def test_a_gene_that_is_only_named_is_never_positive(gene: str, alteration: str) -> None:
    assert all(item["presence"] != "present" for item in normalise([{"gene": gene, "alteration": alteration}]))


RAW = st.fixed_dictionaries(
    {
        "gene": st.sampled_from(["EGFR", "HER2", "PD-L1", "ALK", "NTRK", "NRAS, BRAF", "TMB", "MSI", "", "EML4-ALK"]),
        "alteration": st.one_of(st.text(max_size=20), st.sampled_from(["p.Leu858Arg", "fusion", "exon 14 skipping", "c.1799T>A", "p.(=)"])),
        "presence": st.sampled_from(["present", "absent", "positive", "Not detected", "no call", "VUS", "", "failed"]),
        "type": st.sampled_from(["", "variant", "fusion", "expression", "tmb", "msi", "amplification", "skipping"]),
        "significance": st.sampled_from(["", "vus", "pathogenic", "LA26333-7"]),
        "value": st.one_of(st.none(), st.floats(0, 200), st.just(">=50%")),
        "unit": st.sampled_from(["", "%", "1", "mut/Mb"]),
        "text": st.one_of(st.text(max_size=30), st.sampled_from(["TPS 1-49%", "MSI-H", "IHC 3+"])),
    }
)


@given(st.lists(RAW, max_size=5))
def test_normalising_twice_changes_nothing(raw: list[dict[str, Any]]) -> None:
    once = normalise(raw)
    assert normalise(once) == once


@given(first=st.sampled_from(sorted(AMINO)), codon=st.integers(1, 1500), last=st.sampled_from(sorted(AMINO)))
def test_one_and_three_letter_spelling_are_one(first: str, codon: int, last: str) -> None:
    forms = [
        f"{first}{codon}{last}",
        f"p.{first}{codon}{last}",
        f"p.{AMINO[first]}{codon}{AMINO[last]}",
        f"NP_1.2:p.({AMINO[first]}{codon}{AMINO[last]})",
    ]
    assert len({(f["alteration"], f["klass"]) for f in (one(gene="EGFR", alteration=form, presence="present") for form in forms)}) == 1


@given(codon=st.integers(2, 1200), base=st.sampled_from("ACGT"))
def test_coding_changes_find_the_codon(codon: int, base: str) -> None:
    for offset in range(3):
        position = 3 * codon - 2 + offset
        klass = one(gene="EGFR", alteration=f"c.{position}_{position + 14}del", presence="present")["klass"]
        inside = codon >= 729 and (position + 14 + 2) // 3 <= 761
        assert (klass == "exon19_deletion") is inside


def test_panel_has_five_values() -> None:
    findings = [
        found("EGFR", "L858R"),
        {"gene": "ALK", "presence": "absent"},
        {"gene": "KRAS", "alteration": "G12C", "presence": "indeterminate"},
        {"gene": "MET", "presence": "no call"},
        found("RET", "p.A1V", significance="vus"),
        {"gene": "BRAF", "alteration": "V600E", "presence": "absent"},
    ]
    assert panel(findings, ["EGFR", "ALK", "KRAS", "MET", "RET", "BRAF", "ROS1"]) == {
        "EGFR": "present",
        "ALK": "absent",
        "KRAS": "indeterminate",
        "MET": "failed",
        "RET": "indeterminate",
        "BRAF": "absent",
        "ROS1": "not_tested",
    }


def found(gene: str, alteration: str, **more: Any) -> dict[str, Any]:
    return {"gene": gene, "alteration": alteration, "presence": "present", **more}


def test_a_lone_hotspot_negative_does_not_answer_a_gene_with_several() -> None:
    assert panel([{"gene": "EGFR", "alteration": "T790M", "presence": "absent"}], ["EGFR"]) == {"EGFR": "not_tested"}


def test_a_laboratory_that_calls_the_gene_negative_is_believed_beside_a_vus() -> None:
    body = {"findings": [found("EGFR", "p.R521K", significance="vus")], "panel": {"EGFR": "absent"}}
    assert panel(of_result(body), ["EGFR"]) == {"EGFR": "absent"}


def test_a_germline_finding_is_no_answer_of_the_tumour() -> None:
    assert panel([found("EGFR", "T790M", origin="germline")], ["EGFR"]) == {"EGFR": "not_tested"}


def test_a_negative_stain_of_met_leaves_the_sequence_open() -> None:
    assert panel([{"gene": "MET", "type": "expression", "presence": "absent"}], ["MET"]) == {"MET": "not_tested"}
