"""The doctor finds nothing on a healthy site, and names the row on a sick one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from notifications import inbox, worklist
from notifications.invariants import RULES, check
from notifications.models import Message, SendSlot, WorkItem
from notifications.send import send_due
from notifications.tick import tick
from pathways.models import Alert, Rung
from patients.models import Phone
from tests.notifications.carrier import Carrier
from tests.notifications.test_comparing import compared
from tests.notifications.world import DAY, NOON, World


@pytest.fixture
def busy(world: World) -> World:
    """A site after a day of work."""
    for _ in range(3):
        world.text_alert()
        world.alert(world.stay(), world.rung(1))
    tick(now=NOON)
    send_due(now=NOON, transport=Carrier(["ok", "refuse:30007"]))
    inbox.receive(provider_sid="SM1", from_="+16175550123", to="", body="hello", now=NOON)
    item = WorkItem.objects.filter(cause_kind="problem").order_by("pk").first()
    assert item is not None
    worklist.park(item=item, by=world.dara, revision=0, until=NOON + 2 * DAY, reason="", now=NOON)
    return world


def test_a_healthy_site_has_no_violation(busy: World) -> None:
    assert check(now=NOON) == []
    assert check(now=NOON + DAY) == []


SICK: dict[str, Callable[[World], object]] = {
    "an alert is planned": lambda w: Alert.objects.update(planned_at=None),
    "a planned alert that acts has an item, a message or a stated reason": lambda w: w.text_alert(planned_at=NOON),
    "a withdrawal is settled": lambda w: Alert.objects.update(withdrawn_at=NOON),
    "no text after STOP": lambda w: Phone.objects.update(stopped_at=NOON - DAY),
    "no text to who may not be told": lambda w: Message.objects.filter(attempt__gt=0).update(recipient=w.patient("Zoe").person),
    "no sending older than its lease": lambda w: Message.objects.filter(state="sent").update(state="sending"),
    "an unknown text is looked into": lambda w: Message.objects.update(state="unknown", unknown_since=NOON),
    "a reminder handed out holds a day of its number": lambda w: SendSlot.objects.all().delete(),
    "shadow rows stay inside": lambda w: Message.objects.update(shadow=True),
    "no critical rung waits by lot": lambda w: compared(w) and Rung.objects.filter(trial__isnull=False).update(priority=3),
    "a parked item has a date": lambda w: WorkItem.objects.filter(state="parked").update(parked_until=None),
    "a reply is read or with a person": lambda w: WorkItem.objects.filter(cause_kind="reply").delete(),
    "no clinical word in a text": lambda w: Message.objects.filter(state="sent").update(body="your biopsy"),
}


@pytest.mark.parametrize("invariant", SICK)
def test_a_sick_row_is_named(busy: World, invariant: str) -> None:
    SICK[invariant](busy)
    assert invariant in {violation.invariant for violation in check(now=NOON + DAY)}


def test_every_invariant_is_asked_once() -> None:
    assert len({rule.invariant for rule in RULES}) == len(RULES)
