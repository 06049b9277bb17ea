"""B. Events and their order: doubled, late, reversed, corrected, retracted, repeated, dated wrongly. Cases 19 to 33."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise, permutations

import pytest
from django.test import Client
from django.urls import reverse

from notifications.models import Message, WorkItem
from pathways import journeys
from pathways.definitions import registry
from pathways.facts import Fact
from pathways.ingest import quarantine
from pathways.models import Event, Inbound, Journey
from pathways.replay import replay
from pathways.reports.cohort import Question, cohort
from pathways.timeline import Context
from pathways.writing.load import load
from tests.stories.letters import CARBOPLATIN, L858R, PEMBROLIZUMAB, Chart, Letter
from tests.stories.telling import LUNG, RESIDUAL, Hospital, day
from tests.stories.test_residual_disease import operated

from .telling import edited, matters, sent, waiting, written

pytestmark = pytest.mark.django_db


def retracted(letter: Letter) -> Letter:
    """The same FHIR resource, entered in error."""
    bundle = json.loads(letter.body)
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Condition":
            resource["verificationStatus"] = {"coding": [{"code": "entered-in-error"}]}
        elif "status" in resource:
            resource["status"] = "entered-in-error"
    return Letter(letter.feed, json.dumps(bundle).encode())


def order_by_fhir(chart: Chart, order: str = "ORD", status: str = "active") -> Letter:
    code = {"coding": [{"system": "http://loinc.org", "code": "81247-9", "display": "Genetic variant reporting panel"}]}
    reason = [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C34.11"}]}]
    return chart._fhir(
        {
            "resourceType": "ServiceRequest",
            "id": chart.number(order),
            "identifier": [{"type": {"coding": [{"code": "PLAC"}]}, "value": chart.number(order)}],
            "status": status,
            "intent": "order",
            "code": code,
            "reasonCode": reason,
            "authoredOn": chart.clock().isoformat(),
        }
    )


def test_case_19_the_very_same_event_again_is_a_duplicate(hospital: Hospital) -> None:
    """Same message: duplicate. Same content under a new message number: applied, and nothing is new."""
    ana = hospital.in_the_laboratory("Ana")
    before = Event.objects.count()
    report = written(hospital, hospital.now, lambda: ana.report(EGFR=L858R))
    again = edited(report, (f"|{report.body.split(b'|')[9].decode()}|", "|OTHER-NUMBER|"))
    hospital.hears(report)
    once = Event.objects.count()
    assert once > before
    assert sent(hospital, report).duplicate == 1
    assert sent(hospital, again).applied == 1
    assert Event.objects.count() == once


def test_case_20_one_number_with_two_bodies_waits_with_both_shown(hospital: Hospital) -> None:
    """No 409 to a sender of HL7: quarantined with the reason, both messages linked, replayable by a person."""
    ana = hospital.in_the_laboratory("Ana")
    report = ana.report(EGFR=L858R)
    other = edited(report, (L858R, "p.Gly719Ala"))
    assert sent(hospital, report, other).reasons == {"same_id_other_body": 1}
    kept = Inbound.objects.get(outcome="quarantined")
    assert str(Inbound.objects.get(digest__gt="", type__startswith="ORU", outcome="applied").uid) in kept.explanation
    assert quarantine.replay(inbound=kept, by=hospital.lars, now=hospital.now).outcome == "applied"


def test_case_21_a_result_before_its_order_implies_it_and_is_no_stall(hospital: Hospital) -> None:
    """The journey stands at *resulted*, the order is *implied* until it comes, and the missing order never rings."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer())
    order = ana.test_ordered()
    hospital.at(1)
    hospital.hears(ana.tissue_taken(), ana.report(EGFR=L858R))
    assert hospital.where(ana).phase == "resulted"
    assert hospital.milestone(ana, "test_ordered") == "implied"
    hospital.live_until(9)
    assert "no-order" not in hospital.everybodys_work()
    hospital.hears(order)
    assert hospital.milestone(ana, "test_ordered") == "reached"
    assert hospital.journey(ana).ordered_at == day(0)


def test_case_22_therapy_before_the_result_counts_as_such_and_never_as_negative_days(hospital: Hospital) -> None:
    """The start is kept with its own date, nothing is clamped, the interval is left out of the times and shown as an anomaly."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(7)
    hospital.hears(ana.infusion(PEMBROLIZUMAB), ana.infusion(CARBOPLATIN, "IV2"))
    assert hospital.milestone(ana, "empiric_started") == "reached"
    hospital.at(8)
    hospital.hears(ana.drug_ordered(), ana.drug_handed_over())
    assert hospital.milestone(ana, "drug_received") == "unknown"  # nobody can call it matched yet
    hospital.at(14)
    hospital.hears(ana.report(EGFR=L858R))
    journey = hospital.journey(ana)
    times = {name: at for name, (_, at, _) in journey.milestones.items()}
    assert times["empiric_started"] < times["result_final"] == times["drug_received"]
    assert "awaiting_result" not in hospital.where(ana).waits.values()
    assert all(after >= before for before, after in pairwise(filter(None, phase_times(journey))))


def phase_times(journey: Journey) -> list[datetime | None]:
    return [journey.ordered_at, journey.sampled_at, journey.resulted_at, journey.started_at]


def course(hospital: Hospital, chart: Chart) -> list[Letter]:
    days = (
        (0, chart.has_lung_cancer), (1, chart.test_ordered), (2, chart.tissue_taken), (3, chart.tissue_at_lab),
        (10, lambda: chart.report(status="P", genes=["EGFR"], EGFR=L858R)), (14, lambda: chart.report(EGFR=L858R)),
        (16, lambda: chart.sheet("treatment_decided", decision="matched")),
    )  # fmt: skip
    return [written(hospital, day(n), write) for n, write in days]


def picture(journey: Journey) -> object:
    milestones = {name: (state, at) for name, (state, at, _) in journey.milestones.items()}
    stays = journey.stays.current().values_list("track", "stage__name", "occurrence", "entered_at", "due_at", "left_at")
    return journey.phase, journey.status, milestones, sorted(map(str, stays))


def test_case_23_events_in_whatever_order_end_in_the_same_state(hospital: Hospital) -> None:
    """Reversed through the intake; all 5,040 orders of seven facts through replay. (Any order of whole histories, with duplicates,
    corrections and merges: `test_replay_properties.py`.)"""
    ana, bea = hospital.knows("Ana", phone=""), hospital.knows("Bea", phone="")
    letters, reversed_ = course(hospital, ana), list(reversed(course(hospital, bea)))
    hospital.at(20)
    hospital.hears(*letters, *reversed_)
    assert picture(hospital.journey(ana)) == picture(hospital.journey(bea))

    patient = load([hospital.patient(ana).pk])[hospital.patient(ana).pk]
    (journey,) = patient.journeys
    definition = registry.published()[LUNG].definition
    attached: list[Fact] = [fact for fact in patient.facts if fact.id in journey.attached and fact.basis is None][:7]
    context = Context(opened_at=journey.opened_at, entry=journey.entry)
    expected = replay(definition, attached, context)
    assert len(attached) == 7
    assert all(replay(definition, order, context) == expected for order in permutations(attached))


def test_case_24_a_result_corrected_after_therapy_is_a_task_of_its_own(hospital: Hospital) -> None:
    """EGFR was present, the drug was received; then the laboratory says absent. The journey is told anew and a person must know; what was
    asked before stays on record."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(14)
    hospital.hears(ana.report(EGFR=L858R))
    hospital.live_until(17)
    asked = WorkItem.objects.count()
    hospital.at(18)
    hospital.hears(ana.sheet("treatment_decided", decision="matched"), ana.drug_ordered(), ana.drug_handed_over())
    hospital.at(25)
    hospital.hears(ana.report(status="C"))
    hospital.tick()
    assert "result-changed" in hospital.asked(hospital.petra)
    assert hospital.milestone(ana, "flagged_actionable") not in ("reached", "implied")
    assert hospital.journey(ana).status == "active"
    assert WorkItem.objects.count() > asked
    assert hospital.facts_of(ana) >= {"result_final", "treatment_decided", "drug_dispensed", "result_corrected"}


def test_case_25_a_reminder_that_lost_its_reason_cannot_be_claimed_from_that_moment(hospital: Hospital) -> None:
    """The pick-up text waits for the morning; at night the report is amended to nothing actionable. The very transaction withdraws the
    alert, so that no claim can take the text, whether or not anybody ticks."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(14)
    hospital.hears(ana.report(EGFR=L858R))
    hospital.at(16)
    hospital.hears(ana.sheet("treatment_decided", decision="matched"), ana.drug_ordered(), ana.drug_handed_over(handed_over=False))
    hospital.at(18, 20)
    hospital.live_until(18)
    hospital.at(19, 8)
    hospital.tick()
    queued = Message.objects.filter(state="pending").count()
    assert queued == 1
    hospital.hears(ana.sheet("drug_order_stopped", drug="osimertinib"), ana.report(status="C"))
    hospital.at(19, 9)
    hospital.send()
    assert hospital.texts_to(ana) == []
    assert Message.objects.get().state == "withdrawn"


def test_case_26_an_order_entered_in_error_never_was_and_a_journey_in_error_is_void(hospital: Hospital, client: Client) -> None:
    """The catalogue voids the journey with its order. Here a journey rests on the diagnosis: without the order it waits for one again, and
    only a person voids it; then stalls, items and texts end with that reason, it leaves every denominator, and it can still be read."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.condition())
    hospital.at(1)
    order = order_by_fhir(ana)
    hospital.hears(order)
    assert hospital.where(ana).phase == "ordered"
    hospital.hears(retracted(order))
    assert (hospital.where(ana).phase, hospital.where(ana)["main"]) == ("identified", "to_order")
    hospital.live_until(9)
    assert hospital.everybodys_work() == ["no-order"]
    journeys.void(journey=hospital.journey(ana), reason="entered_in_error", now=hospital.now, by=hospital.lena)
    hospital.tick()
    assert hospital.everybodys_work() == []
    assert WorkItem.objects.get(problem="no-order").outcome == "journey ended"
    assert not cohort(Question(LUNG, hospital.now)).members
    assert Event.objects.filter(patient=hospital.patient(ana), kind="voided").exists()


def test_case_26b_a_diagnosis_entered_in_error_asks_a_person_about_its_journey(hospital: Hospital) -> None:
    """What brought the journey about was never so: nobody closes it by rule, somebody must look."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    diagnosis = ana.condition()
    hospital.hears(diagnosis, retracted(diagnosis))
    assert hospital.where(ana).status == "active"
    assert [matter.detail.get("subject", "").split(":")[0] for matter in matters(hospital, "anomaly")] == ["basis"]


def test_case_27_an_error_of_something_never_seen_is_a_tombstone(hospital: Hospital) -> None:
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.condition())
    order = order_by_fhir(ana)
    hospital.hears(retracted(order), order)
    assert (hospital.where(ana).phase, hospital.where(ana)["main"]) == ("identified", "to_order")
    assert Event.objects.filter(kind="test_ordered", retracted=True).count() == 1


def test_case_28_cancelled_and_ordered_again_is_a_second_wait_not_the_first_reopened(hospital: Hospital) -> None:
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer())
    hospital.at(1)
    hospital.hears(ana.test_ordered("ORD1"))
    hospital.at(2)
    hospital.hears(edited(ana.test_ordered("ORD1"), ("ORC|NW", "ORC|OC")))
    assert hospital.where(ana)["main"] == "to_order"
    hospital.at(3)
    hospital.hears(ana.test_ordered("ORD2"))
    stays = hospital.journey(ana).stays.current().filter(track="main").order_by("entered_at", "pk")
    assert list(stays.values_list("stage__name", "occurrence")) == [("to_order", 1), ("to_sample", 1), ("to_order", 2), ("to_sample", 2)]


def test_case_29_each_draw_of_a_series_is_an_occurrence_with_a_stall_of_its_own(hospital: Hospital) -> None:
    """The recurring track of `mrd-surveillance`: a missed draw is a stall of that occurrence and shifts only itself."""
    ana = operated(hospital)
    for number in (110, 140):  # the window of the first draw has come and gone
        hospital.at(number, 14)
        hospital.tick()
    missed = Event.objects.filter(patient=hospital.patient(ana), kind="occurrence_missed")
    assert [event.body["occurrence"] for event in missed] == [1]
    hospital.at(190, 14)
    hospital.tick()
    draws = hospital.journey(ana, RESIDUAL).stays.current().filter(track="draws", stage__name="due").order_by("occurrence")
    first, second = draws
    assert (first.occurrence, second.occurrence) == (1, 2)
    assert first.due_at is not None
    assert second.due_at is not None
    assert second.due_at - first.due_at > timedelta(days=80)
    assert set(hospital.alerts(ana).filter(stay__track="draws").values_list("stay__occurrence", flat=True)) == {1, 2}


def test_case_30_a_refused_specimen_returns_to_waiting_for_tissue_with_a_clock_of_its_own(hospital: Hospital) -> None:
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(4)
    hospital.hears(ana.too_little_tissue())
    again = hospital.journey(ana).stays.open().get(track="main")
    assert (again.stage.name, again.occurrence, again.entered_at) == ("to_sample", 2, day(4))
    assert again.due_at is not None
    assert again.due_at > day(4)
    assert hospital.milestone(ana, "biopsy_attempted") == "reached"


def test_case_31_what_is_dated_in_the_future_moves_nothing(hospital: Hospital) -> None:
    """More than five minutes ahead of our clock it waits in quarantine. A visit that lies ahead is no event of the future: it is booked
    today."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer())
    assert sent(hospital, written(hospital, hospital.now + timedelta(minutes=6), ana.test_ordered)).reasons == {"future_dated": 1}
    assert sent(hospital, written(hospital, hospital.now + timedelta(minutes=4), lambda: ana.test_ordered("ORD2"))).applied == 1
    hospital.hears(ana.visit(day(30)))
    assert hospital.where(ana)["visit"] == "booked"


@pytest.mark.parametrize(("wrong", "reason"), [("18991231", "too_old"), ("19570101", "before_birth")])
def test_case_32_impossible_dates_wait(hospital: Hospital, wrong: str, reason: str) -> None:
    """Before 1900, or before the birth that we know, though the message itself gives none. After death differs from the catalogue: results
    after death are applied, never refused (clinical rules 7), and come to a person."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    stamp = ana._now()
    letter = edited(ana.tissue_taken(), (f"|||||||||{stamp}", f"|||||||||{wrong}"), ("||19580402|", "|||"))
    assert sent(hospital, letter).reasons == {reason: 1}
    assert waiting() == [reason]


def test_case_32b_a_result_after_death_is_applied_and_comes_to_a_person(hospital: Hospital) -> None:
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(5)
    hospital.hears(ana.died())
    assert hospital.where(ana).exit == "deceased"
    hospital.at(9)
    assert sent(hospital, ana.report(EGFR=L858R)).applied == 1
    assert matters(hospital, "late_fact")


def test_case_33_a_time_without_zone_is_the_feeds_and_says_so(hospital: Hospital) -> None:
    ana = hospital.knows("Ana")
    hospital.at(0)
    stamp = ana._now()
    hospital.hears(ana.has_lung_cancer(), edited(ana.test_ordered(), (stamp, stamp[:-5])))
    event = Event.objects.get(kind="test_ordered")
    assert (event.occurred_lo, event.assumed_zone) == (day(0), True)
    assert reverse("patient", args=[hospital.patient(ana).uid])
