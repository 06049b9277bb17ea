"""A journey that goes on under another version: the past keeps its own, taking it back undoes it whole, order does not matter."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.definitions.compile import Definition, compile_body
from pathways.definitions.reading import CATALOG, read_path
from pathways.facts import Fact, Grade
from pathways.reconcile import reconcile
from pathways.replay import replay
from pathways.timeline import StayLine, Timeline
from tests.pathways.facts import CONTEXT, PRESENT, act, day, definition, enrolled, fact, rule, standing, stay
from tests.pathways.test_replay import facts, histories, one_version_each, stored

OLD = definition("nsclc-biomarker")
RENAMED = {"main.to_prescribe": "main.prescribing"}
CLOCKS = st.sampled_from(["keep", "recompute", "restart"])


def renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {renamed(key): renamed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [renamed(one) for one in value]
    return "prescribing" if value == "to_prescribe" else value


def later() -> Definition:
    """The lung programme, next version: a decision within two days instead of five, a stage renamed, one of tissue gone, a milestone more."""
    body = renamed(read_path(CATALOG / "nsclc-biomarker.yaml").body)
    body["tracks"]["main"]["stages"]["to_decide"]["within"] = "2 days"
    body["milestones"]["once_enrolled"] = {"phase": "identified", "reached_by": ["enrolled"]}
    return compile_body(body, number=2)


NEW = later()
SAME = compile_body(read_path(CATALOG / "nsclc-biomarker.yaml").body, number=2)


def versions(number: int) -> Definition | None:
    return {1: OLD, 2: NEW}.get(number)


def migrated(on: float, clock: str = "keep", to: int = 2, **more: Any) -> Fact:
    body = {"from": 1, "to": to, "stages": RENAMED, "clock": clock, **more}
    return act("migrated", on, f"m{on}", **body)


def taken_back(one: Fact) -> Fact:
    return msgspec.structs.replace(one, retracted=True, rank=9, digest="x")


def told(*known: Fact) -> Timeline:
    return replay(OLD, known, CONTEXT, versions=versions)


def past(timeline: Timeline, at: datetime) -> list[StayLine]:
    return [one for one in timeline.stays if one.left_at is not None and one.left_at < at]


@given(histories, st.integers(0, 60), CLOCKS)
def test_the_past_keeps_its_own(history: list[Fact], on: int, clock: str) -> None:
    before, after = told(*history), told(*history, migrated(on, clock))
    assert past(after, day(on)) == past(before, day(on))
    assert {(one.name, one.at) for one in before.milestones.values() if one.at is not None and one.at < day(on)} <= {
        (one.name, one.at) for one in after.milestones.values()
    }


@given(histories, st.integers(0, 60), CLOCKS)
def test_migrating_and_taking_it_back_equals_never_having_migrated(history: list[Fact], on: int, clock: str) -> None:
    move = migrated(on, clock)
    assert told(*history, move, taken_back(move)) == told(*history)


@given(histories, st.integers(0, 60), CLOCKS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(history: list[Fact], on: int, clock: str, chance: Any) -> None:
    known = [*one_version_each(history), migrated(on, clock)]
    shuffled = [*known, *known[::2]]
    chance.shuffle(shuffled)
    assert told(*shuffled) == told(*known)


@given(histories, st.integers(0, 60), CLOCKS)
def test_a_journey_always_waits_somewhere_and_each_wait_has_the_ladder_of_its_version(history: list[Fact], on: int, clock: str) -> None:
    timeline = told(*history, migrated(on, clock))
    waiting = [one.track for one in timeline.stays if one.left_at is None]
    assert len(waiting) == len(set(waiting))
    assert ("main" in waiting) == (timeline.status == "active")
    assert timeline.version == 2
    for one in timeline.stays:
        version = versions(one.version)
        assert version is not None
        assert len(one.rung_at) == len(version.stages[f"{one.track}.{one.stage}"].ladder)
        assert one.version == 2 or (one.left_at is not None and one.left_at <= max(day(on), one.entered_at))


@given(histories, st.integers(0, 60), CLOCKS)
def test_stored_waits_keep_their_rows_there_and_back(history: list[Fact], on: int, clock: str) -> None:
    history = [one for one in history if one.occurred.lo <= day(on)]
    before, after = told(*history), told(*history, migrated(on, clock))
    rows = [msgspec.structs.replace(row, version=line.version) for row, line in zip(stored(before), before.stays, strict=True)]
    there = reconcile(rows, after.stays)
    assert not there.superseded
    moved = [
        msgspec.structs.replace(row, stage=line.stage, occurrence=line.occurrence, version=line.version, left_at=line.left_at)
        for row, line in there.kept
    ]
    back = reconcile(moved, before.stays)
    assert not back.new
    assert {row.id for row, _ in back.kept} == {row.id for row in rows}


@given(histories, st.integers(0, 60), facts())
def test_the_same_version_under_another_number_moves_nothing(history: list[Fact], on: int, late: Fact) -> None:
    moved = replay(OLD, [*history, late, migrated(on, stages={})], CONTEXT, versions={1: OLD, 2: SAME}.get)
    assert [msgspec.structs.replace(one, version=1) for one in moved.stays] == list(told(*history, late).stays)


def to_decide() -> list[Fact]:
    return [
        enrolled(),
        fact("test_ordered", 1, "O1", "placer:1", specimen_class="tissue"),
        fact("specimen_received", 2, "S1", "placer:1", specimen_class="tissue"),
        fact("result_final", 10, "R1", "placer:1", specimen_class="tissue", findings=PRESENT, issued=10),
        rule("flagged_actionable", 10, "F1"),
    ]


@pytest.mark.parametrize(("clock", "days"), [("keep", 5), ("recompute", 2), ("restart", 5)])
def test_each_clock_says_when_the_wait_is_due(clock: str, days: int) -> None:
    """Actionable on day 10; migrated on day 13 to a version that allows two days instead of five."""
    at = told(*to_decide(), migrated(13, clock))
    wait = stay(at, "main.to_decide")
    assert wait.entered_at == day(10)
    assert wait.due_at is not None
    assert abs(wait.due_at - day(10 + days)) < timedelta(hours=12)


def test_a_wait_goes_on_in_the_stage_that_the_map_names() -> None:
    decided = fact("treatment_decided", 12, "T1", decision="matched", grade=Grade.STAFF_ATTESTED)
    before, after = told(*to_decide(), decided), told(*to_decide(), decided, migrated(14))
    assert "main.to_prescribe" in standing(before)
    assert "main.prescribing" in standing(after)
    assert stay(after, "main.prescribing").entered_at == day(12)
    ordered = fact("drug_ordered", 15, "D1")
    assert "main.drug" in standing(told(*to_decide(), decided, migrated(14), ordered))


def test_a_fact_that_comes_late_and_happened_before_is_told_under_the_old_version() -> None:
    decided = fact("treatment_decided", 12, "T1", decision="matched", grade=Grade.STAFF_ATTESTED)
    late = fact("drug_ordered", 13, "D1")
    timeline = told(*to_decide(), decided, migrated(14), late)
    assert stay(timeline, "main.to_prescribe").version == 1
    assert stay(timeline, "main.to_prescribe").left_at == day(13)
    assert stay(timeline, "main.drug").version == 2


def test_a_stage_that_is_gone_is_closed_as_retired_and_main_begins_anew() -> None:
    gone = act("migrated", 13, "m", **{"from": 1}, to=2, stages={"main.to_decide": "", "untreated.waiting": ""}, clock="keep")
    timeline = told(*to_decide(), gone)
    assert stay(timeline, "main.to_decide").left_by == gone.lineage
    assert [one.rule for one in timeline.anomalies] == ["no_counterpart"]
    assert ("anomaly", gone.lineage) in timeline.matters
    assert [one for one in timeline.stays if one.track == "main" and one.left_at is None]


def test_what_only_the_new_version_knows_is_read_from_the_facts_until_now() -> None:
    assert told(*to_decide(), migrated(13)).milestones["once_enrolled"].at == day(0)
    assert "once_enrolled" not in told(*to_decide()).milestones
