"""Replay of the hereditary cancer programme: what is waited for, and what must not follow from an uncertain finding, a wish or a death."""

from __future__ import annotations

import pytest

from pathways.facts import Fact, Rank
from pathways.timeline import Context, Timeline
from tests.pathways.facts import BOSTON, START, act, enrolled, fact, rule, standing, stay, tell

CONTEXT = Context(calendar=BOSTON, opened_at=START, entry="criteria")
BASE = (
    enrolled(entry="criteria"),
    fact("referral", 1, "R1", specialty="genetics"),
    fact("counselled", 20, "C1"),
    fact("test_ordered", 21, "T1", "placer:T1", specimen_class="blood"),
    fact("specimen_collected", 22, "S1", "placer:T1", specimen_class="blood"),
)


def variant(significance: str) -> dict[str, str]:
    return {"gene": "BRCA2", "alteration": "c.5946del", "presence": "present", "significance": significance, "origin": "germline"}


def result(on: float, significance: str, name: str = "F1", **more: object) -> Fact:
    return fact("result_final", on, name, "placer:T1", specimen_class="blood", findings=[variant(significance)], **more)


PATHOGENIC, FLAG = result(40, "pathogenic"), rule("flagged_actionable", 40)
UNCERTAIN = result(40, "vus")
TOLD = act("result_communicated", 44)


def told(*more: Fact) -> Timeline:
    return tell(*BASE, *more, pathway="hereditary-cancer", context=CONTEXT)


def consent(kind: str, decision: str, on: float, name: str = "1") -> Fact:
    return fact("consent_recorded", on, name, consent_kind=kind, decision=decision)


def test_a_referral_waits_thirty_seven_days_for_counselling() -> None:
    timeline = tell(*BASE[:2], pathway="hereditary-cancer", context=CONTEXT)
    assert standing(timeline) == {"main.to_counsel"}
    due = stay(timeline, "main.to_counsel").due_at
    assert due is not None
    assert (due.date() - BASE[1].occurred.lo.date()).days == 37


def test_a_kit_that_went_out_waits_for_the_patient() -> None:
    timeline = tell(*BASE[:4], fact("kit_sent", 22, "K1"), pathway="hereditary-cancer", context=CONTEXT)
    assert standing(timeline) == {"main.kit_out"}
    assert timeline.balls[-1].party == "patient"


def test_the_form_blocks_nothing() -> None:
    sent = fact("form_sent", 2, "Q1")
    assert standing(tell(*BASE[:2], sent, pathway="hereditary-cancer", context=CONTEXT)) == {"main.to_counsel", "history.out"}
    assert standing(told(sent)) == {"main.awaiting_result"}


def test_a_pathogenic_finding_is_told_planned_listed_and_acted_on() -> None:
    assert standing(told(PATHOGENIC, FLAG)) == {"main.to_disclose"}
    assert standing(told(PATHOGENIC, FLAG, TOLD)) == {"main.to_plan", "family.to_ask", "problem_list.to_list"}
    planned = told(PATHOGENIC, FLAG, TOLD, act("management_planned", 60), fact("problem_listed", 61, "P"))
    assert standing(planned) == {"main.to_act", "family.to_ask"}
    assert planned.phase == "decided"
    timeline = told(PATHOGENIC, FLAG, TOLD, act("management_planned", 60), fact("risk_managed", 90, "M"))
    assert (timeline.status, timeline.outcome, timeline.phase) == ("completed", "managed", "started")


def test_nothing_found_and_told_is_a_good_end() -> None:
    negative = (result(40, "benign"), rule("not_actionable", 40))
    assert standing(told(*negative)) == {"main.to_tell"}
    timeline = told(*negative, TOLD)
    assert (timeline.status, timeline.outcome) == ("completed", "negative")
    assert timeline.milestones["risk_managed"].state == "not_applicable"


def test_an_uncertain_finding_asks_nobody_about_relatives() -> None:
    assert standing(told(UNCERTAIN)) == {"main.to_tell_uncertain"}
    assert standing(told(UNCERTAIN, TOLD)) == {"main.reclassification_watch"}
    assert not {one.track for one in told(UNCERTAIN, TOLD).stays} & {"family", "problem_list"}


def test_an_uncertain_finding_that_becomes_pathogenic_asks_to_be_told_anew() -> None:
    """By a report of its own, and by an amended version of the first one, which came when the first one came."""
    again = told(UNCERTAIN, TOLD, result(400, "pathogenic", "F2"), rule("flagged_actionable", 400))
    assert standing(again) == {"main.to_disclose"}
    amended = result(40, "pathogenic", rank=Rank.CORRECTED, issued=400)
    timeline = told(amended, TOLD, rule("flagged_actionable", 400))
    assert standing(timeline) == {"main.to_disclose"}
    assert "result_changed" in {kind for kind, _ in timeline.matters}


def test_a_finding_that_is_none_any_more_must_be_told_before_anything_else() -> None:
    down = told(PATHOGENIC, FLAG, TOLD, act("management_planned", 60), rule("not_actionable", 300, "2"))
    assert standing(down) == {"main.downgraded"}
    assert told(PATHOGENIC, FLAG, TOLD, rule("not_actionable", 300, "2"), act("result_communicated", 302, "2")).outcome == "reclassified"


def test_who_does_not_wish_to_know_is_told_nothing_and_asked_for_no_relative() -> None:
    wish = consent("disclosure", "revoked", 30)
    assert standing(told(wish, PATHOGENIC, FLAG)) == {"main.respects_wish"}
    assert told(wish, PATHOGENIC, FLAG).status == "active", "a rule never closes a journey with an actionable result"
    assert standing(told(wish, PATHOGENIC, FLAG, consent("disclosure", "granted", 50, "2"))) == {"main.to_disclose"}
    later = told(PATHOGENIC, FLAG, TOLD, consent("disclosure", "revoked", 45))
    assert standing(later) == {"main.respects_wish"}
    signed = told(wish, PATHOGENIC, FLAG, act("exited", 55, reason="right_not_to_know"))
    assert (signed.status, signed.exit_class) == ("exited", "patient_choice")


def test_who_allows_no_contact_with_relatives_is_not_asked_for_them_again() -> None:
    refused = told(PATHOGENIC, FLAG, TOLD, consent("family_contact", "revoked", 45))
    assert standing(refused) == {"main.to_plan", "problem_list.to_list"}
    assert refused.milestones["family_contact_refused"].state == "reached"


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ((PATHOGENIC, FLAG, TOLD), (), {"main.after_death", "family.to_ask"}),
        ((), (result(60, "pathogenic"), rule("flagged_actionable", 60)), {"main.after_death"}),
        ((), (), {"main.awaiting_result"}),
    ],
)
def test_a_death_does_not_end_what_concerns_the_relatives(before: tuple[Fact, ...], after: tuple[Fact, ...], where: set[str]) -> None:
    timeline = told(*before, fact("death", 50, "patient"), *after)
    assert (timeline.status, standing(timeline)) == ("active", where)


def test_a_death_ends_it_where_nothing_was_found_or_taken() -> None:
    dead = fact("death", 50, "patient")
    assert told(dead, result(60, "benign"), rule("not_actionable", 60)).exit_reason == "deceased"
    assert tell(*BASE[:3], dead, pathway="hereditary-cancer", context=CONTEXT).exit_reason == "deceased"


def test_a_refused_sample_goes_back_to_the_clinic() -> None:
    assert standing(told(fact("specimen_rejected", 24, "S1", "placer:T1", specimen_class="blood"))) == {"main.to_collect"}
