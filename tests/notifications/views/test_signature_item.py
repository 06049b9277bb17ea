"""A lapsed signature comes to the lead's queue like any other work, though it is about no patient."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from notifications.models import WorkItem
from notifications.tick import tick
from pathways import signing
from pathways.ladders import publish_ladders
from patients.models import User
from tests.desk import Desk

Enter = Callable[[User], Client]


def test_the_lead_finds_it_in_her_queue_and_signing_settles_it(signed_in: Enter, lena: User, dara: User, desk: Desk) -> None:
    publish_ladders()
    desk.go_live(dara)
    now = timezone.now()
    signing.sign(site=desk.site, version=desk.version, by=lena, now=now - timedelta(days=400))
    assert signing.remind(now=now) == 1
    tick(now=now)
    client = signed_in(lena)
    assert "Targets to be signed" in client.get("/queue/?lane=team").content.decode()
    item = WorkItem.objects.get()
    assert (item.audience, item.patient) == ("lead", None)
    assert client.get(f"/items/{item.uid}/").status_code == 200
    client.post(f"/rollout/north/{desk.version.code}/sign/", {"version": desk.version.number})
    tick(now=timezone.now())
    item.refresh_from_db()
    assert item.state == "withdrawn"
