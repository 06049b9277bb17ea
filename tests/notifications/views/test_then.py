"""The permanent link of a work item shows what it rested on when somebody was asked, whatever was learnt or changed since."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.test import Client
from django.utils import timezone

from notifications.models import WorkItem, WorkItemAlert
from notifications.tick import tick
from pathways import journeys
from pathways.facts import Rank
from pathways.journeys import Received
from pathways.models import Alert, Journey, Stay
from patients.models import User
from tests.desk import DAY, Desk
from tests.pathways.said import fact
from tests.people import today_here

Enter = Callable[[User], Client]


def told(client: Client, item: WorkItem) -> str:
    page = re.sub(r"\s+", " ", client.get(f"/items/{item.uid}/then/").content.decode())
    return page[page.index('<div class="columns') :]


def test_a_later_correction_and_answer_leave_it_as_it_was(signed_in: Enter, desk: Desk, dara: User, followed: Journey) -> None:
    stay = Stay.objects.open().get(journey=followed, stage__name="to_decide")
    item, client = desk.item(stay), signed_in(dara)
    asked_at = timezone.now()
    Alert.objects.filter(pk=WorkItemAlert.objects.get(item=item).alert_id).update(rang_at=asked_at)
    before = told(client, item)
    assert "No decision" in before or "decision" in before
    assert "What it rests on" in before
    client.post(
        f"/journeys/{followed.uid}/add/treatment_decided/",
        {"on": today_here().isoformat(), "decision": "matched", "drug": "x", "evidence": "y"},
    )
    order = fact(
        "test_ordered", stay.entered_at - 15 * DAY, "O1", family="order", keys=("placer:O1",), body={"text": "another"}, rank=Rank.CORRECTED
    )
    with transaction.atomic():
        journeys.receive([Received(followed.patient_id, (order,), desk.site.pk)], now=timezone.now() + timedelta(minutes=5))
    tick(now=timezone.now() + timedelta(minutes=6))
    assert not Stay.objects.open().filter(pk=stay.pk).exists()
    assert told(client, item) == before


def test_an_item_about_no_wait_has_no_such_page(signed_in: Enter, desk: Desk, dara: User, followed: Journey) -> None:
    item = desk.item(Stay.objects.open().get(journey=followed, stage__name="to_decide"))
    WorkItemAlert.objects.all().delete()
    assert signed_in(dara).get(f"/items/{item.uid}/then/").status_code == 404
