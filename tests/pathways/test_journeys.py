"""The writer: facts come in, in any order and as often as they like; journeys, stays and matters follow, once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from pathways import candidates, journeys
from pathways.definitions import publish, registry
from pathways.facts import Fact, Rank
from pathways.journeys import Received
from pathways.ladders import publish_ladders
from pathways.models import Alert, Binding, Event, Journey, Matter, Rollout, Stay, StayRevision
from pathways.sweep import ring
from patients.models import Membership, Patient, PatientSite, Person, Site, User
from tests.pathways.said import LUNG, OSIMERTINIB, fact, result

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def site() -> Iterator[Site]:
    registry.clear()
    publish.publish_catalogue(by=None, now=MONDAY)
    publish_ladders()
    site = Site.objects.create(code="north", name="North")
    lead = User.objects.create_user("fay", password=None)
    Membership.objects.create(user=lead, site=site, role="lead")
    Rollout.objects.create(site=site, pathway="nsclc-biomarker", mode="live", texts_from=MONDAY - 300 * DAY, default_accountable=lead)
    yield site
    registry.clear()


def somebody(site: Site) -> Patient:
    person = Person.objects.create(given="Ana", family="Q", birth_lo="1960-01-01", birth_hi="1960-01-01")
    patient = Patient.objects.create(person=person, registered_at=MONDAY)
    PatientSite.objects.create(patient=patient, site=site, since=MONDAY)
    return patient


def tell(patient: Patient, site: Site, *facts: Fact, now: datetime | None = None) -> None:
    with transaction.atomic():
        journeys.receive([Received(patient.pk, (one,), site.pk) for one in facts], now=now or MONDAY + 30 * DAY)


def the_course() -> list[Fact]:
    """Diagnosis, order, tissue, partial and final report with EGFR L858R, decision, osimertinib handed over."""
    order, specimen = "placer:O1", "specimen:S1"
    return [
        fact("diagnosis", MONDAY, "D1", body=LUNG),
        fact(
            "test_ordered", MONDAY + DAY, "O1", family="order", keys=(order,), body={"specimen_class": "tissue", "text": "NGS lung panel"}
        ),
        fact("specimen_collected", MONDAY + 2 * DAY, "S1", keys=(order, specimen), body={"specimen_class": "tissue"}),
        fact("specimen_received", MONDAY + 3 * DAY, "S1", keys=(order, specimen), body={"specimen_class": "tissue"}),
        result(MONDAY + 10 * DAY, "EGFR", rank=Rank.PRELIMINARY, complete=False),
        result(MONDAY + 12 * DAY, "EGFR"),
        fact("treatment_decided", MONDAY + 14 * DAY, "T1", body={"decision": "matched", "drugs": [OSIMERTINIB]}),
    ]


def picture(patient: Patient) -> list[Any]:
    """What a reader can see of a patient's journeys, without row ids."""
    found: list[Any] = []
    for journey in Journey.objects.filter(patient=patient).order_by("pathway"):
        milestones = {name: [state, at, basis.split("|")[1:2]] for name, (state, at, basis) in journey.milestones.items()}
        stays = journey.stays.current().values_list("track", "stage__name", "occurrence", "entered_at", "due_at", "left_at")
        found.append((journey.pathway, journey.phase, journey.status, milestones, sorted(map(str, stays))))
    return found


def test_a_coded_primary_with_its_stage_opens_a_journey_by_rule(site: Site) -> None:
    ana = somebody(site)
    tell(ana, site, fact("diagnosis", MONDAY, "D1", body=LUNG))
    journey = Journey.objects.get(patient=ana)
    assert (journey.pathway, journey.entry, journey.phase, journey.status) == ("nsclc-biomarker", "advanced", "identified", "active")
    stay = journey.stays.open().get(track="main")
    assert stay.due_at is not None
    assert stay.attention_at is not None
    assert journey.accountable is not None


def test_unknown_stage_makes_a_candidate_that_a_person_accepts(site: Site) -> None:
    ana, fay = somebody(site), User.objects.get()
    tell(ana, site, fact("diagnosis", MONDAY, "D1", body={**LUNG, "stage": None}))
    assert not Journey.objects.exists()
    matter = Matter.objects.get(closed_at=None)
    journey = candidates.accept(matter=matter, by=fay, now=MONDAY + DAY)
    assert journey.status == "active"
    assert not Matter.objects.filter(closed_at=None, kind=matter.kind).exists()
    with pytest.raises(candidates.AlreadySettled):
        candidates.accept(matter=matter, by=fay, now=MONDAY + DAY)


def test_a_refused_candidate_is_not_proposed_again(site: Site) -> None:
    ana, fay = somebody(site), User.objects.get()
    unstaged = fact("diagnosis", MONDAY, "D1", body={**LUNG, "stage": None})
    tell(ana, site, unstaged)
    candidates.refuse(matter=Matter.objects.get(), reason="not_this_disease", by=fay, now=MONDAY + DAY)
    tell(ana, site, fact("visit_kept", MONDAY + DAY, "V1"), unstaged)
    assert Matter.objects.filter(closed_at=None).count() == 0


def test_the_course_moves_the_journey_phase_by_phase(site: Site) -> None:
    ana = somebody(site)
    phases = []
    for one in the_course():
        tell(ana, site, one)
        phases.append(Journey.objects.get(patient=ana).phase)
    assert phases == ["identified", "ordered", "sampled", "sampled", "resulted", "resulted", "decided"]
    journey = Journey.objects.get(patient=ana)
    assert journey.ordered_at == MONDAY + DAY
    assert Event.objects.filter(kind="flagged_actionable").exists()


@pytest.mark.parametrize("seed", range(6))
def test_any_order_and_any_duplication_give_the_same_picture(site: Site, seed: int) -> None:
    import random

    ana, ben = somebody(site), somebody(site)
    course = the_course()
    tell(ana, site, *course)
    chance = random.Random(seed)
    shuffled = [*course, *chance.choices(course, k=4)]
    chance.shuffle(shuffled)
    for one in shuffled:
        tell(ben, site, one)
    assert picture(ben) == picture(ana)


def test_telling_the_same_again_writes_nothing(site: Site) -> None:
    ana = somebody(site)
    tell(ana, site, *the_course())
    before = (Event.objects.count(), Binding.objects.count(), list(Stay.objects.order_by("pk").values()))
    tell(ana, site, *the_course(), now=MONDAY + 60 * DAY)
    assert (Event.objects.count(), Binding.objects.count(), list(Stay.objects.order_by("pk").values())) == before


def test_a_late_fact_keeps_the_stays_and_rings_nothing_twice(site: Site) -> None:
    ana = somebody(site)
    course = the_course()
    tell(ana, site, course[0], course[1], course[3])
    ring(now=MONDAY + 40 * DAY)
    stays, alerts = set(Stay.objects.values_list("pk", flat=True)), Alert.objects.count()
    assert alerts > 0
    tell(ana, site, course[2], now=MONDAY + 40 * DAY)
    assert set(Stay.objects.filter(superseded="").values_list("pk", flat=True)) >= stays
    ring(now=MONDAY + 40 * DAY)
    assert Alert.objects.count() == alerts


def test_progress_withdraws_the_alerts_of_the_wait(site: Site) -> None:
    ana = somebody(site)
    tell(ana, site, the_course()[0])
    ring(now=MONDAY + 9 * DAY)
    assert Alert.objects.filter(withdrawn_at=None).exists()
    tell(ana, site, the_course()[1], now=MONDAY + 10 * DAY)
    standing = Alert.objects.filter(withdrawn_at=None, stay__left_at__isnull=False)
    assert not standing.exists()
    assert set(Alert.objects.exclude(withdrawn_at=None).values_list("reason", flat=True)) == {"progress"}


def test_a_corrected_result_takes_back_what_the_rules_said(site: Site) -> None:
    ana = somebody(site)
    course = the_course()
    tell(ana, site, *course[:6])
    flagged = Event.objects.get(kind="flagged_actionable")
    tell(ana, site, result(MONDAY + 12 * DAY, rank=Rank.CORRECTED, issued=MONDAY + 15 * DAY), now=MONDAY + 31 * DAY)
    latest = Binding.objects.filter(event=flagged).order_by("pk").last()
    assert latest is not None
    assert not latest.attached
    tell(ana, site, fact("result_reviewed", MONDAY + 16 * DAY, "RV1", keys=("placer:O1",)), now=MONDAY + 31 * DAY)
    assert Journey.objects.get(patient=ana).outcome == "no_actionable_alteration"


def test_entered_in_error_equals_never_said(site: Site) -> None:
    ana, ben = somebody(site), somebody(site)
    diagnosis, order, *_ = the_course()
    wrong = fact("specimen_received", MONDAY + 3 * DAY, "S1", keys=order.keys, body={"specimen_class": "tissue"})
    retraction = fact(
        "specimen_received", MONDAY + 3 * DAY, "S1", keys=order.keys, issued=MONDAY + 4 * DAY, rank=Rank.CORRECTED, retracted=True
    )
    tell(ana, site, diagnosis, order)
    tell(ben, site, diagnosis, order, wrong)
    tell(ben, site, retraction)
    assert picture(ben) == picture(ana)


def test_a_correction_keeps_the_old_value(site: Site) -> None:
    ana = somebody(site)
    diagnosis, order, *_ = the_course()
    tell(ana, site, diagnosis, order)
    earlier = fact(
        "test_ordered", MONDAY, "O1", family="order", keys=order.keys, body=order.body, rank=Rank.CORRECTED, issued=MONDAY + 5 * DAY
    )
    tell(ana, site, earlier, now=MONDAY + 35 * DAY)
    assert StayRevision.objects.filter(field="left_at").exists()
    assert Journey.objects.get(patient=ana).ordered_at == MONDAY


def test_a_hold_stops_the_clock_and_resuming_moves_the_deadline(site: Site) -> None:
    ana, fay = somebody(site), User.objects.get()
    tell(ana, site, the_course()[0])
    journey = Journey.objects.get(patient=ana)
    due = journey.stays.open().get(track="main").due_at
    journeys.hold(journey=journey, reason="patient_choice", review_at=MONDAY + 20 * DAY, now=MONDAY + timedelta(hours=1), by=fay)
    journey.refresh_from_db()
    assert journey.hold_reason == "patient_choice"
    assert ring(now=MONDAY + 10 * DAY).alerts == 0
    assert ring(now=MONDAY + 20 * DAY).alerts == 1
    assert Alert.objects.get().matter == Matter.objects.get(kind="hold_review", closed_at=None)
    journeys.resume(journey=journey, now=MONDAY + 10 * DAY, by=fay)
    moved = journey.stays.open().get(track="main").due_at
    assert due is not None
    assert moved is not None
    assert moved > due + 9 * DAY
    assert not Matter.objects.filter(kind="hold_review", closed_at=None).exists()


def test_exit_reopen_and_void_are_events_of_named_people(site: Site) -> None:
    ana, fay = somebody(site), User.objects.get()
    tell(ana, site, the_course()[0])
    journey = Journey.objects.get(patient=ana)
    journeys.exit(journey=journey, reason="declined_test", now=MONDAY + 3 * DAY, by=fay)
    journey.refresh_from_db()
    assert (journey.status, journey.exit_reason, journey.exit_class) == ("exited", "declined_test", "patient_choice")
    assert not journey.stays.open().exists()
    journeys.reopen(journey=journey, reason="changed her mind", now=MONDAY + 5 * DAY, by=fay)
    journey.refresh_from_db()
    assert journey.status == "active"
    assert journey.stays.open().exists()
    journeys.void(journey=journey, reason="entered_in_error", now=MONDAY + 6 * DAY, by=fay)
    journey.refresh_from_db()
    assert journey.status == "void"
    assert set(Event.objects.filter(kind__in=["exited", "reopened", "voided"]).values_list("by", flat=True)) == {fay.pk}


def test_nothing_opens_where_the_programme_is_off(site: Site) -> None:
    Rollout.objects.update(mode="off", default_accountable=None)
    ana = somebody(site)
    tell(ana, site, *the_course())
    assert not Journey.objects.exists()
    assert Event.objects.count() == len(the_course())


def test_a_batch_of_many_patients_is_one_set(site: Site) -> None:
    people = [somebody(site) for _ in range(20)]
    messages = [Received(person.pk, (one,), site.pk) for one, person in itertools.product(the_course(), people)]
    with transaction.atomic():
        journeys.receive(messages, now=MONDAY + 30 * DAY)
    pictures = [picture(person) for person in people]
    assert all(one == pictures[0] for one in pictures)
    assert Journey.objects.count() == 20
