"""What a comparison shows to staff, and who may end it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications import comparing
from notifications.models import Message
from pathways.models import Rung, Trial
from patients.models import User
from tests.browser.morning import Morning
from tests.desk import DAY

Enter = Callable[[User], Client]


@pytest.fixture
def put_off(today: Morning) -> Message:
    """A reminder of the critical item's journey waits by lot."""
    now = timezone.now()
    trial = Trial.objects.create(
        pathway="nsclc-biomarker", stage="main.x", label="visit booked", wording="visit.reminder", protocol="QI-9", terms="t", arm="delay",
        held=2, block=4, delay=timedelta(days=2), horizon_days=14, since=now.date(), until=now.date() + 30 * DAY, key="k" * 64,
        approved_by="Dr. Lund", reason="Does it help?",
    )  # fmt: skip
    journey = today.critical.journey
    assert journey
    rung = Rung.objects.exclude(stage=None)[0]
    Rung.objects.filter(pk=rung.pk).update(trial=trial)
    return Message.objects.create(
        journey=journey, patient=journey.patient, rung=rung, stay=journey.stays.first(), recipient=journey.patient.person, purpose="reminder",
        wording="visit.reminder", created_at=now, not_before=now + 2 * DAY, reason=comparing.PUT_OFF,
    )  # fmt: skip


def test_item_and_journey_say_that_a_reminder_waits(signed_in: Enter, dara: User, today: Morning, put_off: Message) -> None:
    assert put_off.journey
    for address in (f"/items/{today.critical.uid}/", f"/journeys/{put_off.journey.uid}/"):
        page = signed_in(dara).get(address).content.decode()
        assert "delayed by an approved comparison, at the latest until" in page
        assert "(QI-9, Dr. Lund)" in page


def test_a_lead_ends_it_with_a_reason_and_nobody_else_does(
    signed_in: Enter, dara: User, lena: User, today: Morning, put_off: Message
) -> None:
    trial = Trial.objects.get()
    address = f"/comparisons/{trial.uid}/stop/"
    assert signed_in(dara).post(address, {"why": "no"}).status_code == 403
    page = signed_in(lena).get("/comparisons/").content.decode()
    assert "Does it help?" in page
    assert trial.key not in page, "while it runs nobody can tell the next lot"
    signed_in(lena).post(address, {"why": ""})
    trial.refresh_from_db()
    assert trial.stopped_at is None
    signed_in(lena).post(address, {"why": "two complaints"})
    trial.refresh_from_db()
    assert (trial.stopped_by, trial.stopped_why) == (lena, "two complaints")
    page = signed_in(dara).get("/comparisons/").content.decode()
    assert "two complaints" in page
    assert "End it now" not in page
    assert "delayed by" not in signed_in(dara).get(f"/items/{today.critical.uid}/").content.decode()
