"""Messages come as networks bring them: in any order, some of them twice, some before we know whose they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathways.ingest import intake

from .letters import L858R, Chart, Letter
from .telling import Hospital, day

pytestmark = pytest.mark.django_db


def course(hospital: Hospital, chart: Chart) -> list[Letter]:
    """One person's whole way, each message written on its day; nothing was received yet."""
    days = (
        (0, chart.registered),
        (0, chart.has_lung_cancer),
        (1, chart.test_ordered),
        (2, chart.tissue_taken),
        (3, chart.tissue_at_lab),
        (10, lambda: chart.report(status="P", genes=["EGFR"], EGFR=L858R)),
        (14, lambda: chart.report(EGFR=L858R)),
        (16, lambda: chart.sheet("treatment_decided", decision="matched")),
        (17, chart.drug_ordered),
        (21, chart.drug_handed_over),
    )
    letters = []
    for n, write in days:
        hospital.now = day(n)
        letters.append(write())
    hospital.now = day(40)
    return letters


def received(hospital: Hospital, letters: list[Letter]) -> None:
    for letter in letters:
        intake.receive([letter.body], feed=hospital.feeds[letter.feed], now=hospital.now)


def picture(hospital: Hospital, chart: Chart) -> Any:
    """All that a reader sees of the journey: phase, milestones with their times, waits with theirs."""
    journey = hospital.journey(chart)
    milestones = {name: (state, at) for name, (state, at, _basis) in journey.milestones.items()}
    stays = journey.stays.current().values_list("track", "stage__name", "occurrence", "entered_at", "due_at", "left_at")
    times = (journey.ordered_at, journey.sampled_at, journey.resulted_at, journey.decided_at, journey.started_at)
    return journey.phase, journey.status, journey.ball, times, milestones, sorted(map(str, stays))


@pytest.fixture
def in_order(hospital: Hospital) -> Any:
    chart = hospital.stranger()
    received(hospital, course(hospital, chart))
    return picture(hospital, chart)


@given(data=st.data())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_any_duplication_of_messages_tell_the_same_story(hospital: Hospital, in_order: Any, data: Any) -> None:
    """However Ana's ten messages arrive, her journey's page looks the same; what came before her registration waited for it."""
    chart = hospital.stranger()
    letters = course(hospital, chart)
    again = data.draw(st.lists(st.sampled_from(range(len(letters))), max_size=4))
    order = data.draw(st.permutations([*range(len(letters)), *again]))
    received(hospital, [letters[n] for n in order])
    assert picture(hospital, chart) == in_order
