"""Recurring tracks: every turn is due from the schedule, a missed one shifts only itself, and time speaks through facts."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pathways.facts import Fact
from pathways.kinds import TURNS
from pathways.knowledge import load as load_knowledge
from pathways.reconcile import StoredStay, reconcile
from pathways.timeline import Context, StayLine, Timeline
from pathways.writing.settling import conclude
from pathways.writing.state import JourneyState
from tests.pathways.facts import BOSTON, START, act, day, definition, enrolled, fact, standing

MRD = definition("mrd-surveillance")
CONTEXT = Context(calendar=BOSTON, opened_at=START, entry="ordered")
JOURNEY = JourneyState(1, 1, "mrd-surveillance", 1, "", 1, "ordered", 1, START, {})
BASE = (enrolled(entry="ordered"), fact("surgery_done", 0, "OP", text="resection"), fact("test_ordered", 1, "O1", "placer:O1"))


def told(*facts: Fact, on: float) -> tuple[Timeline, list[Fact]]:
    """What the facts say when it is day `on`."""
    return conclude(MRD, [*BASE, *facts], JOURNEY, CONTEXT, load_knowledge(), now=day(on))


def drawn(on: float, name: str = "") -> Fact:
    return fact("specimen_collected", on, name or f"S{on}", f"specimen:{name or on}", specimen_class="plasma")


def stays(timeline: Timeline, stage: str) -> dict[int, StayLine]:
    return {one.occurrence: one for one in timeline.stays if (one.track, one.stage) == ("draws", stage)}


def said(facts: list[Fact], kind: str) -> dict[int, Fact]:
    return {one.body["occurrence"]: one for one in facts if one.kind == kind}


def test_nothing_is_due_before_its_window_opens() -> None:
    timeline, derived = told(on=77)
    assert not [one for one in derived if one.kind in TURNS]
    assert "draws.due" not in standing(timeline)


def test_a_window_opens_a_fortnight_before_and_is_due_when_it_ends() -> None:
    timeline, derived = told(on=80)
    first = stays(timeline, "due")[1]
    assert said(derived, "occurrence_due")[1].body["due"] == "2026-06-02"
    assert first.entered_at == datetime.fromisoformat("2026-05-19T00:00:00-04:00")
    assert first.due_at == datetime.fromisoformat("2026-06-16T17:00:00-04:00")


def test_a_draw_in_its_window_keeps_it_and_the_next_one_stands_where_it_stood() -> None:
    timeline, derived = told(drawn(105), on=110)
    assert said(derived, "occurrence_met")[1].body["timing"] == "on"
    assert "draws.due" not in standing(timeline)
    timeline, derived = told(drawn(105), on=190)
    assert said(derived, "occurrence_due")[2].body["due"] == "2026-09-02"


def test_a_missed_draw_is_a_fact_of_the_day_on_which_its_window_ended_however_late_anybody_looks() -> None:
    for now in (107, 150, 165):
        timeline, derived = told(on=now)
        missed = said(derived, "occurrence_missed")[1]
        assert missed.occurred.lo == datetime.fromisoformat("2026-06-17T00:00:00-04:00")
        assert stays(timeline, "missed")[1].left_at is None
    assert missed.basis is not None
    assert missed.basis["lineages"].keys() == {"EHR|surgery_done|OP"}


def test_a_missed_draw_shifts_only_itself() -> None:
    timeline, derived = told(on=190)
    assert said(derived, "occurrence_due")[2].body["due"] == "2026-09-02"
    assert stays(timeline, "missed")[1].left_at == stays(timeline, "due")[2].entered_at
    late, derived = told(drawn(140), on=190)
    assert said(derived, "occurrence_met")[1].body["timing"] == "late"
    assert said(derived, "occurrence_due")[2].body["due"] == "2026-09-02"
    assert stays(late, "missed")[1].left_at == day(140)


def test_a_draw_of_which_we_hear_late_was_not_missed() -> None:
    """The window ended, the draw was called missed; then the clinic's weekly sheet says that it was taken in time."""
    before, _ = told(on=120)
    assert "draws.missed" in standing(before)
    after, derived = told(drawn(100), on=121)
    assert not said(derived, "occurrence_missed")
    assert "draws.missed" not in standing(after)


def test_a_refused_sample_kept_nothing() -> None:
    refused = fact("specimen_rejected", 101, "R", "specimen:S", reason="quality", specimen_class="plasma")
    _, derived = told(drawn(100, "S"), refused, on=120)
    assert said(derived, "occurrence_missed").keys() == {1}


def test_a_refused_sample_of_a_standing_order_leaves_the_other_samples_alone() -> None:
    first = fact("specimen_collected", 100, "A", "placer:O1", "specimen:A", specimen_class="plasma")
    second = fact("specimen_collected", 190, "B", "placer:O1", "specimen:B", specimen_class="plasma")
    refused = fact("specimen_rejected", 191, "B", "placer:O1", "specimen:B", reason="quality", specimen_class="plasma")
    _, derived = told(first, second, refused, on=192)
    assert said(derived, "occurrence_met").keys() == {1}
    unnamed = fact("result_failed", 192, "F", "placer:O1", reason="quality")
    _, derived = told(first, second, unnamed, on=193)
    assert said(derived, "occurrence_met").keys() == {1}


def test_a_second_draw_between_two_windows_is_extra() -> None:
    _, derived = told(drawn(100), drawn(130), on=200)
    assert said(derived, "occurrence_met").keys() == {1}


def test_a_window_under_a_hold_is_skipped_and_not_missed() -> None:
    held = act("held", 60, reason="therapy", party="clinic")
    timeline, derived = told(held, on=120)
    assert said(derived, "occurrence_skipped")[1].body["reason"] == "therapy"
    assert not said(derived, "occurrence_missed")
    assert not said(derived, "occurrence_due")
    resumed = act("resumed", 150)
    timeline, derived = told(held, resumed, on=190)
    assert said(derived, "occurrence_due")[2].body["due"] == "2026-09-02"
    assert "draws.due" in standing(timeline)


def test_a_hold_that_ends_within_the_window_leaves_what_is_left_of_it() -> None:
    timeline, _ = told(act("held", 60, reason="travel"), act("resumed", 90), on=95)
    assert stays(timeline, "due")[1].entered_at == day(90)
    assert stays(timeline, "due")[1].due_at == datetime.fromisoformat("2026-06-16T17:00:00-04:00")


def test_turns_of_before_the_journey_began_are_nobodys() -> None:
    old = Context(calendar=BOSTON, opened_at=day(200), entry="ordered")
    _, derived = conclude(MRD, list(BASE[1:]), JOURNEY, old, load_knowledge(), now=day(210))
    assert 1 not in said(derived, "occurrence_missed")


def test_the_schedule_is_quarterly_for_two_years_and_then_half_yearly_for_three() -> None:
    _, derived = told(on=365 * 6)
    due = [date.fromisoformat(one.body["due"]) for one in said(derived, "occurrence_due").values()]
    assert due == [date(2026 + (2 + 3 * k) // 12, (2 + 3 * k) % 12 + 1, 2) for k in range(1, 9)] + [
        date(2028 + (2 + 6 * k) // 12, (2 + 6 * k) % 12 + 1, 2) for k in range(1, 7)
    ]


DRAWS = st.lists(st.integers(1, 900), max_size=10, unique=True).map(lambda days: [drawn(on) for on in days])
HOLDS = st.lists(st.tuples(st.integers(1, 700), st.integers(5, 120)), max_size=2)


@st.composite
def courses(draw: st.DrawFn) -> list[Fact]:
    facts = draw(DRAWS)
    for n, (since, length) in enumerate(draw(HOLDS)):
        facts += [act("held", since, f"h{n}", reason="therapy"), act("resumed", since + length, f"r{n}")]
    return facts


@given(courses())
def test_when_a_turn_is_due_never_depends_on_what_became_of_another(facts: list[Fact]) -> None:
    _, alone = told(on=900)
    _, derived = told(*facts, on=900)
    planned = {number: one.body["due"] for number, one in said(alone, "occurrence_due").items()}
    assert all(one.body["due"] == planned[number] for number, one in said(derived, "occurrence_due").items())


@given(courses(), st.randoms(use_true_random=False), st.integers(100, 900))
def test_in_whatever_order_the_facts_come_the_timeline_is_the_same(facts: list[Fact], chance: random.Random, now: int) -> None:
    shuffled = [*facts, *facts[::2]]
    chance.shuffle(shuffled)
    assert told(*shuffled, on=now) == told(*facts, on=now)


@given(courses(), st.integers(100, 900), st.integers(1, 200))
def test_what_time_said_once_it_says_for_ever(facts: list[Fact], now: int, later: int) -> None:
    """Looking later adds turns and takes none back: nothing is ever dated by when somebody looked."""
    facts = [one for one in facts if one.occurred.lo <= day(now)]
    _, early = told(*facts, on=now)
    _, late = told(*facts, on=now + later)
    assert {(one.lineage, one.digest) for one in early} <= {(one.lineage, one.digest) for one in late}


@given(courses(), st.integers(100, 900))
def test_every_window_that_is_over_was_kept_missed_or_skipped_and_by_one_of_them(facts: list[Fact], now: int) -> None:
    _, derived = told(*facts, on=now)
    for number, due in said(derived, "occurrence_due").items():
        ends = datetime.combine(date.fromisoformat(due.body["due"]), START.timetz()) + timedelta(days=16)
        ways = [kind for kind in ("occurrence_missed", "occurrence_skipped") if number in said(derived, kind)]
        on_time = [
            one for one in derived if one.kind == "occurrence_met" and one.body["occurrence"] == number and one.body["timing"] == "on"
        ]
        assert len(ways) + len(on_time) <= 1
        if ends <= day(now):
            assert len(ways) + len(on_time) == 1


@given(courses(), courses())
def test_a_wait_for_one_turn_never_becomes_the_wait_for_another(before: list[Fact], after: list[Fact]) -> None:
    old, _ = told(*before, on=900)
    new, _ = told(*after, on=900)
    rows = [
        StoredStay(n, s.track, s.stage, s.occurrence, s.root_lineage, s.entered_at, s.due_at, s.left_at, s.left_by, s.rung_at)
        for n, s in enumerate(old.stays)
    ]
    for row, line in reconcile(rows, new.stays, MRD.schedules).kept:
        assert row.track != "draws" or row.occurrence == line.occurrence
