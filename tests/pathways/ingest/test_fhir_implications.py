"""Reports of the newer kind: one Observation says the change, another what it means, a third what was looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pathways.facts import Fact
from pathways.ingest.fhir import read
from pathways.ingest.message import FeedProfile

from .messages import PATIENT, concept, fhir, loinc

WHO = {"reference": "Patient/p1"}
PRESENT = loinc("LA9633-4", "Present")
MEANINGS = {
    "pathogenic": loinc("LA6668-3", "Pathogenic"),
    "vus": loinc("LA26333-7", "Uncertain significance"),
    "benign": loinc("LA6675-8", "Benign"),
}


def gene(name: str) -> dict[str, Any]:
    return {"code": loinc("48018-6"), "valueCodeableConcept": concept("http://www.genenames.org/geneId", "HGNC:1", name)}


def variant(number: str, *components: dict[str, Any]) -> dict[str, Any]:
    return observation(number, loinc("69548-6"), valueCodeableConcept=PRESENT, component=list(components))


def observation(number: str, code: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": number, "status": "final", "subject": WHO, "code": code, **more}


def meaning(number: str, significance: str, *sources: str) -> dict[str, Any]:
    return observation(
        number,
        concept("http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs", "diagnostic-implication"),
        derivedFrom=[{"reference": f"Observation/{each}"} for each in sources],
        component=[{"code": loinc("53037-8"), "valueCodeableConcept": MEANINGS[significance]}],
    )


def facts(*observations: dict[str, Any], results: list[str] | None = None, **more: Any) -> list[Fact]:
    named = [each["id"] for each in observations] if results is None else results
    dr = {
        "resourceType": "DiagnosticReport", "id": "dr", "status": "final", "code": loinc("81247-9"), "subject": WHO,
        "issued": "2026-03-10T14:00:00Z", "result": [{"reference": f"Observation/{each}"} for each in named], **more,
    }  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in (PATIENT, *observations, dr)]}
    return list(read.read(fhir(bundle), FeedProfile(received_at=datetime(2026, 3, 11, tzinfo=UTC))).facts)


def findings(*observations: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    (fact,) = (fact for fact in facts(*observations, **more) if fact.kind.startswith("result_"))
    return list(fact.body["findings"])


@pytest.mark.parametrize("significance", MEANINGS)
def test_what_a_variant_means_is_read_from_where_it_is_said(significance: str) -> None:
    (found,) = findings(variant("v", gene("BRCA2")), meaning("m", significance, "v"))
    assert (found["gene"], found["presence"], found["significance"]) == ("BRCA2", "present", significance)


def test_of_several_meanings_the_gravest_is_kept_and_the_variants_own_wins() -> None:
    (found,) = findings(variant("v", gene("ATM")), meaning("m1", "benign", "v"), meaning("m2", "pathogenic", "v"))
    assert found["significance"] == "pathogenic"
    own = {"code": loinc("53037-8"), "valueCodeableConcept": MEANINGS["vus"]}
    (said,) = findings(variant("v", gene("ATM"), own), meaning("m2", "pathogenic", "v"))
    assert said["significance"] == "vus"


def test_a_report_that_lists_only_the_meaning_still_has_its_variant() -> None:
    (found,) = findings(variant("v", gene("PALB2")), meaning("m", "pathogenic", "v"), results=["m"])
    assert (found["gene"], found["significance"]) == ("PALB2", "pathogenic")


def test_a_meaning_outside_of_the_report_counts_too() -> None:
    (found,) = findings(variant("v", gene("MLH1")), meaning("m", "vus", "v"), results=["v"])
    assert found["significance"] == "vus"


def test_a_phenotype_is_of_the_gene_it_was_derived_from() -> None:
    genotype = observation("g", loinc("84413-4"), valueCodeableConcept={"text": "*1/*2"}, component=[gene("CYP2C19")])
    other = variant("v", gene("EGFR"))
    phenotype = observation(
        "p", loinc("53040-2"), valueCodeableConcept={"text": "Intermediate metabolizer"}, derivedFrom=[{"reference": "Observation/g"}]
    )
    found = {(each["gene"], each["type"]) for each in findings(phenotype, genotype, other)}
    assert ("CYP2C19", "phenotype") in found


def test_two_that_derive_from_each_other_are_read_once() -> None:
    one = variant("a", gene("KRAS")) | {"derivedFrom": [{"reference": "Observation/b"}]}
    other = meaning("b", "pathogenic", "a")
    (found,) = findings(one, other)
    assert (found["gene"], found["significance"]) == ("KRAS", "pathogenic")


@pytest.mark.parametrize(
    ("code", "value", "alteration", "name"),
    [
        ("81290-9", {"text": "NC_000007.14:g.140753336A>T"}, "NC_000007.14:g.140753336A>T", "BRAF"),
        ("81255-2", concept("http://www.ncbi.nlm.nih.gov/snp", "rs113488022"), "rs113488022", "BRAF"),
        ("81291-7", {"text": "t(9;22)(q34;q11)"}, "t(9;22)(q34;q11)", "BRAF"),
        ("81252-9", concept("http://www.ncbi.nlm.nih.gov/clinvar", "13961", "NM_004333.6(BRAF):c.1799T>A (p.Val600Glu)"), "c.1799T>A (p.Val600Glu)", "BRAF"),
    ],
)  # fmt: skip
def test_a_change_may_be_named_by_any_of_its_names(code: str, value: dict[str, Any], alteration: str, name: str) -> None:
    (found,) = findings(variant("v", gene(name), {"code": loinc(code), "valueCodeableConcept": value}))
    assert (found["gene"], found["alteration"], found["presence"]) == (name, alteration, "present")


def test_a_change_without_a_gene_carries_the_gene_of_its_full_name_or_its_place() -> None:
    full = {"code": loinc("81252-9"), "valueCodeableConcept": concept("urn:cv", "1", "NM_014049.4(ACAD9):c.1249C>T (p.Arg417Cys)")}
    place: list[dict[str, Any]] = [
        {"code": loinc("48013-7"), "valueCodeableConcept": {"text": "NC_000010.10"}},
        {"code": loinc("81254-5"), "valueRange": {"low": {"value": 96448129}}},
        {"code": loinc("69547-8"), "valueString": "A"},
        {"code": loinc("69551-0"), "valueString": "G"},
    ]
    found = findings(variant("1", full), variant("2", *place))
    assert [(each["gene"], each["alteration"]) for each in found] == [
        ("ACAD9", "c.1249C>T (p.Arg417Cys)"), ("", "NC_000010.10:g.96448129A>G"),
    ]  # fmt: skip


REGION = observation("r", loinc("53041-0"), component=[gene("EGFR"), gene("ALK"), gene("KRAS")])


def overall(number: str, answer: dict[str, Any], *components: dict[str, Any]) -> dict[str, Any]:
    return observation(number, loinc("51968-6"), valueCodeableConcept=answer, component=list(components))


NEGATIVE, POSITIVE = loinc("LA6577-6", "Negative"), loinc("LA6576-8", "Positive")


def test_a_negative_report_is_negative_for_every_gene_it_says_it_studied() -> None:
    for negative in (findings(REGION, overall("o", NEGATIVE)), findings(REGION, conclusionCode=[NEGATIVE])):
        assert {each["gene"]: each["presence"] for each in negative} == {"EGFR": "absent", "ALK": "absent", "KRAS": "absent"}


def test_what_was_studied_is_not_negative_where_the_report_does_not_say_so() -> None:
    assert findings(REGION) == []
    found = findings(REGION, variant("v", gene("KRAS")), overall("o", POSITIVE))
    assert {each["gene"]: each["presence"] for each in found} == {"KRAS": "present"}
    mixed = findings(variant("v", gene("KRAS")), REGION, overall("o", POSITIVE), overall("n", NEGATIVE, gene("KRAS"), gene("RET")))
    assert {each["gene"]: each["presence"] for each in mixed} == {"KRAS": "present", "RET": "absent"}


def test_results_without_number_and_date_do_not_replace_each_other() -> None:
    first = facts(variant("v", gene("EGFR")), id="", issued="", specimen=[{"identifier": {"value": "S1"}}])
    second = facts(variant("v", gene("EGFR")), id="", issued="", specimen=[{"identifier": {"value": "S2"}}])
    assert first[0].lineage != second[0].lineage
