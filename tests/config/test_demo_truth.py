"""The truth of the cohort, told by itself, and how the product's alerts are held against it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from config.demo import lung, truth
from config.demo.accounts import Wait, waits
from config.demo.compare import Raised, match
from config.demo.course import Course
from config.demo.funnel import funnel
from config.demo.run import last_tick, ticks
from config.demo.story import cohort
from config.demo.truth import Stall
from pathways.deadlines import parse
from pathways.definitions.compile import compile_body
from pathways.definitions.reading import CATALOG, read_path
from pathways.timeline import Calendar

TODAY = datetime(2026, 3, 11, 18, tzinfo=UTC)
CALENDARS = {"harbor": Calendar("America/New_York"), "prairie": Calendar("America/Chicago")}
PUBLISHED = [1000, 934, 798, 784, 647, 528, 503, 356]
MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def courses() -> list[Course]:
    return cohort(count=2000, days=548, seed=3, today=TODAY)


def test_everybody_reaches_in_the_end_what_their_fate_says(courses: list[Course]) -> None:
    far = TODAY + timedelta(days=2000)
    patients = sum(course.pathway == lung.PATHWAY for course in courses)
    reached = funnel(courses, far)
    assert reached[0] == patients
    assert all(abs(got * 1000 / patients - published) < 2 for got, published in zip(reached, PUBLISHED, strict=True))


def test_today_some_are_still_on_their_way(courses: list[Course]) -> None:
    now, later = funnel(courses, TODAY), funnel(courses, TODAY + timedelta(days=2000))
    assert now[0] == later[0]
    assert all(mine <= theirs for mine, theirs in zip(now, later, strict=True))
    assert now[7] < later[7]


def test_the_never_ordered_wait_for_an_order_and_stall(courses: list[Course]) -> None:
    looks = ticks(TODAY, 548)
    never = [course for course in courses if course.fate == "not_ordered" and course.until(TODAY)[-1].kind in ("exited", "death")]
    late = {stall.mrn for stall in truth.stalls(never, looks=looks, calendars=CALENDARS) if stall.stage == "main.to_order"}
    assert never
    assert late == {course.person.mrn for course in never}


@pytest.mark.parametrize("pathway", sorted(truth.CLOCKS))
def test_its_clocks_are_those_of_the_definition(pathway: str) -> None:
    """Written down twice on purpose: neither follows from the other."""
    definition = compile_body(read_path(CATALOG / f"{pathway}.yaml").body)
    for stage, clock in truth.CLOCKS[pathway].items():
        assert definition.stages[stage].within == parse(clock), stage
        assert not definition.stages[stage].watch


def test_waits_of_one_track_follow_each_other(courses: list[Course]) -> None:
    for course in courses[:300]:
        if course.pathway != lung.PATHWAY:
            continue
        tracks: dict[str, list[Wait]] = {}
        for wait in waits(course, TODAY):
            tracks.setdefault(wait.stage.partition(".")[0], []).append(wait)
        for mine in tracks.values():
            for one, following in pairwise(mine):
                assert one.left is not None
                assert one.entered <= one.left <= following.entered


def stall(stage: str = "main.to_order", due: datetime = MONDAY, left: datetime | None = None) -> Stall:
    return Stall("H1", lung.PATHWAY, stage, due, left)


def alert(stage: str = "main.to_order", due: datetime = MONDAY, left: datetime | None = None, rang: datetime | None = None) -> Raised:
    return Raised("H1", lung.PATHWAY, stage, due, left, rang or due + timedelta(hours=3))


@pytest.mark.parametrize(
    ("happened", "noticed", "expected"),
    [
        ([stall()], [alert()], (1, 1, 0, 0)),
        ([stall()], [], (1, 0, 1, 0)),
        ([], [alert()], (0, 0, 0, 1)),
        ([stall()], [alert(stage="main.to_decide")], (1, 0, 1, 1)),
        ([stall(left=MONDAY + timedelta(days=2))], [alert(rang=MONDAY + timedelta(days=9))], (1, 0, 1, 1)),
        ([stall()], [alert(), alert()], (1, 1, 0, 1)),
        (
            [stall(left=MONDAY + timedelta(days=2)), stall(due=MONDAY + timedelta(days=30))],
            [alert(due=MONDAY + timedelta(days=30))],
            (2, 1, 1, 0),
        ),
    ],
)
def test_matching_counts_every_stall_and_every_alarm_once(
    happened: list[Stall], noticed: list[Raised], expected: tuple[int, int, int, int]
) -> None:
    got = match(happened, noticed)
    assert (got.true, got.found, got.missed, got.false) == expected


def test_a_tick_a_day_until_today() -> None:
    days = ticks(TODAY, 10)
    assert len(days) == 11
    assert days[-1] == TODAY
    assert last_tick(TODAY + timedelta(hours=3)) == TODAY
    assert last_tick(TODAY - timedelta(hours=1)) == TODAY - timedelta(days=1)
