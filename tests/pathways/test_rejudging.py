"""A row that is approved, given up, or shipped anew is applied to journeys that are under way within a tick, and to no closed one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notifications.tick import tick
from pathways import approvals, invariants, newly_actionable, rejudging, second_chance
from pathways.journeys import exit as leave
from pathways.knowledge import Knowledge, load
from pathways.models import Event, Journey, KnowledgeInForce
from patients.models import Patient, Site, User
from tests.pathways.test_journeys import DAY, MONDAY, site, somebody, tell, the_course

__all__ = ["site"]  # the fixture
pytestmark = pytest.mark.django_db
LATER = MONDAY + 20 * DAY
EGFR = "egfr-osimertinib-first"


def not_verified() -> Knowledge:
    """The knowledge of a house in which nobody verified the rows of EGFR."""
    file = load().tumours["nsclc"]
    rules = tuple(rule.model_copy(update={"status": "unverified"}) if "EGFR" in rule.genes else rule for rule in file.rules)
    tumours = {**load().tumours, "nsclc": file.model_copy(update={"rules": rules})}
    known = {rule.id: rule for one in tumours.values() for rule in one.rules}
    return replace(load(), version="unverified", digest="unverified", tumours=tumours, rules=known)


@pytest.fixture
def petra(site: Site, monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.setattr("pathways.approvals.load", not_verified)
    return User.objects.get()


def reported(site: Site) -> Patient:
    """EGFR was found, and no row in force here names it."""
    ana = somebody(site)
    tell(ana, site, *the_course()[:-1], now=MONDAY + 13 * DAY)
    return ana


def waits_at(patient: Patient) -> str:
    stage: str = Journey.objects.get(patient=patient).stays.open().get(track="main").stage.name
    return stage


def flagged(patient: Patient) -> bool:
    return "flagged_actionable" in Journey.objects.get(patient=patient).milestones


def test_an_approval_flags_what_is_under_way_at_the_next_tick_and_giving_it_up_takes_the_flag_back(site: Site, petra: User) -> None:
    ana = reported(site)
    tick(now=MONDAY + 13 * DAY)
    before = waits_at(ana)
    assert not flagged(ana)
    approvals.approve(rule=EGFR, by=petra, reason="label read here", now=LATER)
    tick(now=LATER)
    assert flagged(ana)
    assert waits_at(ana) != before
    assert not newly_actionable.find(now=LATER), "it flags already: nobody need take it up"
    approvals.give_up(rule=EGFR, by=petra, reason="read wrongly", now=LATER + DAY)
    tick(now=LATER + DAY)
    assert (flagged(ana), waits_at(ana)) == (False, before)
    assert [row.judged_after for row in KnowledgeInForce.objects.order_by("pk")] == [None] * 3
    assert invariants.check(now=LATER + DAY) == []


def test_an_approval_before_the_first_tick_is_applied_too(site: Site, petra: User) -> None:
    ana = reported(site)
    approvals.approve(rule=EGFR, by=petra, reason="label read here", now=LATER)
    assert rejudging.judge_again(now=LATER) == 1
    assert flagged(ana)


def test_a_release_that_verifies_the_row_is_applied_as_an_approval_is(site: Site, petra: User, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = reported(site)
    assert rejudging.judge_again(now=MONDAY + 13 * DAY) == 0, "what the first knowledge judged needs no second look"
    monkeypatch.setattr("pathways.approvals.load", load)
    assert rejudging.judge_again(now=LATER) == 1
    assert flagged(ana)
    assert rejudging.judge_again(now=LATER) == 0


def test_a_journey_that_ended_is_left_to_a_clinician(site: Site, petra: User) -> None:
    """The patient's open journey is judged anew, the closed one stands on the list of second chances, for the reason that a rule came."""
    ana = reported(site)
    journey = Journey.objects.get()
    leave(journey=journey, reason="declined_therapy", now=MONDAY + 14 * DAY, by=petra)
    approvals.approve(rule=EGFR, by=petra, reason="label read here", now=LATER)
    assert rejudging.judge_again(now=LATER) == 0
    assert not flagged(ana)
    assert not Event.objects.filter(kind="flagged_actionable").exists()
    assert [chance.why for chance in second_chance.find(now=LATER)] == [second_chance.ADDED]


def test_many_journeys_are_gone_through_in_batches_and_the_place_is_kept(site: Site, petra: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejudging, "BATCH", 1)
    several = [reported(site) for _ in range(3)]
    approvals.approve(rule=EGFR, by=petra, reason="label read here", now=LATER)
    assert rejudging.judge_again(now=LATER, batches=2) == 2
    assert [flagged(one) for one in several] == [True, True, False]
    assert rejudging.judge_again(now=LATER, batches=2) == 1
    assert all(flagged(one) for one in several)
