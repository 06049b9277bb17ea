"""From a stay that is due to a text on a phone and an item in the queue; a second tick changes nothing."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from notifications.models import Message, WorkItem
from notifications.send import send_due
from notifications.tick import tick
from pathways import alerts
from pathways.models import Stay
from tests.notifications.carrier import Carrier
from tests.notifications.world import DAY, HOUR, NOON, World


def late_stay(world: World) -> Stay:
    """Due at noon: a text at noon, the navigator a day later."""
    world.rung(0, "patient", expires_after=2 * DAY)
    world.rung(1, "navigator")
    stay = world.stay()
    Stay.objects.filter(pk=stay.pk).update(rung_at=[NOON, NOON + DAY], attention_at=NOON)
    return stay


def test_a_stall_becomes_a_text_then_an_item_then_nothing(world: World) -> None:
    stay, carrier = late_stay(world), Carrier()
    assert tick(now=NOON - HOUR).rang.alerts == 0
    first = tick(now=NOON)
    assert (first.rang.alerts, first.planned.messages, first.planned.items) == (1, 1, 0)
    assert send_due(now=NOON, transport=carrier).accepted == 1
    again = tick(now=NOON)
    assert (again.rang.alerts, again.planned.alerts) == (0, 0)
    assert tick(now=NOON + DAY).planned.items == 1
    assert tick(now=NOON + 4 * DAY).escalated == 1
    alerts.withdraw_of_stays([stay.pk], reason=alerts.PROGRESS, now=NOON + 4 * DAY)
    assert tick(now=NOON + 4 * DAY).settled.items == 1
    assert (Message.objects.get().state, WorkItem.objects.get().state) == ("sent", "withdrawn")
    assert carrier.calls == 1


def test_sweep_prints_what_it_did(world: World) -> None:
    late_stay(world)
    out = StringIO()
    call_command("sweep", "--now", NOON.isoformat(), "--json", stdout=out)
    did = json.loads(out.getvalue())
    assert (did["rang"]["alerts"], did["planned"]["messages"], did["settled"]["alerts"]) == (1, 1, 0)
    call_command("sweep", stdout=StringIO())


@pytest.mark.parametrize("now", ["yesterday", "2026-03-10T12:00:00"])
def test_sweep_wants_an_instant(world: World, now: str) -> None:
    with pytest.raises(CommandError, match="--now"):
        call_command("sweep", "--now", now)


def test_wording_check_names_what_it_found() -> None:
    out = StringIO()
    call_command("wording", "check", stdout=out)
    assert "keep the rules" in out.getvalue()
