"""One text a day and three in seven days per number, over all programmes: who gets the day, and what becomes of the others."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from notifications import endings, outbox
from notifications.models import Message, WorkItem
from notifications.outbox import Claim
from notifications.plan import plan
from notifications.transports.base import Declined
from patients.models import Authority, Permission, Phone
from tests.notifications.world import DAY, HOUR, NOON, World


def claim(now: datetime = NOON) -> Claim:
    return outbox.claim(now=now)


def test_one_text_a_day_the_most_urgent_first(world: World) -> None:
    patient = world.patient()
    world.alert(world.stay(patient), world.rung(0, "patient", priority=5))
    world.alert(world.stay(patient), world.rung(1, "patient", priority=3, wording="kit.reminder"))
    plan(now=NOON)
    assert len(claim().texts) == 1
    first, later = Message.objects.order_by("priority")
    assert (first.state, later.state, later.reason) == ("sending", "pending", "one a day")
    assert claim(later.not_before - timedelta(minutes=1)).texts == []
    assert [claimed.id for claimed in claim(later.not_before).texts] == [later.pk]


def test_three_texts_in_seven_days(world: World) -> None:
    patient = world.patient()
    for n, wording in enumerate(("visit.reminder", "kit.reminder", "form.reminder", "pickup.reminder")):
        world.alert(world.stay(patient), world.rung(n, "patient", wording=wording))
    plan(now=NOON)
    sent = [day for day in range(9) if claim(NOON + day * DAY).texts]
    assert sent == [0, 1, 2, 7]


def test_the_most_urgent_takes_the_day_however_many_wait(world: World) -> None:
    """It became due last, and the batch is one."""
    patient = world.patient()
    for n in range(3):
        world.alert(world.stay(patient), world.rung(n, "patient", priority=5, wording="kit.reminder"))
    world.alert(world.stay(patient), world.rung(3, "patient", priority=2))
    plan(now=NOON)
    Message.objects.filter(priority=5).update(not_before=NOON - HOUR)
    assert len(outbox.claim(now=NOON, batch=1).texts) == 1
    assert Message.objects.get(state="sending").priority == 2


def test_the_same_words_for_two_children_are_one_text(world: World) -> None:
    """Twins whose mother is texted; were it refused, each stands for themselves again, and each has its call."""
    ada, bea = (world.patient(name, born=date(2026, 2, 20), phone=False) for name in ("Ada", "Bea"))
    pia = world.parent(ada)
    Authority.objects.create(person=pia, patient=bea, basis="parent", since=NOON - DAY)
    Permission.objects.create(person=pia, patient=bea, phone=Phone.objects.get(), granted_at=NOON - DAY)
    for child in (ada, bea):
        world.text_alert(child)
    plan(now=NOON)
    (claimed,) = claim().texts
    assert Message.objects.get(pk=claimed.id).alerts.count() == 2
    other = Message.objects.exclude(pk=claimed.id).get()
    assert (other.state, other.reason) == ("withdrawn", "combined")
    endings.record(claimed=claimed, answer=Declined(21614), now=NOON)
    claim()
    assert set(Message.objects.values_list("state", "reason")) == {("failed", "not a mobile number"), ("withdrawn", "bad number")}


def test_one_text_about_two_children_says_both_of_its_numbers(world: World) -> None:
    ada, bea = (world.patient(name, born=date(2026, 2, 20), phone=False) for name in ("Ada", "Bea"))
    pia = world.parent(ada)
    Authority.objects.create(person=pia, patient=bea, basis="parent", since=NOON - DAY)
    Permission.objects.create(person=pia, patient=bea, phone=Phone.objects.get(), granted_at=NOON - DAY)
    for child in (ada, bea):
        world.alert(world.stay(child), world.rung(0, "patient", wording="bring.child"))
    plan(now=NOON)
    (claimed,) = claim().texts
    numbers = [f"{uid.int % 10_000:04d}" for uid in Message.objects.values_list("uid", flat=True)]
    assert "your children" in claimed.text.body
    assert all(number in claimed.text.body for number in numbers)


def test_a_loser_that_would_expire_becomes_a_call(world: World) -> None:
    patient = world.patient()
    world.alert(world.stay(patient), world.rung(0, "patient", priority=3))
    world.alert(world.stay(patient), world.rung(1, "patient", priority=5, expires_after=6 * HOUR, wording="kit.reminder"))
    plan(now=NOON)
    claim()
    loser = Message.objects.get(priority=5)
    assert (loser.state, loser.reason) == ("withdrawn", "too late")
    assert WorkItem.objects.get().alerts.get().alert_id == loser.alerts.get().alert_id
