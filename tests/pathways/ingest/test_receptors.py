"""Receptors as laboratories write them, and whose genome a finding is of."""

from __future__ import annotations

import pytest

from pathways.ingest import molecular
from pathways.ingest.codes import Coded
from pathways.ingest.findings import Reading, findings, variant


def line(test: str, value: str, number: float | None = None) -> Reading:
    asked = Coded((("loinc", test, ""),)) if test[0].isdigit() else Coded((), test)
    return Reading(asked, Coded((), value), number)


@pytest.mark.parametrize(
    ("test", "value", "gene", "kind", "presence", "alteration"),
    [
        ("85319-2", "Positive (Score 3+)", "ERBB2", "expression", "present", "IHC 3+"),
        ("HER2 by IHC", "Equivocal 2+", "ERBB2", "expression", "indeterminate", "IHC 2+"),
        ("85319-2", "Negative (1+)", "ERBB2", "expression", "absent", "IHC 1+"),
        ("HER2 IHC", "0", "ERBB2", "expression", "absent", "IHC 0"),
        ("85318-4", "Amplified", "ERBB2", "amplification", "present", ""),
        ("HER2 FISH", "Not amplified", "ERBB2", "amplification", "absent", ""),
        ("85337-4", "Positive", "ER", "expression", "present", ""),
        ("Progesterone Receptor", "Negative", "PR", "expression", "absent", ""),
        ("ERBB2 mutation", "Not detected", "ERBB2", "variant", "absent", ""),
    ],
)
def test_a_receptor_is_graded_as_written(test: str, value: str, gene: str, kind: str, presence: str, alteration: str) -> None:
    [finding] = findings([line(test, value)])
    assert (finding["gene"], finding["type"], finding["presence"], finding["alteration"]) == (gene, kind, presence, alteration)


def test_one_percent_of_the_cells_is_positive() -> None:
    assert [findings([line("85337-4", "", share)])[0]["presence"] for share in (0, 1, 95)] == ["absent", "present", "present"]


def test_a_receptor_stain_is_a_molecular_result_and_no_pathology_report() -> None:
    assert molecular.category(Coded((("loinc", "85337-4", "Estrogen receptor Ag"),)), "SP") == "molecular"
    assert molecular.category(Coded((), "Estrogen receptor IHC")) == "molecular"


@pytest.mark.parametrize(
    ("said", "origin"),
    [("LA6683-2", "germline"), ("LA18194-3", "likely_germline"), ("Possible germline variant", "likely_germline"), ("Somatic", "somatic"),
     ("LA18195-0", "likely_somatic"), ("Unknown genomic origin", "")],
)  # fmt: skip
def test_whose_genome_it_is_stands_in_the_finding(said: str, origin: str) -> None:
    """A tumour panel that suspects an inherited variant says so; a definition asks by `any_finding: {origin: likely_germline}`."""
    parts = [
        Reading(Coded((("loinc", molecular.VARIANT, ""),)), Coded((("loinc", "LA9633-4", "Present"),))),
        Reading(Coded((("loinc", molecular.GENE, ""),)), Coded((), "BRCA2")),
        Reading(Coded((("loinc", molecular.SOURCE, ""),)), Coded((("loinc", said, ""),) if said.startswith("LA") else (), said)),
    ]
    [finding] = variant(parts)
    assert (finding["gene"], finding["origin"]) == ("BRCA2", origin)
