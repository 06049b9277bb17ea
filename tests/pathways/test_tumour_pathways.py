"""Replay of the tumour programmes beside the lung's: one skeleton, and what each has of its own."""

from __future__ import annotations

from typing import Any

import pytest

from pathways.binding import JourneyView, bind
from pathways.definitions.reading import CATALOG, read_path
from pathways.enrolment import propose
from pathways.facts import Fact
from pathways.timeline import Context, Timeline
from tests.pathways.facts import BOSTON, START, act, day, definition, enrolled, fact, reached, rule, standing, stay, tell

TUMOURS = {"colorectal-biomarker": "C18.7", "breast-biomarker": "C50.411", "prostate-biomarker": "C61"}
CONTEXT = Context(calendar=BOSTON, opened_at=START, entry="advanced")
ABSENT = [{"gene": "KRAS", "presence": "absent"}, {"gene": "BRCA2", "presence": "absent"}, {"gene": "ER", "presence": "absent"}]
WAY = (
    enrolled(),
    fact("test_ordered", 1, "O1", "placer:O1", specimen_class="tissue"),
    fact("specimen_collected", 2, "S1", "accession:S1", "placer:O1", specimen_class="tissue"),
    fact("specimen_received", 4, "S1", "accession:S1", "placer:O1", specimen_class="tissue"),
    fact("result_final", 13, "F1", "placer:O1", specimen_class="tissue", findings=ABSENT),
    rule("flagged_actionable", 13),
    act("treatment_decided", 15, decision="matched"),
    fact("drug_ordered", 16, "X1", "placer:X1"),
    rule("matched_therapy", 22, confirmed=True, received_by=["administration"]),
    act("persistence_confirmed", 53),
)
INHERITED = {"gene": "BRCA2", "presence": "present", "origin": "germline", "significance": "pathogenic"}


def told(pathway: str, *facts: Fact) -> Timeline:
    return tell(*facts, pathway=pathway, context=CONTEXT)


@pytest.mark.parametrize("pathway", TUMOURS)
def test_the_whole_way_from_order_to_a_drug_that_is_still_taken(pathway: str) -> None:
    timeline = told(pathway, *WAY)
    assert (timeline.status, timeline.outcome, timeline.phase) == ("completed", "matched_therapy", "started")
    assert {"test_ordered", "specimen_collected", "result_informative", "result_in_time", "drug_received", "start_confirmed"} <= reached(
        timeline
    )


@pytest.mark.parametrize("pathway", TUMOURS)
def test_each_step_waits_where_it_should(pathway: str) -> None:
    main = [{one for one in standing(told(pathway, *WAY[:n])) if one.startswith("main.")} for n in range(1, len(WAY))]
    assert main == [
        {f"main.{stage}"}
        for stage in (
            "to_order",
            "to_sample",
            "awaiting_result",
            "awaiting_result",
            "to_review",
            "to_decide",
            "to_prescribe",
            "drug",
            "persistence",
        )
    ]
    assert stay(told(pathway, *WAY[:4]), "tissue.at_lab").due_at is not None


@pytest.mark.parametrize("pathway", TUMOURS)
def test_refused_tissue_asks_for_a_plan(pathway: str) -> None:
    refused = fact("specimen_rejected", 6, "S1", "accession:S1", reason="quantity")
    assert {"main.to_sample", "tissue.qns"} <= standing(told(pathway, *WAY[:4], refused))


@pytest.mark.parametrize("pathway", TUMOURS)
def test_nothing_of_the_lung_is_left_in_another_tumour_s_words(pathway: str) -> None:
    body = read_path(CATALOG / f"{pathway}.yaml").body
    kept = [
        source for track in body["tracks"].values() for stage in track["stages"].values() if "IASLC" in (source := str(stage.get("source")))
    ]
    assert not kept
    assert not [target for target in body["targets"] if any(word in str(target) for word in ("NOLCP", "IASLC", "MYLUNG"))]
    assert "C34" not in str({key: value for key, value in body.items() if key != "description"})


@pytest.mark.parametrize(("pathway", "code"), TUMOURS.items())
def test_only_a_coded_primary_with_its_stage_enrols(pathway: str, code: str) -> None:
    def diagnosed(**more: Any) -> list[str]:
        said = {"code": f"icd10|{code}", "role": "primary", "verification": "confirmed", "stage": "IV", "text": "", **more}
        proposals = propose([fact("diagnosis", 0, "D1", **said)], [definition(one) for one in TUMOURS], existing=[])
        return [f"{one.pathway} {one.then}" for one in proposals]

    assert diagnosed() == [f"{pathway} enrol"]
    assert diagnosed(stage="II") == diagnosed(role="secondary") == diagnosed(role="history") == diagnosed(verification="refuted") == []
    assert diagnosed(stage=None, text="with metastases") == [f"{pathway} candidate"]


def test_most_breast_and_prostate_cancers_are_early_and_ask_nobody() -> None:
    for code in ("C50.411", "C61"):
        plain = fact("diagnosis", 0, "D1", code=code, role="primary", verification="confirmed", stage=None, text="carcinoma")
        assert propose([plain], [definition(one) for one in TUMOURS], existing=[]) == []


def test_an_inherited_panel_moves_neither_tissue_nor_the_first_usable_report() -> None:
    blood = fact("result_final", 8, "G1", "placer:G1", specimen_class="blood", findings=[INHERITED])
    timeline = told("breast-biomarker", *WAY[:4], blood)
    assert {"main.awaiting_result", "tissue.at_lab"} <= standing(timeline)
    assert "germline_known" in reached(timeline)
    assert "result_informative" not in reached(timeline)
    assert timeline.anomalies == ()


def view(number: int, pathway: str, *keys: str) -> JourneyView:
    return JourneyView(number, definition(pathway), pathway, START, day(-180), keys=frozenset(keys))


def test_a_fact_that_another_programme_owns_is_had_besides() -> None:
    """The family programme's report by its order; the tumour programme by the label's interest in it."""
    report = fact("result_final", 8, "G1", "placer:G1", specimen_class="blood", findings=[INHERITED])
    bindings = bind([report], [view(1, "hereditary-cancer", "placer:G1"), view(2, "breast-biomarker"), view(3, "colorectal-biomarker")])
    assert {(one.journey_id, one.how) for one in bindings.bound} == {(1, "order"), (2, "overheard")}
    assert (bindings.unbound, bindings.ambiguous) == ((), ())


def test_what_is_had_besides_ties_nothing_together() -> None:
    """The report's ids are not taken over: the next specimen of the family's order is not the tumour programme's."""
    report = fact("result_final", 8, "G1", "placer:G1", "accession:G2", specimen_class="blood", findings=[INHERITED])
    tissue = fact("specimen_rejected", 9, "S9", "accession:G2", specimen_class="saliva", reason="quantity")
    bindings = bind([report, tissue], [view(1, "hereditary-cancer", "placer:G1"), view(2, "breast-biomarker")])
    assert {(one.lineage, one.journey_id) for one in bindings.bound if one.journey_id == 2} == {(report.lineage, 2)}
