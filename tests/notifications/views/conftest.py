from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from pathways import journeys
from pathways.facts import Rank
from pathways.journeys import Received
from pathways.models import Journey
from patients.models import Patient, Role, Site, User
from tests.browser.morning import Morning, morning
from tests.desk import DAY, Desk
from tests.pathways.said import LUNG, fact, result
from tests.people import dara, eli, fay, hal, north, nurse, south, today_here

__all__ = ["dara", "eli", "fay", "hal", "north", "south"]


@pytest.fixture
def lena(north: Site) -> User:
    """Lead navigator of the north."""
    return nurse("lena", north, role=Role.LEAD)


@pytest.fixture
def desk(north: Site) -> Desk:
    return Desk(north, timezone.now())


@pytest.fixture
def today(north: Site, dara: User, lena: User) -> Morning:
    """A whole morning of the north: something in every lane."""
    return morning(north, nurse=dara, lead=lena, now=timezone.now())


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    def enter(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return enter


@pytest.fixture
def began(desk: Desk) -> datetime:
    """Four weeks ago, on a Monday at ten in Boston."""
    day = desk.now - 28 * DAY
    return (day - day.weekday() * DAY).replace(hour=15, minute=0, second=0, microsecond=0)


@pytest.fixture
def ann(desk: Desk, lena: User) -> Patient:
    desk.go_live(lena)
    return desk.patient("Okafor", "Ann", today_here() - timedelta(days=25000), phone="+16175550200")


@pytest.fixture
def followed(desk: Desk, ann: Patient, began: datetime) -> Journey:
    """Diagnosed, ordered, sampled; the report was preliminary and is final now, with an EGFR variant."""
    order, specimen = "placer:O1", "specimen:S1"
    said = [
        fact("diagnosis", began, "D1", body=LUNG),
        fact("test_ordered", began + DAY, "O1", family="order", keys=(order,), body={"specimen_class": "tissue", "text": "NGS lung panel"}),
        fact("specimen_collected", began + 2 * DAY, "S1", keys=(order, specimen), body={"specimen_class": "tissue"}),
        fact("specimen_received", began + 3 * DAY, "S1", keys=(order, specimen), body={"specimen_class": "tissue"}),
        result(began + 10 * DAY, "EGFR", rank=Rank.PRELIMINARY, complete=False),
        result(began + 12 * DAY, "EGFR"),
    ]
    with transaction.atomic():
        journeys.receive([Received(ann.pk, (one,), desk.site.pk) for one in said], now=desk.now)
    return Journey.objects.get(patient=ann)
