"""Stories of reactive pharmacogenetics: nothing in the engine is about lungs."""

from __future__ import annotations

from pathways.timeline import Context, Timeline
from tests.pathways.facts import BOSTON, START, act, enrolled, fact, rule, standing, stay, tell

CONTEXT = Context(calendar=BOSTON, opened_at=START, entry="exposed")
BASE = (
    enrolled(entry="exposed"),
    fact("drug_ordered", 0, "X1", drugs=[{"text": "clopidogrel"}]),
    fact("test_ordered", 0.5, "T1", "placer:T1"),
    fact("specimen_collected", 1, "S1", "placer:T1", specimen_class="blood"),
)
PHENOTYPE = fact("phenotype_assigned", 4, "F1", gene="CYP2C19", phenotype="Poor Metabolizer")
AFFECTED = rule("interaction_flagged", 4, gene="CYP2C19")


def told(*more: object) -> Timeline:
    return tell(*BASE, *more, pathway="pgx-reactive", context=CONTEXT)  # type: ignore[arg-type]


def test_a_drug_without_a_test_stands_before_ordered() -> None:
    timeline = tell(BASE[0], BASE[1], pathway="pgx-reactive", context=CONTEXT)
    assert standing(timeline) == {"main.to_order"}
    assert timeline.phase == "identified"


def test_the_sample_waits_five_days_for_its_phenotype() -> None:
    assert standing(told()) == {"main.awaiting_result"}
    assert told().phase == "sampled"


def test_an_affected_drug_asks_pharmacist_then_prescriber_then_dispense() -> None:
    assert standing(told(PHENOTYPE, AFFECTED)) == {"main.to_recommend"}
    delivered = act("recommendation_delivered", 5)
    assert standing(told(PHENOTYPE, AFFECTED, delivered)) == {"main.to_answer"}
    changed = act("prescriber_answered", 6, answer="changed")
    assert standing(told(PHENOTYPE, AFFECTED, delivered, changed)) == {"main.to_verify"}
    timeline = told(
        PHENOTYPE, AFFECTED, delivered, changed, fact("drug_dispensed", 8, "Y", drugs=[{"text": "ticagrelor"}], handed_over=True)
    )
    assert (timeline.status, timeline.outcome, timeline.phase) == ("completed", "answered", "started")


def test_an_override_with_its_reason_is_a_good_end() -> None:
    timeline = told(PHENOTYPE, AFFECTED, act("prescriber_answered", 6, answer="overridden", reason="allergy"))
    assert (timeline.status, timeline.outcome) == ("completed", "answered")


def test_a_normal_phenotype_is_a_good_end_and_asks_for_no_decision() -> None:
    timeline = told(PHENOTYPE, rule("not_actionable", 4))
    assert (timeline.status, timeline.outcome) == ("completed", "normal_phenotype")
    assert timeline.milestones["prescriber_answered"].state == "not_applicable"


def test_the_pharmacist_has_four_working_hours() -> None:
    due = stay(told(PHENOTYPE, AFFECTED), "main.to_recommend").due_at
    assert due is not None
    assert (due - AFFECTED.occurred.lo).total_seconds() == 4 * 3600


def test_a_new_drug_after_a_known_phenotype_is_caught() -> None:
    watched = told(PHENOTYPE)
    assert standing(watched) == {"main.exposed_watch"}
    assert standing(told(PHENOTYPE, rule("interaction_flagged", 90))) == {"main.to_recommend"}
