"""Stories of newborn screening: every clock counts from birth, a spot that says nothing asks for another, positives have two paces."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from pathways.facts import Fact, Moment, content_digest
from pathways.timeline import Context, Timeline
from tests.pathways.facts import BOSTON, START, act, day, enrolled, fact, standing, stay, tell

CONTEXT = Context(calendar=BOSTON, opened_at=START, entry="born", birth=date(2026, 3, 2))
BORN = fact("born", 0, "patient", dated="hour")
ORDERED = fact("test_ordered", 0.1, "O1", "placer:O1")
SPOT = fact("specimen_collected", 1.5, "S1", "placer:O1", "specimen:S1", specimen_class="dried_blood_spot")
RECEIVED = fact("specimen_received", 2, "S1", "placer:O1", "specimen:S1", specimen_class="dried_blood_spot")
BASE = (enrolled(entry="born"), BORN, ORDERED)


def told(*more: Fact) -> Timeline:
    return tell(*BASE, *more, pathway="newborn-screening", context=CONTEXT)


def screen(on: float, answer: str, of: str = "S1", **body: object) -> Fact:
    return fact("screen_result", on, f"R{of}", "placer:O1", f"specimen:{of}", answer=answer, **body)


def refused(on: float, of: str = "S1", reason: str = "quality") -> Fact:
    return fact("specimen_rejected", on, of, "placer:O1", f"specimen:{of}", specimen_class="dried_blood_spot", reason=reason)


def second_spot(on: float) -> Fact:
    return fact("specimen_collected", on, "S2", "placer:O1", "specimen:S2", specimen_class="dried_blood_spot")


def test_a_newborn_whom_nobody_screens_is_late_48_hours_after_the_hour_of_birth() -> None:
    assert standing(told()) == {"main.to_collect"}
    assert stay(told(), "main.to_collect").due_at == START + timedelta(hours=48)


def test_without_the_hour_the_clock_starts_when_the_day_of_birth_is_over() -> None:
    midnight = datetime(2026, 3, 3, 5, tzinfo=UTC)
    by_date = tell(BASE[0], ORDERED, pathway="newborn-screening", context=CONTEXT)
    assert stay(by_date, "main.to_collect").due_at == midnight + timedelta(hours=48)
    whole_day = Moment(midnight - timedelta(days=1), midnight)
    born = Fact("born", "EHR|born|patient", whole_day, content_digest("born", whole_day, 1, False, (), {}))
    assert stay(tell(BASE[0], born, ORDERED, pathway="newborn-screening", context=CONTEXT), "main.to_collect").due_at == (
        midnight + timedelta(hours=48)
    )


def test_a_screen_in_range_ends_it_and_asks_for_no_diagnosis() -> None:
    timeline = told(SPOT, RECEIVED, screen(5, "in_range"))
    assert (timeline.status, timeline.outcome, timeline.phase) == ("completed", "in_range", "resulted")
    assert timeline.milestones["diagnosis_resolved"].state == "not_applicable"


def test_the_answer_is_due_on_the_seventh_day_of_life_whenever_the_spot_came() -> None:
    due = stay(told(SPOT, RECEIVED), "main.at_lab").due_at
    assert due == datetime(2026, 3, 9, 21, tzinfo=UTC)  # the seventh day's close of business, after clocks changed


def test_an_urgent_positive_runs_in_hours_and_another_in_days() -> None:
    urgent, other = (
        told(SPOT, screen(4, "out_of_range", criticality="time_critical")),
        told(SPOT, screen(4, "out_of_range", criticality="other")),
    )
    assert stay(urgent, "main.critical_notify").due_at == day(4) + timedelta(hours=4)
    assert standing(other) == {"main.notify"}
    assert standing(told(SPOT, screen(4, "out_of_range"))) == {"main.critical_notify"}  # nobody says how urgent: as if it were


def test_an_urgent_positive_goes_from_the_doctor_to_the_family_to_the_specialist_to_treatment() -> None:
    steps = (
        (act("provider_notified", 4.1), "main.critical_contact"),
        (act("result_communicated", 4.3), "main.critical_confirm"),
        (act("consulted", 4.8, specialty="Metabolic disease"), "main.resolve"),
        (act("diagnosis_resolved", 9, outcome="true_positive"), "main.treat"),
    )
    so_far: list[Fact] = [SPOT, screen(4, "out_of_range", criticality="time_critical")]
    for step, waits in steps:
        so_far.append(step)
        assert standing(told(*so_far)) == {waits}
    end = told(*so_far, act("management_recorded", 9.5, action="diet"))
    assert (end.status, end.outcome, end.phase) == ("completed", "treated", "started")


def test_a_triage_changes_the_pace() -> None:
    relaxed = told(SPOT, screen(4, "out_of_range"), act("screen_triaged", 4.1, criticality="other"))
    assert standing(relaxed) == {"main.notify"}
    pressed = told(SPOT, screen(4, "out_of_range", criticality="other"), act("screen_triaged", 4.1, criticality="time_critical"))
    assert standing(pressed) == {"main.critical_notify"}


def test_a_false_positive_is_a_good_end_that_needs_no_treatment() -> None:
    end = told(SPOT, screen(4, "out_of_range", criticality="other"), act("diagnosis_resolved", 12, outcome="false_positive"))
    assert (end.status, end.outcome) == ("completed", "false_positive")
    assert end.milestones["managed"].state == "not_applicable"


def test_a_carrier_is_told_before_it_ends() -> None:
    carrier = told(SPOT, screen(4, "out_of_range", criticality="other"), act("diagnosis_resolved", 12, outcome="carrier"))
    assert standing(carrier) == {"main.tell_carrier"}


def test_an_unsatisfactory_spot_asks_for_another_and_the_second_answer_counts() -> None:
    asked = told(SPOT, RECEIVED, refused(3))
    assert standing(asked) == {"main.await_repeat", "repeat.to_recollect"}
    assert asked.phase == "ordered"
    end = told(SPOT, RECEIVED, refused(3), second_spot(4), screen(7, "in_range", of="S2"))
    assert (end.status, end.outcome) == ("completed", "in_range")


def test_a_spot_of_the_first_day_of_life_is_answered_and_yet_another_is_needed() -> None:
    early = fact("specimen_collected", 0.5, "S1", "placer:O1", "specimen:S1", specimen_class="dried_blood_spot")
    answered = told(early, screen(3, "in_range"))
    assert standing(answered) == {"main.await_repeat", "repeat.to_recollect"}
    assert told(early, second_spot(2), screen(6, "in_range", of="S2")).outcome == "in_range"


def test_the_first_spots_answer_never_stands_for_the_second_spots() -> None:
    """The early spot is answered after the second one was taken: nothing is closed by it, and nothing was screened yet."""
    early = fact("specimen_collected", 0.5, "S1", "placer:O1", "specimen:S1", specimen_class="dried_blood_spot")
    both = told(early, second_spot(2), screen(3, "in_range", of="S1"))
    assert both.status == "active"
    assert standing(both) == {"main.await_repeat", "repeat.again_at_lab"}


def test_an_urgent_answer_of_an_early_spot_is_followed_all_the_same() -> None:
    early = fact("specimen_collected", 0.5, "S1", "placer:O1", "specimen:S1", specimen_class="dried_blood_spot")
    assert standing(told(early, screen(3, "out_of_range", criticality="time_critical"))) == {"main.critical_notify", "repeat.to_recollect"}


def test_a_transfused_child_needs_another_spot() -> None:
    had_blood = fact("transfused", 0.5, "T1")
    assert standing(told(had_blood, SPOT, screen(4, "in_range"))) == {"main.await_repeat", "repeat.to_recollect"}


def test_a_refusal_is_recorded_and_a_person_signs_it() -> None:
    refusal = told(fact("screening_refused", 0.5, "F1", form="signed"))
    assert standing(refusal) == {"main.refusal"}
    changed_mind = told(fact("screening_refused", 0.5, "F1", form="signed"), SPOT)
    assert standing(changed_mind) == {"main.in_transit"}
    signed = told(fact("screening_refused", 0.5, "F1"), act("exited", 1, reason="declined_test"))
    assert (signed.status, signed.exit_class) == ("exited", "patient_choice")
