"""Replay of a relative's journey: the first person's word decides until the relative has one of their own."""

from __future__ import annotations

from pathways.facts import Fact
from pathways.timeline import Context, Timeline
from tests.pathways.facts import BOSTON, START, act, definition, enrolled, fact, rule, standing, tell

CONTEXT = Context(calendar=BOSTON, opened_at=START, entry="named")


def news(on: float, contact: str = "unasked", finding: str = "pathogenic", *, alive: bool = True) -> Fact:
    return act("family_news", on, f"N{on}", contact=contact, finding=finding, alive=alive)


def told(*facts: Fact) -> Timeline:
    return tell(enrolled(entry="named"), *facts, pathway="cascade-testing", context=CONTEXT)


NAMED, ALLOWED, REFUSED = news(0), news(5, "allowed"), news(20, "refused")
REACHED, JOINED = act("contact_attempted", 10, channel="phone", outcome="reached"), act("relative_joined", 15)


def test_nobody_is_invited_before_it_is_allowed() -> None:
    assert standing(told(NAMED)) == {"main.to_permit"}
    assert standing(told(NAMED, REACHED)) == {"main.to_permit"}
    assert standing(told(NAMED, ALLOWED)) == {"main.to_invite"}
    assert standing(told(NAMED, ALLOWED, REACHED)) == {"main.to_consent"}
    assert standing(told(NAMED, ALLOWED, REACHED, JOINED)) == {"main.to_counsel"}


def test_every_rung_before_joining_is_the_counselors() -> None:
    stages = ("to_permit", "not_to_invite", "to_invite", "to_consent", "reason_gone")
    assert {rung.to for stage in stages for rung in definition("cascade-testing").stages[f"main.{stage}"].ladder} == {"genetic_counselor"}


def test_a_refusal_stops_invitations_until_the_relative_has_joined() -> None:
    assert standing(told(NAMED, ALLOWED, REFUSED)) == {"main.not_to_invite"}
    assert standing(told(NAMED, ALLOWED, REFUSED, news(30, "allowed"))) == {"main.to_invite"}
    assert standing(told(NAMED, ALLOWED, REACHED, JOINED, REFUSED)) == {"main.to_counsel"}


def test_a_finding_that_is_gone_ends_the_reason_only_before_joining() -> None:
    gone = news(18, "allowed", "gone")
    assert standing(told(NAMED, ALLOWED, gone)) == {"main.reason_gone"}
    assert standing(told(NAMED, ALLOWED, gone, news(40, "allowed"))) == {"main.to_invite"}
    assert standing(told(NAMED, ALLOWED, REACHED, JOINED, gone)) == {"main.to_counsel"}


def test_the_first_persons_death_changes_nothing_of_what_is_allowed() -> None:
    assert standing(told(NAMED, ALLOWED, news(9, "allowed", alive=False))) == {"main.to_invite"}


def test_the_relatives_own_wish_not_to_know_counts() -> None:
    tested = (JOINED, fact("test_ordered", 20, "T", "placer:T"), fact("specimen_collected", 21, "S", "placer:T", specimen_class="saliva"))
    wish = fact("consent_recorded", 25, consent_kind="disclosure", decision="revoked")
    found = fact("result_final", 40, "F", "placer:T", findings=[]), rule("flagged_actionable", 40)
    assert standing(told(NAMED, ALLOWED, *tested, *found)) == {"main.to_disclose"}
    assert standing(told(NAMED, ALLOWED, *tested, wish, *found)) == {"main.respects_wish"}


def test_a_relative_without_the_variant_is_a_good_end() -> None:
    done = told(
        NAMED,
        ALLOWED,
        JOINED,
        fact("test_ordered", 20, "T", "placer:T"),
        fact("result_final", 40, "F", "placer:T", findings=[]),
        rule("not_actionable", 40),
        act("result_communicated", 45),
    )
    assert (done.status, done.outcome, done.phase) == ("completed", "negative", "resulted")
