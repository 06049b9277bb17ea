"""Stories of the rapid genome: hours day and night, a trio or what there is of it, an answer that outlives the child."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pathways.facts import Fact
from pathways.timeline import Context, Timeline
from tests.pathways.facts import BOSTON, START, act, day, definition, enrolled, fact, standing, stay, tell

CONTEXT = Context(calendar=BOSTON, opened_at=START, entry="flagged")
HOUR = 1 / 24
CONSULTED = fact("consulted", 6 * HOUR, "C1", specialty="Genetics")
AGREED = fact("consent_recorded", 12 * HOUR, "K1", consent_kind="genetic_test", decision="granted")
ORDERED = fact("test_ordered", 13 * HOUR, "O1", "placer:O1", text="Rapid whole genome sequencing, trio")
CAUSE = [{"gene": "KCNQ2", "presence": "present", "significance": "pathogenic"}]
BASE = (enrolled(entry="flagged"), CONSULTED, AGREED, ORDERED)


def sample(hour: float, donor: str | None = None, kind: str = "specimen_collected") -> Fact:
    name = donor or "child"
    body = {"donor": donor} if donor else {}
    return fact(kind, hour * HOUR, name, "placer:O1", f"specimen:{name}", specimen_class="blood", **body)


TRIO = (sample(14), sample(16, "mother"), sample(20, "father"))
PROVISIONAL = fact("result_partial", 3, "R1", "placer:O1", text="Rapid genome, provisional", findings=CAUSE, rank=1)
FINAL = fact("result_final", 7, "R1", "placer:O1", text="Rapid genome", findings=CAUSE)
READ_BACK = act("provider_notified", 3 + HOUR, read_back=True)
TOLD = act("result_communicated", 3 + 6 * HOUR, to="parents")


def told(*more: Fact) -> Timeline:
    return tell(*BASE, *more, pathway="nicu-rapid-genome", context=CONTEXT)


def test_a_weekend_stops_no_clock() -> None:
    friday_evening = 4 + 8 * HOUR
    timeline = tell(enrolled(friday_evening, entry="flagged"), pathway="nicu-rapid-genome", context=CONTEXT)
    assert stay(timeline, "main.to_consult").due_at == day(friday_evening) + timedelta(hours=24)


def test_nothing_is_ordered_before_the_parents_agreed() -> None:
    """An order is written first, the parents agree five hours later: only then is it *consent and order*."""
    first = tell(
        BASE[0],
        CONSULTED,
        fact("test_ordered", 7 * HOUR, "O1", "placer:O1", text="rapid genome"),
        pathway="nicu-rapid-genome",
        context=CONTEXT,
    )
    assert (standing(first), first.phase) == ({"main.to_consent"}, "identified")
    then = tell(
        BASE[0],
        CONSULTED,
        fact("test_ordered", 7 * HOUR, "O1", "placer:O1", text="rapid genome"),
        AGREED,
        pathway="nicu-rapid-genome",
        context=CONTEXT,
    )
    assert (standing(then), then.phase) == ({"main.to_trio"}, "ordered")


def test_a_trio_waits_for_its_third_sample() -> None:
    assert standing(told(*TRIO[:2])) == {"main.to_trio"}
    complete = told(*TRIO)
    assert (standing(complete), complete.phase) == ({"main.at_lab"}, "sampled")
    assert stay(complete, "main.at_lab").due_at == day(20 * HOUR) + timedelta(hours=72)


@pytest.mark.parametrize("missing", ["mother", "father"])
def test_a_parent_who_cannot_be_reached_makes_it_a_duo(missing: str) -> None:
    there = "father" if missing == "mother" else "mother"
    without = act("parent_unavailable", 18 * HOUR, parent=missing, reason="not in the country")
    duo = told(sample(14), sample(16, there), without)
    assert standing(duo) == {"main.at_lab"}
    assert duo.milestones["duo"].state == "reached"


def test_a_refused_sample_of_the_mother_leaves_the_childs_in_place() -> None:
    refused = fact(
        "specimen_rejected", 1, "mother", "placer:O1", "specimen:mother", specimen_class="blood", donor="mother", reason="quantity"
    )
    timeline = told(*TRIO, refused)
    assert standing(timeline) == {"main.to_trio"}
    assert {timeline.milestones[name].state for name in ("child_sample", "father_settled")} == {"reached"}
    again = fact("specimen_collected", 1.2, "mother2", "placer:O1", "specimen:mother2", specimen_class="blood", donor="mother")
    assert standing(told(*TRIO, refused, again)) == {"main.at_lab"}


def test_a_provisional_answer_is_read_back_told_and_managed_while_the_final_one_is_awaited() -> None:
    assert standing(told(*TRIO, PROVISIONAL)) == {"main.to_notify", "final.pending"}
    assert standing(told(*TRIO, PROVISIONAL, READ_BACK)) == {"main.to_tell", "final.pending"}
    timeline = told(*TRIO, PROVISIONAL, READ_BACK, TOLD)
    assert (standing(timeline), timeline.phase) == ({"main.to_manage", "final.pending"}, "decided")
    managed = told(*TRIO, PROVISIONAL, READ_BACK, TOLD, act("management_recorded", 4, action="none"))
    assert (standing(managed), managed.phase) == ({"main.in_hospital", "final.pending"}, "started")


def test_the_final_report_is_told_as_the_provisional_one_was() -> None:
    final_of_another_report = fact("result_final", 7, "R2", "placer:O1", text="Rapid genome", findings=CAUSE)
    managed = act("management_recorded", 4, action="medication")
    assert standing(told(*TRIO, PROVISIONAL, READ_BACK, TOLD, managed, final_of_another_report)) == {"main.to_notify"}


def test_a_cause_ends_with_the_visit_after_discharge_and_no_cause_is_read_again_after_a_year() -> None:
    home = fact("discharged", 20, "V1")
    seen = fact("visit_kept", 40, "A1", service={"text": "Genetics clinic"})
    steps = (
        *TRIO,
        FINAL,
        act("provider_notified", 7.1),
        act("result_communicated", 7.3),
        act("management_recorded", 8, action="diet"),
        home,
    )
    assert standing(told(*steps)) == {"main.to_follow_up"}
    assert told(*steps, seen).outcome == "cause_found"
    nothing = fact("result_final", 7, "R1", "placer:O1", text="Rapid genome", findings=[])
    open_end = told(*(nothing if one is FINAL else one for one in steps), seen)
    assert standing(open_end) == {"main.reanalysis"}
    read_again = told(*(nothing if one is FINAL else one for one in steps), seen, act("reanalysed", 400, outcome="none"))
    assert read_again.outcome == "no_cause_found"


def test_death_ends_nothing_and_the_answer_goes_to_the_parents() -> None:
    """The child dies before the answer comes; the counselor gives it to the parents, for them and for children to come."""
    died = fact("death", 2, "patient")
    waiting = told(*TRIO, died)
    assert (waiting.status, standing(waiting)) == ("active", {"main.at_lab"})
    known = told(*TRIO, died, FINAL, act("provider_notified", 7.1))
    assert standing(known) == {"main.after_death"}
    assert definition("nicu-rapid-genome").stages["main.after_death"].ladder[0].to == "genetic_counselor"
    end = told(
        *TRIO, died, FINAL, act("provider_notified", 7.1), act("result_communicated", 9), act("management_recorded", 9, action="none")
    )
    assert (end.status, end.outcome) == ("completed", "told_after_death")


def test_a_refusal_waits_for_a_signature_and_may_be_taken_back() -> None:
    no = fact("consent_recorded", 12 * HOUR, "K1", consent_kind="genetic_test", decision="revoked")
    refused = tell(BASE[0], CONSULTED, no, pathway="nicu-rapid-genome", context=CONTEXT)
    assert standing(refused) == {"main.refusal"}
    yes = fact("consent_recorded", 30 * HOUR, "K2", consent_kind="genetic_test", decision="granted")
    assert standing(tell(BASE[0], CONSULTED, no, yes, pathway="nicu-rapid-genome", context=CONTEXT)) == {"main.to_order"}


def test_nobody_is_ever_texted() -> None:
    assert not [rung for stage in definition("nicu-rapid-genome").stages.values() for rung in stage.ladder if rung.is_text]
