"""A rule that comes later, a variant reclassified after the end: the closed journey is shown again, and only a clinician opens it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pathways import invariants, journeys, second_chance
from pathways.facts import Rank
from pathways.knowledge import Knowledge, load
from pathways.models import Journey
from pathways.second_chance import ADDED, RECLASSIFIED, find
from patients.models import Site, User
from tests.pathways.said import result
from tests.pathways.test_journeys import DAY, MONDAY, site, somebody, tell, the_course

__all__ = ["site"]  # the fixture
pytestmark = pytest.mark.django_db
LATER = MONDAY + 200 * DAY


def without_egfr(until: date) -> Knowledge:
    """The knowledge of a world in which nothing for EGFR was approved before `until`."""
    known = load()
    file = known.tumours["nsclc"]
    rules = tuple(rule.model_copy(update={"approved": until}) if "EGFR" in rule.genes else rule for rule in file.rules)
    return replace(
        known,
        digest=f"{known.digest}-{until}",
        tumours={**known.tumours, "nsclc": file.model_copy(update={"rules": rules})},
        rules={**known.rules, **{rule.id: rule for rule in rules}},
    )


def closed(site: Site, *facts: object) -> Journey:
    ana = somebody(site)
    tell(ana, site, *facts, now=MONDAY + 13 * DAY)  # type: ignore[arg-type]
    journey = Journey.objects.get(patient=ana)
    journeys.exit(journey=journey, reason="lost_to_follow_up", now=MONDAY + 20 * DAY, by=User.objects.get())
    return journey


def test_a_rule_that_comes_later_shows_the_journey_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    known = without_egfr((MONDAY + 100 * DAY).date())
    monkeypatch.setattr("pathways.writing.house.House.knowledge", known)
    journey = closed(site, *the_course()[:-1])
    assert not find(now=MONDAY + 50 * DAY)
    [chance] = find(now=LATER)
    assert (chance.journey_id, chance.why, chance.genes, chance.before) == (journey.pk, ADDED, ("EGFR",), ())
    assert chance.rules
    assert all("EGFR" in known.rules[rule].genes for rule in chance.rules)
    journey.refresh_from_db()
    assert journey.status == "exited"
    assert not find(now=LATER, sites=[site.pk + 1])


def test_what_was_flagged_before_the_end_is_no_second_chance(site: Site) -> None:
    closed(site, *the_course()[:-1])
    assert not find(now=LATER)


def test_a_result_that_is_corrected_after_the_end_shows_it_again(site: Site) -> None:
    journey = closed(site, *the_course()[:4], result(MONDAY + 12 * DAY))
    assert not find(now=LATER)
    corrected = result(MONDAY + 12 * DAY, "EGFR", rank=Rank.CORRECTED, issued=MONDAY + 90 * DAY)
    tell(journey.patient, site, corrected, now=MONDAY + 91 * DAY)
    journey.refresh_from_db()
    assert journey.status == "exited"
    [chance] = find(now=LATER)
    assert (chance.journey_id, chance.why, chance.genes) == (journey.pk, RECLASSIFIED, ("EGFR",))


def test_a_clinician_opens_it_or_says_no_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathways.writing.house.House.knowledge", without_egfr((MONDAY + 100 * DAY).date()))
    opened, declined = closed(site, *the_course()[:-1]), closed(site, *the_course()[:-1])
    chances = {chance.journey_id: chance for chance in find(now=LATER)}
    clinician = User.objects.get()
    second_chance.reopen(journey=opened, chance=chances[opened.pk], reason="to be offered", by=clinician, now=LATER)
    second_chance.decline(journey=declined, chance=chances[declined.pk], reason="too frail", by=clinician, now=LATER)
    opened.refresh_from_db()
    declined.refresh_from_db()
    assert (opened.status, declined.status) == ("active", "exited")
    assert not find(now=LATER + timedelta(days=1))
    assert invariants.check(now=LATER) == []


def test_who_got_the_drug_or_died_is_not_shown(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathways.writing.house.House.knowledge", without_egfr((MONDAY + 100 * DAY).date()))
    journey = closed(site, *the_course()[:-1])
    Journey.objects.filter(pk=journey.pk).update(exit_reason="deceased")
    assert not find(now=LATER)
