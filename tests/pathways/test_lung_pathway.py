"""Stories of the lung pathway: what the clinic would say must be true of each patient."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pathways.facts import Fact, Moment, Rank
from tests.pathways.facts import ABSENT, CONTEXT, PRESENT, act, day, enrolled, fact, reached, rule, standing, stay, tell

ORDER = fact("test_ordered", 1, "O1", "placer:O1", "accession:S1", specimen_class="tissue", issued=1)
TISSUE = fact("specimen_collected", -5, "S1", "accession:S1", specimen_class="tissue")
SENT = fact("specimen_sent", 2, "S1", "accession:S1")
AT_LAB = fact("specimen_received", 4, "S1", "accession:S1", "placer:O1", specimen_class="tissue")
RESULT = fact("result_final", 14, "F1", "placer:O1", "filler:F1", specimen_class="tissue", findings=PRESENT, issued=14)
FLAG = rule("flagged_actionable", 14, "F1", findings=PRESENT)
TESTED = (enrolled(), TISSUE, ORDER, SENT, AT_LAB)
MATCHED = rule("matched_therapy", 25, confirmed=False, received_by=["dispense handed over"])


def test_tissue_without_an_order_stands_before_ordered() -> None:
    timeline = tell(enrolled(), TISSUE)
    assert timeline.phase == "identified"
    assert standing(timeline) == {"main.to_order"}
    assert timeline.milestones["specimen_collected"].state == "reached"
    assert timeline.milestones["test_ordered"].state == "unknown"


def test_a_result_implies_order_and_sample_of_which_nobody_told_us() -> None:
    timeline = tell(enrolled(), fact("result_final", 9, "F1", specimen_class="tissue", findings=PRESENT))
    assert timeline.phase == "resulted"
    assert [timeline.milestones[name].state for name in ("test_ordered", "specimen_collected")] == ["implied", "implied"]
    assert standing(timeline) == {"main.to_review"}


def test_the_laboratory_has_ten_working_days_from_receipt() -> None:
    timeline = tell(*TESTED)
    assert standing(timeline) == {"main.awaiting_result", "tissue.at_lab", "evaluation.waiting"}
    waiting = stay(timeline, "tissue.at_lab")
    assert waiting.due_at is not None
    assert waiting.due_at.astimezone().date() == (day(4) + timedelta(days=14)).date()
    assert timeline.balls[-1].party == "lab"


def test_reported_adequacy_ends_its_own_small_wait() -> None:
    assert "evaluation.waiting" not in standing(tell(*TESTED, fact("specimen_adequate", 5, "S1", "accession:S1", tumour_percent=40)))


def test_an_actionable_finding_acts_at_once_even_when_partial() -> None:
    partial = fact("result_partial", 8, "F1", "placer:O1", specimen_class="tissue", findings=PRESENT, rank=Rank.PRELIMINARY, issued=8)
    timeline = tell(*TESTED, partial, rule("flagged_actionable", 8, "F1"))
    assert standing(timeline) == {"main.to_decide", "confirmation.to_confirm", "untreated.waiting", "tissue.at_lab", "evaluation.waiting"}
    assert timeline.phase == "resulted"


def test_from_flag_to_drug_received_started_and_still_taken() -> None:
    told: list[Fact] = [*TESTED, RESULT, FLAG]
    assert "main.to_decide" in standing(tell(*told))
    told.append(act("treatment_decided", 16, decision="matched"))
    assert standing(tell(*told)) == {"main.to_prescribe", "untreated.waiting"}
    told.append(fact("drug_ordered", 17, "X1", "placer:X1"))
    assert standing(tell(*told)) == {"main.drug", "payer_drug.to_submit", "untreated.waiting"}
    assert tell(*told).phase == "decided"
    told.append(fact("drug_dispensed", 20, "Y1", "placer:X1", handed_over=False))
    assert "main.pickup" in standing(tell(*told))
    assert tell(*told).balls[-1].party == "patient"
    told += [fact("drug_dispensed", 25, "Y2", "placer:X1", handed_over=True), MATCHED]
    assert standing(tell(*told)) == {"main.confirm_start"}
    assert tell(*told).phase == "started"
    told.append(act("first_dose_attested", 26))
    assert standing(tell(*told)) == {"main.persistence"}
    told.append(fact("drug_dispensed", 53, "Y3", "placer:X1", handed_over=True))
    timeline = tell(*told)
    assert (timeline.status, timeline.outcome) == ("completed", "matched_therapy")
    assert {"persistence_confirmed", "start_confirmed", "drug_received"} <= reached(timeline)


def test_an_order_alone_is_no_start() -> None:
    timeline = tell(*TESTED, RESULT, FLAG, act("treatment_decided", 16, decision="matched"), fact("drug_ordered", 17, "X1"))
    assert timeline.milestones["drug_received"].state == "unknown"


def test_an_infusion_is_received_and_started_at_once() -> None:
    given = rule("matched_therapy", 25, confirmed=True, received_by=["administration"])
    assert standing(tell(*TESTED, RESULT, FLAG, given)) == {"main.persistence"}


def test_no_rule_closes_a_journey_whose_result_nobody_read() -> None:
    negative = fact("result_final", 14, "F1", "placer:O1", specimen_class="tissue", findings=ABSENT)
    told = [*TESTED, negative, rule("not_actionable", 14)]
    assert tell(*told).status == "active"
    assert standing(tell(*told)) == {"main.to_review"}
    timeline = tell(*told, act("result_reviewed", 15))
    assert (timeline.status, timeline.outcome) == ("completed", "no_actionable_alteration")
    assert timeline.milestones["drug_received"].state == "not_applicable"
    assert timeline.phase == "resulted"


def test_an_incomplete_panel_that_was_read_still_waits() -> None:
    partly = fact("result_final", 14, "F1", "placer:O1", specimen_class="tissue", findings=ABSENT)
    assert standing(tell(*TESTED, partly, act("result_reviewed", 15))) == {"main.to_complete"}


def test_a_later_line_finding_is_watched_and_no_stall() -> None:
    timeline = tell(*TESTED, RESULT, rule("later_line_actionable", 14), act("result_reviewed", 15))
    assert standing(timeline) == {"main.later_line"}
    assert stay(timeline, "main.later_line").due_at is None
    assert stay(timeline, "main.later_line").rung_at[0] is not None


def test_negative_plasma_closes_nothing_while_tissue_is_out() -> None:
    plasma = fact("test_ordered", 3, "O2", "placer:O2", specimen_class="plasma")
    drawn = fact("specimen_collected", 4, "S2", "placer:O2", specimen_class="plasma")
    answer = fact("result_final", 9, "F2", "placer:O2", specimen_class="plasma", findings=ABSENT)
    timeline = tell(*TESTED, plasma, drawn, answer)
    assert {"main.awaiting_result", "tissue.at_lab"} <= standing(timeline)
    assert stay(timeline, "plasma.at_lab").left_at == day(9)


def test_plasma_alone_that_found_nothing_asks_for_more() -> None:
    plasma = fact("test_ordered", 3, "O2", "placer:O2", specimen_class="plasma")
    answer = fact("result_final", 9, "F2", "placer:O2", specimen_class="plasma", findings=ABSENT)
    assert standing(tell(enrolled(), plasma, answer)) == {"main.to_review"}
    assert standing(tell(enrolled(), plasma, answer, act("result_reviewed", 10))) == {"main.to_complete"}


def test_qns_asks_for_a_plan_then_waits_for_new_tissue_and_counts_the_second_time() -> None:
    refused = fact("specimen_rejected", 6, "S1", "accession:S1", reason="quantity")
    told = [*TESTED, refused]
    timeline = tell(*told)
    assert {"main.to_sample", "tissue.qns"} <= standing(timeline)
    assert timeline.balls[-1].party == "clinic"
    assert timeline.milestones["specimen_sufficient"].state == "unknown"
    assert timeline.phase == "ordered"
    told.append(fact("biopsy_ordered", 7, "B2"))
    assert standing(tell(*told)) == {"main.to_sample"}
    told.append(fact("specimen_collected", 12, "S2", "accession:S2", specimen_class="tissue"))
    assert {"main.awaiting_result", "tissue.to_send"} <= standing(tell(*told))
    told.append(fact("specimen_received", 14, "S2", "accession:S2", specimen_class="tissue"))
    timeline = tell(*told)
    assert stay(timeline, "tissue.at_lab", 2).left_at is None
    assert stay(timeline, "main.awaiting_result", 2).left_at is None
    assert timeline.phase == "sampled"


def test_qns_with_plasma_under_way_has_its_plan() -> None:
    plasma = fact("test_ordered", 5, "O2", "placer:O2", specimen_class="plasma")
    refused = fact("specimen_rejected", 6, "S1", "accession:S1", reason="quantity")
    assert "tissue.qns" not in standing(tell(*TESTED, plasma, refused))


def test_one_specimen_refused_and_one_good_is_not_failed() -> None:
    refused = fact("specimen_rejected", 6, "S9", "accession:S9", reason="quantity")
    timeline = tell(*TESTED, fact("specimen_collected", -4, "S9", "accession:S9", specimen_class="tissue"), refused)
    assert timeline.milestones["specimen_collected"].state == "reached"
    assert "main.awaiting_result" in standing(timeline)


def test_tissue_judged_poor_later_is_sufficient_but_not_adequate() -> None:
    adequate = fact("specimen_adequate", -2, "S1", "accession:S1")
    refused = fact("specimen_rejected", 6, "S1", "accession:S1", reason="quality")
    timeline = tell(enrolled(entry="suspected"), TISSUE, adequate, refused)
    states = [timeline.milestones[name].state for name in ("biopsy_attempted", "specimen_sufficient", "specimen_adequate")]
    assert states == ["reached", "reached", "unknown"]
    assert {"main.to_biopsy", "tissue.qns"} <= standing(timeline)


def test_a_cancelled_order_is_none_and_a_new_one_is_a_new_wait() -> None:
    cancelled = fact("order_cancelled", 3, "O1", "placer:O1", issued=3)
    timeline = tell(enrolled(), ORDER, cancelled)
    assert standing(timeline) == {"main.to_order"}
    assert stay(timeline, "main.to_order").left_at == day(1)
    assert stay(timeline, "main.to_order", 2).entered_at == day(3)
    again = fact("test_ordered", 4, "O2", "placer:O2", specimen_class="tissue")
    assert standing(tell(enrolled(), ORDER, cancelled, again)) == {"main.to_sample"}


def test_an_actionable_result_after_empiric_therapy_is_a_safety_matter_and_not_in_time() -> None:
    empiric = rule("empiric_started", 10)
    timeline = tell(*TESTED, empiric, RESULT, FLAG)
    assert ("empiric_safety", FLAG.lineage) in timeline.matters
    assert timeline.milestones["result_informative"].state == "reached"
    assert timeline.milestones["result_in_time"].state == "unknown"
    decided = tell(*TESTED, empiric, RESULT, FLAG, act("treatment_decided", 17, decision="matched"))
    assert not decided.matters


def test_what_the_rules_cannot_say_waits_for_a_person_until_they_can() -> None:
    asked = rule("cannot_say", 14, "F1", missing=["stage"])
    assert [kind for kind, _ in tell(*TESTED, RESULT, asked).matters] == ["cannot_say"]
    assert not tell(*TESTED, RESULT, asked, act("picked", 15, stage="IV"), rule("flagged_actionable", 15, "P")).matters


def test_a_report_on_paper_is_abstracted_and_never_negative() -> None:
    timeline = tell(*TESTED, fact("result_document", 14, "F1", "placer:O1", specimen_class="tissue", title="NGS report"))
    assert [kind for kind, _ in timeline.matters] == ["abstraction"]
    assert timeline.milestones["result_informative"].state == "unknown"
    assert timeline.status == "active"


def test_a_correction_after_the_decision_asks_again() -> None:
    decided = act("treatment_decided", 16, decision="matched")
    changed = fact("result_final", 14, "F1", "placer:O1", specimen_class="tissue", findings=ABSENT, rank=Rank.CORRECTED, issued=20)
    kinds = [kind for kind, _ in tell(*TESTED, RESULT, decided, changed).matters]
    assert kinds == ["result_changed"]
    early = fact("result_final", 14, "F1", "placer:O1", specimen_class="tissue", findings=ABSENT, rank=Rank.CORRECTED, issued=15)
    assert not tell(*TESTED, RESULT, decided, early).matters


def test_a_corrected_report_came_when_it_was_first_final() -> None:
    corrected = fact("result_final", 20, "F1", "placer:O1", specimen_class="tissue", findings=ABSENT, rank=Rank.CORRECTED, issued=20)
    timeline = tell(*TESTED, RESULT, corrected)
    assert timeline.milestones["result_final"].at == day(14)
    assert stay(timeline, "tissue.at_lab").left_at == day(14)
    assert [kind for kind, _ in tell(*TESTED, RESULT, act("result_reviewed", 16), corrected).matters] == ["result_changed"]


def test_a_confirmation_on_changed_ground_counts_as_flagged_only() -> None:
    confirmed = act("actionable_confirmed", 15, basis={"lineages": {RESULT.lineage: RESULT.digest}})
    assert "actionable_confirmed" in reached(tell(*TESTED, RESULT, FLAG, confirmed))
    changed = fact("result_final", 14, "F1", "placer:O1", specimen_class="tissue", findings=ABSENT, rank=Rank.CORRECTED, issued=15)
    timeline = tell(*TESTED, RESULT, FLAG, confirmed, changed)
    assert ("stale_confirmation", confirmed.lineage) in timeline.matters
    assert timeline.milestones["actionable_confirmed"].state == "unknown"


def test_the_payer_has_the_ball_while_it_decides() -> None:
    told = [*TESTED, RESULT, FLAG, act("treatment_decided", 16, decision="matched"), fact("drug_ordered", 17, "X1", "placer:X1")]
    told.append(fact("pa_submitted", 18, "A1", "auth:A1", subject="drug"))
    assert tell(*told).balls[-1].party == "payer"
    told.append(fact("pa_denied", 21, "A1", "auth:A1", subject="drug"))
    assert "payer_drug.denied" in standing(tell(*told))
    told += [fact("pa_appealed", 22, "A1", "auth:A1", subject="drug"), fact("pa_approved", 30, "A1", "auth:A1", subject="drug")]
    timeline = tell(*told)
    assert "main.drug" in standing(timeline)
    assert not [track for track in standing(timeline) if track.startswith("payer")]
    assert {"pa_submitted", "pa_denied", "pa_approved"} <= reached(timeline)


def test_authorizations_of_test_and_drug_run_side_by_side() -> None:
    told = [*TESTED, fact("pa_submitted", 1, "A1", "auth:A1", subject="test"), fact("pa_pended", 2, "A1", "auth:A1")]
    timeline = tell(*told)
    assert "payer_test.pended" in standing(timeline)
    due = stay(timeline, "payer_test.submitted").due_at
    assert due is not None
    assert due.date() == day(8).date()


def test_a_text_about_the_pickup_waits_when_the_payer_refused_or_therapy_came_before_the_result() -> None:
    filled = [fact("drug_ordered", 17, "X1", "placer:X1"), fact("drug_dispensed", 20, "Y1", "placer:X1", handed_over=False)]
    base = [*TESTED, RESULT, FLAG, act("treatment_decided", 16, decision="matched"), *filled]
    assert stay(tell(*base), "main.pickup").rung_at[0] is not None
    assert stay(tell(*base, rule("empiric_started", 10)), "main.pickup").rung_at[0] is None
    denied = tell(*base, fact("pa_denied", 21, "A1", "auth:A1", subject="drug"))
    assert stay(denied, "main.pickup").rung_at[0] is None
    assert stay(denied, "main.pickup").rung_at[1] is not None


def test_a_booked_visit_is_reminded_two_days_before_and_moves_with_it() -> None:
    booked = fact("visit_booked", 1, "V1", "visit:V1", start=day(10).isoformat(), issued=1)
    assert stay(tell(enrolled(), booked), "visit.booked").rung_at[0] == day(8)
    moved = fact("visit_moved", 3, "V1", "visit:V1", start=day(13).isoformat(), issued=3)
    assert stay(tell(enrolled(), booked, moved), "visit.booked", 2).due_at == day(13)
    missed = fact("visit_missed", 13, "V1", "visit:V1", issued=13)
    timeline = tell(enrolled(), booked, moved, missed)
    assert "visit.missed" in standing(timeline)
    assert timeline.balls[-1].party == "patient"


def test_a_hold_stops_the_clocks_has_the_ball_and_gives_the_time_back() -> None:
    plain = stay(tell(enrolled()), "main.to_order").due_at
    held = act("held", 1, reason="travel", party="patient", review_at=day(20).isoformat())
    open_ended = tell(enrolled(), held)
    assert stay(open_ended, "main.to_order").due_at is None
    assert set(stay(open_ended, "main.to_order").rung_at) == {None}
    assert open_ended.balls[-1].party == "patient"
    resumed = tell(enrolled(), held, act("resumed", 8))
    due = stay(resumed, "main.to_order").due_at
    assert plain is not None
    assert due is not None
    assert due.date() - plain.date() == timedelta(days=7)
    assert resumed.holds[0].until == day(8)


def test_screening_for_a_trial_holds_and_a_failed_one_resumes() -> None:
    screening = fact("trial_screening", 15, "T1", trial="NCT1")
    base = [*TESTED, RESULT, FLAG]
    assert tell(*base, screening).holds[0].reason == "trial_screening"
    failed = fact("trial_screen_failed", 20, "T1")
    assert tell(*base, screening, failed).holds[0].until == day(20)
    enrolled_in_trial = fact("trial_on_study", 22, "T1")
    assert "main.confirm_end" in standing(tell(*base, screening, enrolled_in_trial))
    assert tell(*TESTED, screening, enrolled_in_trial).exit_reason == "trial_enrolled"


def test_death_ends_the_journey_as_a_competing_event_and_later_results_ask_a_person() -> None:
    timeline = tell(*TESTED, fact("death", 10), RESULT)
    assert (timeline.status, timeline.exit_reason, timeline.exit_class) == ("exited", "deceased", "competing")
    assert timeline.ended_at == day(10)
    assert timeline.milestones["result_final"].state == "unknown"
    assert timeline.matters == (("late_fact", RESULT.lineage),)


def test_a_late_fact_that_happened_before_the_end_is_told_before_it() -> None:
    lost = act("exited", 60, reason="lost_to_follow_up")
    assert tell(*TESTED, lost).exit_class == "preventable"
    timeline = tell(*TESTED, lost, RESULT)
    assert timeline.phase == "resulted"
    assert timeline.status == "exited"


@pytest.mark.parametrize(("sub_reason", "expected"), [("comorbidity", "appropriate"), ("not_aware", "preventable")])
def test_the_reason_behind_another_therapy_decides_its_class(sub_reason: str, expected: str) -> None:
    ended = act("exited", 20, reason="clinician_decision_other_therapy", sub_reason=sub_reason)
    assert tell(*TESTED, RESULT, FLAG, ended).exit_class == expected


def test_completed_elsewhere_counts_as_received() -> None:
    timeline = tell(*TESTED, RESULT, FLAG, act("exited", 30, reason="completed_elsewhere"))
    assert (timeline.status, timeline.outcome, timeline.phase) == ("completed", "completed_elsewhere", "started")


def test_reopening_goes_on_where_it_stopped() -> None:
    told = [*TESTED, act("exited", 10, reason="lost_to_follow_up"), act("reopened", 30, reason="came back")]
    timeline = tell(*told)
    assert timeline.status == "active"
    assert standing(timeline) == {"main.awaiting_result", "tissue.at_lab", "evaluation.waiting"}
    assert stay(timeline, "main.awaiting_result", 2).entered_at == day(30)
    assert "main.to_decide" in standing(tell(*told, fact("result_final", 33, "F1", "placer:O1", specimen_class="tissue", findings=PRESENT),
                                             rule("flagged_actionable", 33)))  # fmt: skip


def test_voided_in_error_and_restored() -> None:
    voided = act("voided", 10, reason="duplicate")
    assert tell(*TESTED, voided).status == "void"
    assert tell(*TESTED, voided, act("restored", 11)).status == "active"


def test_hospice_asks_a_person_to_sign_the_end() -> None:
    timeline = tell(*TESTED, fact("hospice_started", 9))
    assert timeline.status == "active"
    assert "main.confirm_end" in standing(timeline)


def test_a_flag_that_the_rules_take_back_goes_back_to_review() -> None:
    taken_back = rule("not_actionable", 16, "F1b")
    timeline = tell(*TESTED, RESULT, FLAG, taken_back)
    assert standing(timeline) == {"main.to_review"}
    assert timeline.milestones["flagged_actionable"].state == "unknown"


def test_what_a_patient_reports_moves_nothing() -> None:
    said = fact("first_dose_attested", 26, grade=1)
    timeline = tell(*TESTED, RESULT, FLAG, MATCHED, said)
    assert standing(timeline) == {"main.confirm_start"}
    assert [one.rule for one in timeline.anomalies] == ["refused"]


def test_a_specimen_that_no_track_takes_is_shown_to_a_person() -> None:
    blood = fact("specimen_received", 3, "S7", specimen_class="blood")
    timeline = tell(enrolled(), ORDER, blood)
    assert ("anomaly", blood.lineage) in timeline.matters


def test_a_result_before_its_receipt_is_an_anomaly_and_never_clamped() -> None:
    early = fact("result_final", 3, "F1", "placer:O1", specimen_class="tissue", findings=PRESENT)
    timeline = tell(*TESTED, early)
    assert [one.detail for one in timeline.anomalies if one.rule == "negative_interval"] == ["result_final before specimen_received"]
    assert timeline.milestones["result_final"].at == day(3)


def test_a_partial_date_is_due_from_its_end() -> None:
    march = Fact("enrolled", "finalmile|enrolled|1", Moment(day(-1), day(29)), "x", grade=3, body={"entry": "advanced"})
    due = stay(tell(march), "main.to_order").due_at
    assert due is not None
    assert due > day(29)


def test_a_suspicion_waits_for_tissue_then_diagnosis_then_an_order() -> None:
    told = [enrolled(entry="suspected")]
    assert standing(tell(*told)) == {"main.to_biopsy"}
    told += [
        fact("biopsy_ordered", 1, "B1"),
        fact("biopsy_done", 8, "B1"),
        fact("specimen_collected", 8, "S1", "accession:S1", specimen_class="tissue"),
    ]
    assert standing(tell(*told)) == {"main.to_diagnose"}
    told.append(fact("diagnosis", 12, "D1", code="icd10|C34.11", role="primary", verification="confirmed", stage="IV"))
    assert standing(tell(*told)) == {"main.to_order"}
    without_stage = fact("diagnosis", 12, "D1", code="icd10|C34.11", role="primary", verification="confirmed", stage=None)
    assert "staging.to_stage" in standing(tell(*told[:-1], without_stage))
    assert "staging.to_stage" not in standing(tell(*told[:-1], without_stage, fact("stage_recorded", 14, "ST", stage="IV")))


def test_without_an_enrolment_the_journey_opens_when_its_context_says() -> None:
    timeline = tell(ORDER, context=CONTEXT)
    assert stay(timeline, "main.to_order").entered_at == CONTEXT.opened_at
