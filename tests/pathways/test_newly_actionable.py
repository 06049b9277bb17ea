"""A rule that comes while a journey is under way, a variant that reads otherwise: shown with the difference, and a clinician decides."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pathways import invariants, newly_actionable
from pathways.facts import Rank
from pathways.models import Event, Journey
from pathways.newly_actionable import ADDED, RECLASSIFIED, find
from patients.models import Site, User
from tests.pathways.said import result
from tests.pathways.test_journeys import DAY, MONDAY, site, somebody, tell, the_course
from tests.pathways.test_second_chance import without_egfr

__all__ = ["site"]  # the fixture
pytestmark = pytest.mark.django_db
LATER = MONDAY + 200 * DAY
CAME = (MONDAY + 100 * DAY).date()


def under_way(site: Site, *facts: object) -> Journey:
    ana = somebody(site)
    tell(ana, site, *facts, now=MONDAY + 13 * DAY)  # type: ignore[arg-type]
    return Journey.objects.get(patient=ana)


@pytest.fixture
def late_rule(site: Site, monkeypatch: pytest.MonkeyPatch) -> Journey:
    """EGFR was found while no rule for it was in force; one comes a hundred days later."""
    monkeypatch.setattr("pathways.writing.house.House.knowledge", without_egfr(CAME))
    return under_way(site, *the_course()[:-1])


def test_a_rule_that_comes_later_shows_the_open_journey_with_the_difference(late_rule: Journey, site: Site) -> None:
    assert not find(now=MONDAY + 50 * DAY)
    [news] = find(now=LATER)
    assert (news.journey_id, news.why, news.genes, news.before, news.since) == (late_rule.pk, ADDED, ("EGFR",), (), CAME)
    assert news.rules
    assert news.would_be
    assert not find(now=LATER, sites=[site.pk + 1])
    assert not find(now=LATER, pathway="mrd-surveillance")
    late_rule.refresh_from_db()
    assert not Event.objects.filter(kind="flagged_actionable").exists(), "nothing opens by itself"


def test_what_is_flagged_already_is_no_news(site: Site) -> None:
    under_way(site, *the_course()[:-1])
    assert not find(now=LATER)


def test_a_variant_that_is_reclassified_is_news_until_a_clinician_answers(site: Site) -> None:
    journey = under_way(site, *the_course()[:4], result(MONDAY + 12 * DAY))
    assert not find(now=LATER)
    journey.refresh_from_db()
    if journey.status != "active":
        pytest.fail("the journey must be under way for this")
    corrected = result(MONDAY + 12 * DAY, "EGFR", rank=Rank.CORRECTED, issued=MONDAY + 90 * DAY)
    tell(journey.patient, site, corrected, now=MONDAY + 91 * DAY)
    [news] = find(now=LATER)
    assert (news.why, news.genes, news.since) == (RECLASSIFIED, ("EGFR",), (MONDAY + 90 * DAY).date())
    newly_actionable.take_up(journey=journey, news=news, reason="new reading", by=User.objects.get(), now=LATER)
    assert not find(now=LATER + DAY)


def test_a_clinician_takes_it_up(late_rule: Journey) -> None:
    [news] = find(now=LATER)
    assert news.findings == (("EGFR", "L858R"),)
    newly_actionable.take_up(journey=late_rule, news=news, reason="to be offered", by=User.objects.get(), now=LATER)
    event = Event.objects.get(kind="actionable_confirmed")
    assert event.body["gene"] == "EGFR"
    assert event.body["rules"] == list(news.rules)
    assert not find(now=LATER + timedelta(days=1))
    assert invariants.check(now=LATER) == []


def test_a_clinician_sets_it_aside_and_nothing_ends(late_rule: Journey) -> None:
    [news] = find(now=LATER)
    newly_actionable.set_aside(journey=late_rule, news=news, reason="too frail", by=User.objects.get(), now=LATER)
    late_rule.refresh_from_db()
    assert late_rule.status == "active"
    assert not find(now=LATER + timedelta(days=1))
    assert invariants.check(now=LATER) == []
