"""Alerts become items and messages, each exactly once."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import transaction

from notifications.models import Message, MessageAlert, WorkItem, WorkItemAlert
from notifications.plan import Counts, plan, plan_after
from pathways.models import Alert, Matter
from patients.models import Practitioner
from tests.notifications.world import DAY, HOUR, NOON, World, in_another_connection


def test_a_staff_rung_makes_one_item_for_its_cause(world: World) -> None:
    stay = world.stay()
    alert = world.alert(stay, world.rung())
    assert plan(now=NOON) == Counts(alerts=1, items=1)
    item = WorkItem.objects.get()
    assert (item.cause_kind, item.cause_key, item.audience) == ("problem", f"{stay.journey_id}:no-visit", "navigator")
    assert (item.site, item.patient_id, item.due_at, item.state) == (world.site, stay.journey.patient_id, NOON + 2 * DAY, "open")
    assert WorkItemAlert.objects.get().alert == alert
    assert plan(now=NOON + HOUR) == Counts()


def test_a_later_rung_escalates_the_same_item(world: World) -> None:
    stay = world.stay()
    world.alert(stay, world.rung(0, priority=6))
    plan(now=NOON)
    world.alert(stay, world.rung(1, "lead", priority=3), rang_at=NOON + DAY, due_at=NOON + DAY)
    plan(now=NOON + DAY)
    item = WorkItem.objects.get()
    assert (item.priority, item.audience, item.also_for, item.due_at) == (3, "lead", ["navigator"], NOON + 2 * DAY)
    assert item.alerts.count() == 2


def test_two_alerts_of_one_cause_in_one_batch_share_the_item(world: World) -> None:
    stay = world.stay()
    world.alert(stay, world.rung(0, priority=6))
    world.alert(stay, world.rung(1, "pharmacist", priority=4), due_at=NOON + HOUR)
    assert plan(now=NOON).items == 1
    assert (WorkItem.objects.get().audience, WorkItem.objects.get().alerts.count()) == ("pharmacist", 2)


@pytest.mark.parametrize(("priority", "state"), [(2, "open"), (5, "parked"), (7, "parked")])
def test_only_a_more_urgent_alert_wakes_a_parked_item(world: World, priority: int, state: str) -> None:
    stay = world.stay()
    world.alert(stay, world.rung(0, priority=5))
    plan(now=NOON)
    WorkItem.objects.filter().update(state="parked", parked_until=NOON + 5 * DAY, parked_priority=5)
    world.alert(stay, world.rung(1, "lead", priority=priority), rang_at=NOON + DAY)
    plan(now=NOON + DAY)
    item = WorkItem.objects.get()
    assert item.state == state
    assert (item.parked_until is None) == (state == "open")


def test_a_finished_item_gives_way_to_a_new_one(world: World) -> None:
    stay = world.stay()
    world.alert(stay, world.rung(0))
    plan(now=NOON)
    WorkItem.objects.update(state="done")
    world.alert(stay, world.rung(1, "lead"))
    plan(now=NOON)
    assert WorkItem.objects.count() == 2


def test_skipped_audiences_see_the_item_too(world: World) -> None:
    world.alert(world.stay(), world.rung(1, "lead"), also_for=["accountable", "patient", "lab_liaison"])
    plan(now=NOON)
    item = WorkItem.objects.addressed_to(["lab_liaison"]).get()
    assert (item.audience, sorted(item.also_for)) == ("lead", ["lab_liaison", "navigator"])


def test_responsible_is_the_clinician_with_an_account_else_the_navigator(world: World) -> None:
    with_account, without = world.stay(world.patient()), world.stay(world.patient())
    for stay, user in ((with_account, world.staff("onc", "clinician")), (without, None)):
        stay.journey.responsible = Practitioner.objects.create(family="O", user=user)
        stay.journey.save(update_fields=["responsible"])
        world.alert(stay, world.rung(0, "responsible"))
    plan(now=NOON)
    assert WorkItem.objects.get(journey=with_account.journey).audience == "clinician"
    assert WorkItem.objects.get(journey=without.journey).audience == "navigator"


def test_a_matter_is_its_own_cause(world: World) -> None:
    matter = Matter.objects.create(kind="candidate", subject="x", site=world.site, patient=world.patient(), opened_at=NOON, due_at=NOON)
    world.alert(matter, world.rung())
    plan(now=NOON)
    item = WorkItem.objects.get()
    assert (item.cause_kind, item.cause_key, item.matter, item.patient) == ("matter", str(matter.pk), matter, matter.patient)


def test_an_adult_patient_is_texted_once_for_ever(world: World) -> None:
    patient = world.patient()
    alert = world.text_alert(patient)
    assert plan(now=NOON) == Counts(alerts=1, messages=1)
    message = Message.objects.get()
    assert (message.recipient, message.patient, message.wording, message.programme) == (patient.person, patient, "visit.reminder", "lung")
    world.alert(alert.stay, alert.rung, round=2)
    plan(now=NOON + DAY)
    assert Message.objects.count() == 1
    assert MessageAlert.objects.filter(message=message).count() == 2


def test_a_text_that_never_went_out_stands_again_in_the_next_round(world: World) -> None:
    alert = world.text_alert()
    plan(now=NOON)
    Message.objects.update(state="withdrawn", reason="held")
    world.alert(alert.stay, alert.rung, round=2)
    plan(now=NOON + DAY)
    message = Message.objects.get()
    assert (message.state, message.reason, message.not_before) == ("pending", "", NOON + DAY)


def test_a_text_that_was_handed_out_never_stands_again(world: World) -> None:
    alert = world.text_alert()
    plan(now=NOON)
    Message.objects.update(state="withdrawn", attempt=1)
    world.alert(alert.stay, alert.rung, round=2)
    plan(now=NOON + DAY)
    assert Message.objects.get().state == "withdrawn"


def test_a_minor_is_spoken_for(world: World) -> None:
    child = world.patient(born=date(2015, 5, 5))
    mother, father = world.parent(child), world.parent(child, "Paul")
    father.authorities.update(until=NOON - DAY)
    world.text_alert(child)
    plan(now=NOON)
    assert Message.objects.get().recipient == mother


@pytest.mark.parametrize("born", [None, date(2015, 5, 5)])
def test_nobody_to_text_means_a_call(world: World, born: date | None) -> None:
    world.text_alert(world.patient(born=born))
    assert plan(now=NOON) == Counts(alerts=1, items=1)
    assert WorkItem.objects.get().audience == "navigator"


def test_shadow_rows_are_marked(world: World) -> None:
    world.text_alert(mode="shadow")
    world.alert(world.stay(), world.rung(1), mode="shadow")
    plan(now=NOON)
    assert Message.objects.get().shadow and WorkItem.objects.get().shadow
    assert not WorkItem.objects.visible_to(world.dara).exists()


def test_no_text_in_staff_mode_nor_for_rungs_due_before_texts_began(world: World) -> None:
    staff = world.text_alert(mode="staff")
    early = world.text_alert(due_at=NOON - 31 * DAY)
    assert plan(now=NOON) == Counts(alerts=2)
    assert [Alert.objects.get(pk=a.pk).reason for a in (staff, early)] == ["no texts here yet", "due before texts began"]


def test_withdrawn_and_skipped_alerts_make_nothing(world: World) -> None:
    world.alert(world.stay(), world.rung(), withdrawn_at=NOON, reason="progress")
    world.alert(world.stay(), world.rung(), acts=False)
    assert plan(now=NOON) == Counts(alerts=2)


def test_batches_cover_everything(world: World) -> None:
    for _ in range(7):
        world.alert(world.stay(), world.rung())
    assert plan(now=NOON, batch=3) == Counts(alerts=7, items=7)


@pytest.mark.django_db(transaction=True)
def test_two_planners_share_the_work_and_plan_nothing_twice() -> None:
    world = World()
    for n in range(40):
        world.alert(world.stay(), world.rung(0, "patient")) if n % 2 else world.alert(world.stay(), world.rung(1))
    with transaction.atomic():
        first, _ = plan_after(0, now=NOON, batch=15)
        second = in_another_connection(lambda: plan(now=NOON, batch=15))
    assert (first.alerts, second.alerts) == (15, 25)
    assert (WorkItem.objects.count(), Message.objects.count()) == (20, 20)
    assert Alert.objects.filter(planned_at=None).count() == 0
