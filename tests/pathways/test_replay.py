"""What must hold of replay whatever is told: order, duplicates, retraction, time, the ball. Stories of the lung pathway are beside it."""

from __future__ import annotations

import itertools
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pathways.facts import Fact, Rank
from pathways.reconcile import StoredStay, reconcile
from pathways.replay import replay
from pathways.timeline import Timeline
from tests.pathways.facts import ABSENT, CONTEXT, PRESENT, act, definition, enrolled, fact, rule, tell

LUNG = definition("nsclc-biomarker")
NAMES = st.sampled_from(["1", "2"])
DAYS = st.one_of(st.integers(-20, 60), st.sampled_from([0.25, 0.5]))
CLASSES = st.sampled_from(["tissue", "plasma", "blood", None])
KINDS = st.sampled_from(
    ["referral", "biopsy_ordered", "biopsy_done", "diagnosis", "specimen_sent", "specimen_adequate", "specimen_rejected", "order_cancelled",
     "result_failed", "result_document", "result_reviewed", "drug_ordered", "drug_dispensed", "drug_returned", "visit_booked", "visit_missed",
     "visit_kept", "trial_screening", "trial_screen_failed", "hospice_started", "death", "first_dose_attested", "persistence_confirmed"]
)  # fmt: skip
DERIVED = st.sampled_from(
    ["flagged_actionable", "not_actionable", "later_line_actionable", "cannot_say", "matched_therapy", "empiric_started"]
)
ACTS = st.sampled_from(["held", "resumed", "exited", "reopened", "voided", "restored", "actionable_confirmed", "not_actionable_confirmed"])


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """Any fact of the lung pathway's world, sensible or not."""
    on, name, shape = draw(DAYS), draw(NAMES), draw(st.integers(0, 9))
    keys = tuple(draw(st.lists(st.sampled_from(["placer:1", "placer:2", "accession:1", "auth:1", "visit:1"]), max_size=2, unique=True)))
    rank, retracted = draw(st.sampled_from([Rank.FINAL, Rank.FINAL, Rank.CORRECTED])), draw(st.integers(0, 9)) == 0
    if shape < 2:
        return fact("test_ordered", on, name, *keys, specimen_class=draw(CLASSES), rank=rank, retracted=retracted)
    if shape < 3:
        kind = draw(st.sampled_from(["specimen_collected", "specimen_received"]))
        return fact(kind, on, name, *keys, specimen_class=draw(CLASSES), rank=rank, retracted=retracted)
    if shape < 5:
        kind = draw(st.sampled_from(["result_partial", "result_final"]))
        found = draw(st.sampled_from([PRESENT, ABSENT, []]))
        return fact(kind, on, name, *keys, specimen_class=draw(CLASSES), findings=found, rank=rank, retracted=retracted, issued=on)
    if shape < 6:
        kind = draw(st.sampled_from(["pa_submitted", "pa_denied", "pa_appealed", "pa_approved"]))
        return fact(kind, on, name, *keys, subject=draw(st.sampled_from(["test", "drug"])))
    if shape < 7:
        return rule(draw(DERIVED), on, name, confirmed=draw(st.booleans()))
    if shape < 8:
        reason = draw(st.sampled_from(["lost_to_follow_up", "completed_elsewhere", "radiation"]))
        return act(draw(ACTS), on, name, reason=reason, party=draw(st.sampled_from(["", "patient"])), until=None)
    if shape < 9:
        return act("treatment_decided", on, name, decision=draw(st.sampled_from(["matched", "other"])))
    return fact(draw(KINDS), on, name, *keys, rank=rank, retracted=retracted)


def one_version_each(told: list[Fact]) -> list[Fact]:
    """Two versions of equal standing with other content are a sender's mistake; here each lineage has one version."""
    return list({one.lineage: one for one in told}.values())


histories = st.lists(facts(), max_size=14).map(lambda told: [enrolled(), *told])


def stored(timeline: Timeline, first: int = 1) -> list[StoredStay]:
    return [
        StoredStay(n, s.track, s.stage, s.occurrence, s.root_lineage, s.entered_at, s.due_at, s.left_at, s.left_by, s.rung_at)
        for n, s in enumerate(timeline.stays, start=first)
    ]


@given(histories, st.randoms(use_true_random=False))
def test_neither_the_order_of_arrival_nor_duplicates_matter(told: list[Fact], chance: object) -> None:
    shuffled = [*told, *told[::2]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert tell(*shuffled) == tell(*told)


@given(histories, st.integers(0, 14))
def test_retracting_a_fact_equals_never_having_received_it(told: list[Fact], which: int) -> None:
    told = one_version_each(told)
    gone = told[which % len(told)]
    others = [one for one in told if one is not gone]
    tombstone = fact(gone.kind, 30, "x", rank=9, retracted=True)
    retraction = Fact(gone.kind, gone.lineage, tombstone.occurred, tombstone.digest, rank=9, retracted=True)
    assert tell(*told, retraction) == tell(*others)


@given(histories)
def test_time_alone_moves_nothing(told: list[Fact]) -> None:
    last = max(one.occurred.hi for one in told)
    now = tell(*told)
    assert replay(LUNG, told, CONTEXT, as_of=last) == now
    assert replay(LUNG, told, CONTEXT, as_of=last + timedelta(days=400)) == now


@given(histories)
def test_as_of_a_day_is_as_if_nothing_had_happened_since(told: list[Fact]) -> None:
    told = one_version_each(told)
    day = sorted(one.occurred.lo for one in told)[len(told) // 2]
    assert replay(LUNG, told, CONTEXT, as_of=day) == tell(*[one for one in told if one.occurred.lo <= day])


@given(histories)
def test_at_most_one_stay_is_open_on_a_track_and_main_has_one_until_the_end(told: list[Fact]) -> None:
    timeline = tell(*told)
    waiting = [one.track for one in timeline.stays if one.left_at is None]
    assert len(waiting) == len(set(waiting))
    assert ("main" in waiting) == (timeline.status == "active")
    if timeline.status != "active":
        assert not waiting


def test_a_journey_that_ended_before_its_enrolment_goes_on_at_the_start() -> None:
    """Found at random: a plasma order and a death dated before the enrolment; reopening went on with plasma alone."""
    ordered = fact("test_ordered", -1, "P", specimen_class="plasma")
    timeline = tell(enrolled(), ordered, fact("death", -0.5, "D"), act("reopened", 1, "R"))
    assert sorted(one.track for one in timeline.stays if one.left_at is None) == ["main", "plasma"]


@given(histories)
def test_every_moment_of_the_journey_has_exactly_one_ball(told: list[Fact]) -> None:
    timeline = tell(*told)
    main = [one for one in timeline.stays if one.track == "main"]
    for one in main:
        for at in (one.entered_at, one.entered_at + timedelta(seconds=1)):
            if one.left_at is None or at < one.left_at:
                assert sum(span.since <= at and (span.until is None or at < span.until) for span in timeline.balls) == 1
    for before, after in zip(timeline.balls, timeline.balls[1:], strict=False):
        assert before.until is not None
        assert before.until <= after.since


@given(histories)
def test_stays_follow_each_other_and_are_left_by_a_fact_that_was_told(told: list[Fact]) -> None:
    timeline = tell(*told)
    known = {one.lineage for one in told} | {"opened"}
    for one in timeline.stays:
        assert one.root_lineage in known
        assert one.left_at is None or (one.left_at >= one.entered_at and one.left_by in known)
        assert len(one.rung_at) == len(LUNG.stages[f"{one.track}.{one.stage}"].ladder)
    for track in {one.track for one in timeline.stays}:
        line = [one for one in timeline.stays if one.track == track]
        assert all(before.left_at is not None and before.left_at <= after.entered_at for before, after in itertools.pairwise(line))


@given(histories)
def test_no_definition_that_ships_chases_itself(told: list[Fact]) -> None:
    assert not [one for one in tell(*told).anomalies if one.rule == "restless"]


@given(histories)
def test_the_phase_never_runs_ahead_of_what_was_reached(told: list[Fact]) -> None:
    timeline = tell(*told)
    spine = [(one.phase, timeline.milestones[one.name].state) for one in LUNG.spine]
    for phase, state in spine[1:]:
        if state == "unknown":
            break
        if phase == timeline.phase:
            assert state in ("reached", "implied")
            return
    assert timeline.phase in {"identified"} | {phase for phase, _ in spine}


# reconcile


@given(histories)
def test_reconciling_twice_changes_nothing(told: list[Fact]) -> None:
    timeline = tell(*told)
    first = reconcile([], timeline.stays)
    assert first.new == timeline.stays
    again = reconcile(stored(timeline), timeline.stays)
    assert not again.new
    assert not again.superseded
    assert all(
        (row.entered_at, row.left_at, row.root_lineage, row.rung_at) == (line.entered_at, line.left_at, line.root_lineage, line.rung_at)
        for row, line in again.kept
    )


@given(histories, facts())
def test_stays_keep_their_row_when_facts_come_late(told: list[Fact], late: Fact) -> None:
    before, after = tell(*told), tell(*told, late)
    answer = reconcile(stored(before), after.stays)
    by_root = {(one.track, one.stage, one.root_lineage): one for one in answer.superseded}
    assert not [one for one in answer.new if (one.track, one.stage, one.root_lineage) in by_root]
    assert len(answer.kept) + len(answer.superseded) == len(before.stays)
    assert len(answer.kept) + len(answer.new) == len(after.stays)
    assert len({row.id for row, _ in answer.kept}) == len(answer.kept)


def test_a_corrected_time_moves_the_same_row() -> None:
    ordered = fact("test_ordered", 2, "O1", issued=2)
    moved = fact("test_ordered", 3, "O1", rank=Rank.CORRECTED, issued=4)
    answer = reconcile(stored(tell(enrolled(), ordered)), tell(enrolled(), ordered, moved).stays)
    assert not answer.new
    assert not answer.superseded
    assert [line.entered_at == row.entered_at for row, line in answer.kept] == [True, False]
