"""A report as of an earlier day uses what had been received by then: it equals the replay of those events, whatever came later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathways import journeys
from pathways.definitions import publish, registry
from pathways.facts import Fact, Rank
from pathways.journeys import Received
from pathways.models import Binding, Event, Rollout
from pathways.replay import replay
from pathways.reports import matched
from pathways.reports.cohort import Member, Question, cohort
from pathways.timeline import PHASES
from pathways.writing.house import House
from pathways.writing.load import load
from pathways.writing.settling import columns
from patients.models import Patient, PatientSite, Person, Site
from tests.pathways.said import LUNG, OSIMERTINIB, fact, result

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def north() -> Iterator[Site]:
    registry.clear()
    publish.publish_catalogue(by=None, now=MONDAY)
    north = Site.objects.create(code="north", name="North")
    Rollout.objects.create(site=north, pathway="nsclc-biomarker", mode="backfill")
    yield north
    registry.clear()


def somebody(site: Site) -> Patient:
    patient = Patient.objects.create(person=Person.objects.create(family="Q"), registered_at=MONDAY)
    PatientSite.objects.create(patient=patient, site=site, since=MONDAY)
    return patient


def course() -> list[Fact]:
    """A lung journey to its drug, with what makes reports disagree over time: a corrected order, a result taken back, a late specimen."""
    order, specimen = "placer:O1", "specimen:S1"
    tissue = {"specimen_class": "tissue"}
    again = {**tissue, "text": "NGS lung panel"}
    moved = fact("test_ordered", MONDAY, "O1", family="order", keys=(order,), body=again, rank=Rank.CORRECTED, issued=MONDAY + 5 * DAY)
    return [
        fact("diagnosis", MONDAY, "D1", body=LUNG),
        fact("test_ordered", MONDAY + DAY, "O1", family="order", keys=(order,), body=again),
        fact("specimen_collected", MONDAY + 2 * DAY, "S1", keys=(order, specimen), body=tissue),
        moved,
        result(MONDAY + 10 * DAY, "EGFR", rank=Rank.PRELIMINARY, complete=False),
        result(MONDAY + 12 * DAY, "EGFR"),
        result(MONDAY + 12 * DAY, "EGFR", rank=Rank.CORRECTED, complete=False),
        fact("treatment_decided", MONDAY + 14 * DAY, "T1", body={"decision": "matched", "drugs": [OSIMERTINIB]}),
        fact("died", MONDAY + 60 * DAY, "X1"),
    ]


def tell(patient: Patient, site: Site, told: Fact, now: datetime) -> None:
    with transaction.atomic():
        journeys.receive([Received(patient.pk, (told,), site.pk)], now=now)


def asked(as_of: datetime, **more: Any) -> Question:
    return Question(pathway="nsclc-biomarker", as_of=as_of, prevalent=True, **more)


def seen(question: Question) -> tuple[list[Member], Any]:
    found = cohort(question)
    return list(found.members), matched.standing(question, found.columns.id).has.tolist()


def replay_of_received(patient: Patient, journey_id: int, by: datetime) -> dict[str, Any]:
    """The columns of a journey, replayed from the events that were received and bound by then, and nothing else."""
    latest = Binding.objects.filter(journey=journey_id, at__lte=by).order_by("event_id", "-pk").distinct("event_id")
    bound = {binding.event_id for binding in latest if binding.attached}
    bound &= set(Event.objects.filter(received_at__lte=by).values_list("pk", flat=True))
    state = load([patient.pk], lock=False)[patient.pk]
    journey = next(one for one in state.journeys if one.id == journey_id)
    house = House.load(by)
    context, digest = house.context(state, journey)
    definition = house.version(journey.version_id).definition
    return columns(definition, replay(definition, [fact for fact in state.facts if fact.id in bound], context), digest)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(9)))
def test_what_was_received_by_a_day_is_what_the_replay_of_it_says(north: Site, order: list[int]) -> None:
    """Facts arrive in any order; on every evening the report is taken down. Years later it says the same of each evening."""
    with transaction.atomic():
        patient, facts = somebody(north), course()
        evenings = [MONDAY + timedelta(days=100 + n) for n in range(len(facts))]
        taken = []
        for evening, n in zip(evenings, order, strict=True):
            tell(patient, north, facts[n], evening)
            taken.append(seen(asked(evening)))
        for evening, then in zip(evenings, taken, strict=True):
            assert seen(asked(evening)) == then
            for member in then[0]:
                replayed = replay_of_received(patient, member.id, evening)
                assert member.status == replayed["status"]
                assert (member.exit_class, member.ended_at) == (replayed["exit_class"], replayed["ended_at"])
                assert member.times == [replayed[f"{phase}_at"] for phase in PHASES]
        transaction.set_rollback(True)


def test_hindsight_says_what_is_known_now_about_then(north: Site) -> None:
    """The order of Tuesday is received weeks later: on the evening of its day nobody knew, today we know that it was so."""
    patient, facts = somebody(north), course()
    tell(patient, north, facts[0], MONDAY)
    tell(patient, north, facts[1], MONDAY + 30 * DAY)
    then, now_known = (cohort(asked(MONDAY + 9 * DAY, hindsight=known)).members[0] for known in (False, True))
    assert then.times[1] is None
    assert now_known.times[1] == MONDAY + DAY
    assert cohort(asked(MONDAY + 30 * DAY)).members[0].times[1] == MONDAY + DAY


def test_a_journey_that_we_heard_of_later_was_not_there(north: Site) -> None:
    patient = somebody(north)
    tell(patient, north, course()[0], MONDAY + 30 * DAY)
    assert cohort(asked(MONDAY + 29 * DAY)).n == 0
    assert cohort(asked(MONDAY + 29 * DAY, hindsight=True)).n == 1
