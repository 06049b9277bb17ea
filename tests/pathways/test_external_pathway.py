"""Replays of the programme for results from outside."""

from __future__ import annotations

from pathways.timeline import Context, Timeline
from tests.pathways.facts import BOSTON, START, act, enrolled, fact, standing, stay, tell

CONTEXT = Context(calendar=BOSTON, opened_at=START, entry="received")
DOCUMENT = fact("external_result", 0, "E1", document_class="dtc_raw", findings=[])
BASE = (enrolled(entry="received"), DOCUMENT, act("triaged", 2, decision="confirm"))
TESTED = (
    *BASE,
    fact("test_ordered", 4, "T1", "placer:T1", text="BRCA1 known variant, confirm"),
    fact("specimen_collected", 6, "S1", "placer:T1", specimen_class="blood"),
)
RESULT = fact("result_final", 20, "R1", "placer:T1", text="known variant", findings=[], issued=20)


def told(*facts: object) -> Timeline:
    return tell(*facts, pathway="external-result", context=CONTEXT)  # type: ignore[arg-type]


def concluded(on: float, conclusion: str) -> object:
    return act("confirmation_concluded", on, f"c{on}", conclusion=conclusion, gene="BRCA1")


def test_a_document_waits_five_working_days_for_somebody_to_look() -> None:
    timeline = told(*BASE[:2])
    assert standing(timeline) == {"main.to_triage"}
    due = stay(timeline, "main.to_triage").due_at
    assert due is not None
    assert (due - START).days == 7


def test_nothing_to_confirm_is_an_end() -> None:
    timeline = told(*BASE[:2], act("triaged", 2, decision="nothing"))
    assert (timeline.status, timeline.outcome) == ("completed", "nothing_to_confirm")


def test_the_clinical_result_alone_concludes_nothing() -> None:
    timeline = told(*TESTED, RESULT)
    assert (standing(timeline), timeline.phase) == ({"main.to_conclude"}, "sampled")


def test_confirmed_and_told_waits_for_the_hand_over() -> None:
    timeline = told(*TESTED, RESULT, concluded(21, "confirmed"), act("result_communicated", 22))
    assert (standing(timeline), timeline.phase) == ({"main.to_hand_over"}, "decided")
    timeline = told(
        *TESTED,
        RESULT,
        concluded(21, "confirmed"),
        act("result_communicated", 22),
        act("handed_over", 23, to="hereditary-cancer", accepted=True),
    )
    assert (timeline.status, timeline.outcome, timeline.phase) == ("completed", "handed_over", "started")


def test_naming_the_clinician_is_no_hand_over() -> None:
    story = (*TESTED, RESULT, concluded(21, "confirmed"), act("result_communicated", 22))
    assert standing(told(*story, act("handed_over", 23, to="responsible", accepted=True))) == {"main.to_hand_over"}


def test_not_confirmed_is_a_good_end_once_it_was_told() -> None:
    waiting = told(*TESTED, RESULT, concluded(21, "not_confirmed"))
    assert standing(waiting) == {"main.to_tell"}
    timeline = told(*TESTED, RESULT, concluded(21, "not_confirmed"), act("result_communicated", 22))
    assert (timeline.status, timeline.outcome) == ("completed", "not_confirmed")
    assert timeline.milestones["handed_over"].state == "not_applicable"


def test_another_conclusion_must_be_told_again() -> None:
    timeline = told(*TESTED, RESULT, concluded(21, "confirmed"), act("result_communicated", 22), concluded(30, "reclassified"))
    assert standing(timeline) == {"main.to_tell"}
    assert timeline.milestones["confirmed"].state == "unknown"
