"""The nights on which clocks are turned: nine o'clock in the morning is nine by the clock on the wall, and a day is one day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifications import outbox
from notifications.models import Message, SendSlot
from notifications.plan import plan
from tests.notifications.world import NOON, World

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("night", "morning"),
    [
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 14, tzinfo=UTC)),  # half past one, for the first time
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), datetime(2026, 11, 1, 14, tzinfo=UTC)),  # and for the second
        (datetime(2027, 3, 14, 7, 30, tzinfo=UTC), datetime(2027, 3, 14, 13, tzinfo=UTC)),  # half past three, an hour after one
    ],
)
def test_a_text_waits_for_nine_by_the_wall_clock(db: None, night: datetime, morning: datetime) -> None:
    World().text_alert()
    plan(now=NOON)
    Message.objects.update(expires_at=None)
    assert outbox.claim(now=night).texts == []
    assert (Message.objects.get().reason, Message.objects.get().not_before) == ("quiet hours", morning)
    assert outbox.claim(now=morning - HOUR).texts == []
    assert len(outbox.claim(now=morning).texts) == 1
    assert SendSlot.objects.get().local_day == morning.date()


def test_the_day_of_25_hours_is_one_day_of_the_cap(db: None) -> None:
    """Two texts on the longest day: the second goes on the next, however many hours lie between."""
    world = World()
    patient = world.patient()
    for n, wording in enumerate(("visit.reminder", "kit.reminder")):
        world.alert(world.stay(patient), world.rung(n, "patient", wording=wording))
    plan(now=NOON)
    Message.objects.update(expires_at=None)
    first, last = datetime(2026, 11, 1, 14, tzinfo=UTC), datetime(2026, 11, 2, 0, 30, tzinfo=UTC)  # nine in the morning, half past seven
    assert [len(outbox.claim(now=at).texts) for at in (first, last)] == [1, 0]
    assert len(outbox.claim(now=datetime(2026, 11, 2, 14, tzinfo=UTC)).texts) == 1
