"""Replay of population screening: the doctor first, then phone, portal, letter; and who knew it before is counted apart."""

from __future__ import annotations

from pathways.facts import Fact, Grade
from pathways.timeline import Context, Timeline
from tests.pathways.facts import BOSTON, START, act, definition, enrolled, fact, rule, standing, tell

CONTEXT = Context(calendar=BOSTON, opened_at=START, entry="consented")
CONSENT = fact("consent_recorded", 0, "C", consent_kind="research", decision="granted", programme="population-screening")
SAMPLE = fact("specimen_collected", 30, "S", "placer:T", specimen_class="blood")
RESULT, FLAG = fact("result_final", 120, "F", "placer:T", specimen_class="blood", findings=[]), rule("flagged_actionable", 120)
DOCTOR, TOLD = act("provider_told", 121, to="own doctor"), act("result_communicated", 130)


def tried(channel: str, on: float, outcome: str = "no_answer") -> Fact:
    return act("contact_attempted", on, f"{channel}{on}", channel=channel, outcome=outcome)


def told(*more: Fact) -> Timeline:
    return tell(enrolled(entry="consented"), CONSENT, SAMPLE, RESULT, FLAG, *more, pathway="population-screening", context=CONTEXT)


def test_consent_counts_as_ordered_and_the_sample_waits_for_the_next_blood_draw() -> None:
    timeline = tell(enrolled(entry="consented"), CONSENT, pathway="population-screening", context=CONTEXT)
    assert (timeline.phase, standing(timeline)) == ("ordered", {"main.to_order"})


def test_the_doctor_is_told_before_the_person() -> None:
    assert standing(told()) == {"main.to_tell_doctor"}
    assert standing(told(DOCTOR)) == {"main.to_phone"}


def test_phone_then_portal_then_letter_then_a_person_decides() -> None:
    calls = (DOCTOR, tried("phone", 122))
    assert standing(told(*calls)) == {"main.to_portal"}
    assert standing(told(*calls, tried("portal", 124))) == {"main.to_letter"}
    sent = (*calls, tried("portal", 124), tried("letter", 130))
    assert standing(told(*sent)) == {"main.letter_out"}
    assert told(*sent).status == "active", "nobody reached is no end by itself"
    assert told(*sent, act("exited", 160, reason="lost_to_follow_up")).exit_class == "preventable"


def test_any_answer_leads_to_disclosure() -> None:
    for before in (
        (),
        (tried("phone", 122),),
        (tried("phone", 122), tried("portal", 124)),
        (tried("phone", 122), tried("portal", 124), tried("letter", 130)),
    ):
        assert standing(told(DOCTOR, *before, tried("phone", 140, "reached"))) == {"main.to_disclose"}


def test_told_counselled_planned_and_acted_on() -> None:
    disclosed = (DOCTOR, tried("phone", 125, "reached"), TOLD)
    assert standing(told(*disclosed)) == {"main.to_counsel", "family.to_ask", "problem_list.to_list"}
    assert told(*disclosed).phase == "decided"
    done = told(*disclosed, act("counselled", 150), act("management_planned", 151), fact("risk_managed", 200, "M"))
    assert (done.status, done.outcome, done.phase) == ("completed", "managed", "started")


def test_known_before_is_a_completion_of_its_own_and_a_person_says_so() -> None:
    assert (told(act("already_known", 122)).status, told(act("already_known", 122)).outcome) == ("completed", "already_known")
    by_rule = fact("already_known", 122, grade=Grade.RULE)
    assert told(by_rule).status == "active"


def test_who_does_not_wish_to_know_is_not_called() -> None:
    wish = fact("consent_recorded", 121, "W", consent_kind="disclosure", decision="revoked")
    assert standing(told(DOCTOR, wish)) == {"main.respects_wish"}


def test_nobody_is_texted_between_result_and_disclosure() -> None:
    stages = definition("population-screening").stages
    waiting = [stage for key, stage in stages.items() if key.startswith("main.") and stage.phase in ("resulted", "decided")]
    assert waiting
    assert not [rung for stage in waiting for rung in stage.ladder if rung.is_text]


def test_nothing_found_is_told_and_ends_well() -> None:
    nothing = (enrolled(entry="consented"), CONSENT, SAMPLE, RESULT, rule("not_actionable", 120))
    assert standing(tell(*nothing, pathway="population-screening", context=CONTEXT)) == {"main.to_tell"}
    assert tell(*nothing, TOLD, pathway="population-screening", context=CONTEXT).outcome == "negative"
