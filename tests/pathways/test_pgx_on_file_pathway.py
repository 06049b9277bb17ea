"""Replays of the programme for pharmacogenetic results on file."""

from __future__ import annotations

from pathways.timeline import Context, Timeline
from tests.pathways.facts import BOSTON, START, act, enrolled, fact, rule, standing, stay, tell

CONTEXT = Context(calendar=BOSTON, opened_at=START, entry="on_file")
BASE = (enrolled(entry="on_file"), fact("phenotype_assigned", 0, "P1", gene="CYP2C19", phenotype="Poor Metabolizer"))
ORDERED = fact("drug_ordered", 100, "X1", drugs=[{"text": "clopidogrel"}])
FLAG = rule("interaction_flagged", 100, gene="CYP2C19")


def told(*more: object) -> Timeline:
    return tell(*BASE, *more, pathway="pgx-preemptive", context=CONTEXT)  # type: ignore[arg-type]


def test_a_phenotype_on_file_without_exposure_has_no_phase_beyond_the_first_and_no_stall() -> None:
    timeline = told()
    assert standing(timeline) == {"main.on_file"}
    assert stay(timeline, "main.on_file").due_at is None
    assert timeline.milestones["phenotype_on_file"].state == "reached"


def test_exposure_counts_the_journey_in_at_resulted() -> None:
    timeline = told(ORDERED, FLAG)
    assert (timeline.phase, standing(timeline)) == ("resulted", {"main.to_recommend"})


def test_a_second_affected_drug_brings_the_pharmacist_back() -> None:
    waiting = told(ORDERED, FLAG, act("recommendation_delivered", 101))
    assert standing(waiting) == {"main.to_answer"}
    assert standing(told(ORDERED, FLAG, act("recommendation_delivered", 101), rule("interaction_flagged", 102, "2"))) == {
        "main.to_recommend"
    }


def test_the_journey_goes_on_after_every_answer() -> None:
    timeline = told(ORDERED, FLAG, act("prescriber_answered", 101, answer="overridden", reason="allergy"))
    assert (timeline.status, timeline.phase, standing(timeline)) == ("active", "started", {"main.on_file"})
