"""What comes from outside a clinical laboratory triggers nothing: no flag, no journey elsewhere, no binding elsewhere, in any programme that ships."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pathways.binding import JourneyView, bind
from pathways.definitions.publish import catalogue
from pathways.enrolment import propose
from pathways.facts import Fact
from pathways.knowledge import load
from pathways.knowledge.derive import derive
from tests.pathways.facts import START, definition, fact

CODES = [path.stem for path in catalogue()]
ALARMING: dict[str, Any] = {
    "text": "raw data report: lung adenocarcinoma risk, hereditary cancer panel, pharmacogenomic panel, residual disease",
    "specimen_class": "saliva",
    "findings": [
        {
            "gene": "BRCA1",
            "alteration": "p.Cys61Gly",
            "presence": "present",
            "significance": "pathogenic",
            "origin": "germline",
            "type": "variant",
        },
        {"gene": "EGFR", "alteration": "p.Leu858Arg", "presence": "present", "significance": "pathogenic", "type": "variant"},
        {"gene": "CYP2C19", "alteration": "Poor Metabolizer", "presence": "present", "type": "phenotype"},
        {
            "gene": "LDLR",
            "alteration": "p.Asp227Glu",
            "presence": "present",
            "significance": "pathogenic",
            "origin": "germline",
            "type": "variant",
        },
    ],
}
DOCUMENT = fact("external_result", 0, "E1", "report:E1", document_class="dtc_raw", **ALARMING)
DISGUISED = fact("result_final", 0, "E2", "report:E2", unconfirmed=True, **ALARMING)
PHENOTYPE = fact("phenotype_assigned", 0, "E3", "report:E2", unconfirmed=True, gene="CYP2C19", phenotype="Poor Metabolizer")
DRUG = fact("drug_ordered", 1, "X1", drugs=[{"text": "clopidogrel"}])
LUNG = fact("diagnosis", -1, "D1", code="icd10|C34.11", role="primary", verification="confirmed", stage="IV", histology="adenocarcinoma")


def view(number: int, code: str) -> JourneyView:
    return JourneyView(number, definition(code), "any", START, START - timedelta(days=400))


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("outside", [DOCUMENT, DISGUISED, PHENOTYPE], ids=["document", "flagged result", "flagged phenotype"])
def test_no_rule_reads_it(code: str, outside: Fact) -> None:
    told = [LUNG, DRUG, outside]
    assert [one.kind for one in derive(definition(code), told, load())] == [
        one.kind for one in derive(definition(code), [LUNG, DRUG], load())
    ]


def test_the_same_from_a_clinical_laboratory_would_be_read() -> None:
    """So that the test above can fail: what is refused is where it comes from."""
    clinical = fact("result_final", 0, "C1", **ALARMING)
    assert {"flagged_actionable", "cannot_say"} & {one.kind for one in derive(definition("nsclc-biomarker"), [LUNG, clinical], load())}
    assert "interaction_flagged" in {one.kind for one in derive(definition("pgx-reactive"), [DRUG, clinical], load())}


def test_it_puts_nobody_on_another_programme() -> None:
    every = [definition(code) for code in CODES]
    proposed = {one.pathway for one in propose([DOCUMENT, DISGUISED, PHENOTYPE], every, existing=())}
    assert proposed == {"external-result"}


def test_it_belongs_to_no_other_journey_and_only_a_person_may_say_otherwise() -> None:
    journeys = [view(n, code) for n, code in enumerate(CODES)]
    bound = {(one.lineage, CODES[one.journey_id]) for one in bind([DOCUMENT, DISGUISED, PHENOTYPE], journeys).bound}
    assert bound == {(DOCUMENT.lineage, "external-result")}


def test_no_other_programme_names_the_kind() -> None:
    assert [code for code in CODES if "external_result" in definition(code).listens] == ["external-result"]
