"""What was under way on an earlier day equals what the report said on that day, and the replay of what had been received by then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pathways import journeys
from pathways.models import Journey, Stay
from pathways.replay import replay
from pathways.reports.now import Now, members, now, open_journeys
from pathways.writing.house import House
from pathways.writing.load import load
from patients.models import Patient, Site, User

from .test_as_of import DAY, MONDAY, asked, course, north, somebody, tell

__all__ = ["north"]
pytestmark = pytest.mark.django_db


def waits(report: Now) -> dict[str, tuple[int, int, float]]:
    return {f"{one.track}/{one.stage}": (one.open, one.overdue, one.oldest_days) for one in report.stages}


def replayed(patient: Patient, by: object, facts: set[int]) -> set[str]:
    """Open waits by the pure replay of the facts that stood bound on an evening, written down on that evening."""
    state = load([patient.pk], lock=False)[patient.pk]
    house = House.load(by)  # type: ignore[arg-type]
    found = set()
    for journey in state.journeys:
        definition = house.version(journey.version_id).definition
        timeline = replay(definition, [fact for fact in state.facts if fact.id in facts], house.context(state, journey)[0])
        if timeline.status == "active":
            found |= {f"{stay.track}/{stay.stage}" for stay in timeline.stays if stay.left_at is None and stay.entered_at <= by}  # type: ignore[operator]
    return found


def attached(patient: Patient) -> set[int]:
    return {event for journey in load([patient.pk], lock=False)[patient.pk].journeys for event in journey.attached}


@settings(
    max_examples=2, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(9)))
def test_years_later_each_evening_is_told_as_it_was_told_then(north: Site, order: list[int]) -> None:
    """Facts of a patient arrive in any order; the second is not told of until the fifth evening."""
    with transaction.atomic():
        first, second, facts = somebody(north), somebody(north), course()
        evenings = [MONDAY + timedelta(days=100 + n) for n in range(len(facts))]
        taken = []
        for number, (evening, n) in enumerate(zip(evenings, order, strict=True)):
            tell(first, north, facts[n], evening)
            if number == 4:
                tell(second, north, facts[0], evening)
            taken.append((now(asked(evening)), open_journeys(asked(evening)), attached(first)))
        for evening, (then, under_way, known) in zip(evenings, taken, strict=True):
            told = now(asked(evening))
            assert told == then
            assert open_journeys(asked(evening)) == under_way
            for one in told.stages:
                assert len(members(asked(evening), track=one.track, stage=one.stage)) == one.open
            if not known:  # nobody had a journey yet
                continue
            mine = Stay.objects.filter(journey__patient=first).values_list("pk", flat=True)
            behind = {str(pk) for pk in mine}.intersection(members(asked(evening)))
            assert len(behind) == len(replayed(first, evening, known))
        transaction.set_rollback(True)


def test_an_end_a_new_wait_and_a_journey_that_came_later_are_not_known_before(north: Site) -> None:
    """The order is received on day 30: on day 9 the diagnosis waits for it still, and so it was said; the patient of day 40 is not there."""
    patient, facts = somebody(north), course()
    tell(patient, north, facts[0], MONDAY)
    before = now(asked(MONDAY + 9 * DAY))
    assert before.journeys == 1
    tell(patient, north, facts[1], MONDAY + 30 * DAY)
    tell(somebody(north), north, facts[0], MONDAY + 40 * DAY)
    assert waits(now(asked(MONDAY + 9 * DAY))) == waits(before)
    assert waits(now(asked(MONDAY + 31 * DAY))) != waits(before)
    assert now(asked(MONDAY + 31 * DAY)).journeys == 1
    fay = User.objects.create_user("fay")
    journeys.exit(journey=Journey.objects.get(patient=patient), reason="declined_test", now=MONDAY + 70 * DAY, by=fay)
    assert Journey.objects.get(patient=patient).status == "exited"
    assert (now(asked(MONDAY + 9 * DAY)).journeys, now(asked(MONDAY + 71 * DAY)).journeys) == (1, 1)
    assert now(asked(MONDAY + 9 * DAY)) == before
    here, south = asked(MONDAY + 9 * DAY, sites=[north.pk]), Site.objects.create(code="south", name="South")
    assert (now(here).journeys, waits(now(here))) == (1, waits(before))
    assert now(asked(MONDAY + 9 * DAY, sites=[south.pk])).journeys == 0
