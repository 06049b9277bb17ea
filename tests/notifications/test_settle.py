"""What a withdrawal takes back, what it leaves with its holder, and what it brings to a clinician."""

from __future__ import annotations

import pytest
from django.db import transaction

from notifications import worklist
from notifications.models import Message, WorkItem
from notifications.plan import plan
from notifications.settle import Settled, settle
from pathways import alerts
from pathways.models import Alert, Stay
from tests.notifications.world import DAY, NOON, World, in_another_connection


def withdraw(stay: Stay | None, reason: str = alerts.PROGRESS) -> None:
    assert stay is not None
    alerts.withdraw_of_stays([stay.pk], reason=reason, now=NOON + DAY)


def test_progress_takes_back_what_nobody_has_acted_on(world: World) -> None:
    stay = world.stay()
    world.alert(stay, world.rung(0, "patient"))
    world.alert(stay, world.rung(1))
    plan(now=NOON)
    withdraw(stay)
    assert settle(now=NOON + DAY) == Settled(alerts=2, messages=1, items=1)
    message, item = Message.objects.get(), WorkItem.objects.get()
    assert (message.state, message.reason) == ("withdrawn", "progress")
    assert (item.state, item.outcome, item.closed_at) == ("withdrawn", "progress", NOON + DAY)
    assert settle(now=NOON + DAY) == Settled()


def test_one_standing_alert_keeps_the_item(world: World) -> None:
    stay = world.stay()
    first = world.alert(stay, world.rung(0))
    world.alert(stay, world.rung(1))
    plan(now=NOON)
    Alert.objects.filter(pk=first.pk).update(withdrawn_at=NOON, reason="deadline moved")
    assert settle(now=NOON) == Settled(alerts=1)
    assert WorkItem.objects.get().state == "open"


def test_an_item_cannot_be_claimed_from_the_moment_of_withdrawal(world: World) -> None:
    stay = world.stay()
    world.alert(stay, world.rung())
    plan(now=NOON)
    item = WorkItem.objects.get()
    assert WorkItem.objects.claimable().get() == item
    withdraw(stay)
    assert not WorkItem.objects.claimable().exists()
    with pytest.raises(worklist.ReasonGone):
        worklist.claim(item=item, by=world.dara, revision=0, now=NOON + DAY)


def test_a_claimed_item_stays_with_its_holder_and_says_so(world: World) -> None:
    stay = world.stay()
    world.alert(stay, world.rung())
    plan(now=NOON)
    worklist.claim(item=WorkItem.objects.get(), by=world.dara, revision=0, now=NOON)
    withdraw(stay)
    assert settle(now=NOON + DAY) == Settled(alerts=1, reason_gone=1)
    item = WorkItem.objects.get()
    assert (item.state, item.owner, item.reason_gone_at) == ("claimed", world.dara, NOON + DAY)


@pytest.mark.parametrize(("reason", "opened"), [(alerts.PROGRESS, 0), (alerts.ENDED, 0), (alerts.CORRECTED, 1)])
@pytest.mark.parametrize("state", ["sending", "sent", "delivered", "unknown"])
def test_only_a_correction_of_what_was_said_comes_to_a_person(world: World, reason: str, opened: int, state: str) -> None:
    alert = world.text_alert()
    plan(now=NOON)
    Message.objects.update(state=state)
    withdraw(alert.stay, reason)
    assert settle(now=NOON + DAY).result_changed == opened
    assert WorkItem.objects.filter(cause_kind="result_changed", priority=1).count() == opened
    assert Message.objects.get().state == state


def test_a_correction_of_what_was_done_comes_to_a_person_once(world: World) -> None:
    stay = world.stay()
    world.alert(stay, world.rung(0))
    world.alert(stay, world.rung(1))
    plan(now=NOON)
    WorkItem.objects.update(state="done")
    withdraw(stay, alerts.CORRECTED)
    settle(now=NOON + DAY)
    assert WorkItem.objects.filter(cause_kind="result_changed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_somebody_else_holds_waits_for_the_next_tick() -> None:
    world = World()
    held, free = world.text_alert(), world.text_alert()
    plan(now=NOON)
    withdraw(held.stay)
    withdraw(free.stay)
    with transaction.atomic():
        Message.objects.select_for_update().get(journey__stays=held.stay)
        assert in_another_connection(lambda: settle(now=NOON + DAY)) == Settled(alerts=1, messages=1)
    assert settle(now=NOON + DAY) == Settled(alerts=1, messages=1)
