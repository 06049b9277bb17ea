"""D. Messages: hours, words and batches. Cases 89, 90, 92, 93, 94 and 100; on rows, because each is about one claim."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from notifications import halts, outbox, pacing
from notifications.models import Message, WorkItem
from notifications.plan import plan
from notifications.send import send_due
from notifications.transports.base import Answer, Text
from notifications.wording import compiler
from notifications.wording.compiler import Wording, segments
from patients.models import Person, Phone
from tests.notifications.carrier import Carrier
from tests.notifications.world import HOUR, NOON, World

pytestmark = pytest.mark.django_db


class Slow(Carrier):
    """Two seconds for every text; in the middle of the batch somebody presses *Stop all texts*."""

    def __init__(self, stops_at: float) -> None:
        super().__init__()
        self.seconds, self.stops_at = 0.0, stops_at

    def send(self, text: Text) -> Answer:
        if self.seconds <= self.stops_at < self.seconds + 2:
            halts.trip(halts.STAFF, reason="stopped", now=NOON)
        self.seconds += 2
        return super().send(text)


@pytest.fixture
def world(db: None) -> World:
    return World()


def waiting(world: World) -> Message:
    """A reminder that is planned and not yet claimed."""
    world.text_alert(world.patient())
    plan(now=NOON)
    return Message.objects.get()


def sent(now: datetime = NOON) -> list[str]:
    return [claimed.text.body for claimed in outbox.claim(now=now).texts]


def test_case_89_quiet_hours_are_asked_again_at_the_claim(world: World) -> None:
    message = waiting(world)
    assert sent(NOON + 9 * HOUR) == []  # 21:00 in New York
    message.refresh_from_db()
    assert (message.reason, message.not_before) == ("quiet hours", datetime(2026, 3, 11, 13, tzinfo=UTC))
    assert len(sent(message.not_before)) == 1


def test_case_90_the_number_and_the_address_must_both_be_awake(world: World) -> None:
    """A New York number whose owner lives in Hawaii: nine o'clock there is three in the afternoon here."""
    message = waiting(world)
    Person.objects.update(time_zone="Pacific/Honolulu")
    assert sent() == []
    message.refresh_from_db()
    assert message.not_before == datetime(2026, 3, 10, 19, tzinfo=UTC)
    (claimed,) = outbox.claim(now=message.not_before).texts
    assert message.not_before + timedelta(seconds=claimed.text.validity) < datetime(2026, 3, 11, 1, tzinfo=UTC)  # 21:00 in New York


def test_case_92_a_text_edited_after_it_was_planned_is_judged_as_it_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is rendered at the claim, by the words of then; words that say too much are not said, and a person calls."""
    waiting(world)
    edited = {"visit.reminder": Wording("{org}: your biopsy is coming up. Call {phone}.", reviewed="local default, 2026-11-23")}
    with monkeypatch.context() as later:
        later.setattr(compiler, "load", lambda language: edited)
        assert sent() == []
    message = Message.objects.get()
    assert (message.state, message.reason) == ("pending", "the text would say too much or be too long")
    assert WorkItem.objects.get().problem == "no-visit"


def test_case_93_an_empty_field_is_never_said(world: World) -> None:
    """Without a name the wording without one; without a number to call nothing, and a call."""
    waiting(world)
    Person.objects.update(given="")
    (body,) = sent()
    assert body.startswith("This is Riverside Care.")
    assert "Hello ," not in body
    world.site.call_back = ""
    world.site.save()
    world.text_alert(world.patient("Bea"))
    plan(now=NOON)
    assert sent() == []
    assert WorkItem.objects.count() == 1


def test_case_94_a_name_that_makes_a_text_long_is_left_out(world: World) -> None:
    waiting(world)
    Person.objects.update(given="Ж" * 60)
    (body,) = sent()
    assert "Ж" not in body
    assert segments(body) <= 2


def test_case_100_a_bulk_start_is_planned_before_and_stopped_within_five_seconds(world: World) -> None:
    """20,000 patients of two zones under the lowest caps; then twenty that one worker has in hand, and a stop in the middle: what is on its way may
    arrive, nothing is posted five seconds later, and none of the others is lost."""
    crowds = [pacing.Crowd("America/New_York", "", "US", 0, 12_000), pacing.Crowd("", "", "US", 0, 8_000)]
    began = time.perf_counter()
    planned = pacing.pace(crowds, now=NOON, per_minute=75, per_day=2_000)
    assert time.perf_counter() - began < 1
    assert (planned.texts, planned.segments, planned.left) == (20_000, 40_000, 0)
    assert max(planned.days.values()) == 1_000
    assert timedelta(days=19) <= planned.takes < timedelta(days=21)
    quick = pacing.pace(crowds, now=NOON, per_minute=4_500, per_day=200_000)
    assert quick.takes < timedelta(hours=6)

    for n in range(20):
        world.text_alert(world.patient(f"Patient{n}"))
    plan(now=NOON)
    slow = Slow(stops_at=3)
    send_due(now=NOON, transport=slow, stopwatch=lambda: slow.seconds, batch=20)
    assert slow.seconds - slow.stops_at <= 5
    assert Message.objects.filter(state="sent").count() == len(slow.took) < 20
    assert Message.objects.filter(state="pending").count() == 20 - len(slow.took)
    calm, later = Carrier(), NOON + timedelta(minutes=1)
    assert send_due(now=later, transport=calm).accepted == 0
    halts.lift(halts.STAFF, now=later)
    send_due(now=later, transport=calm)
    assert Message.objects.filter(state="sent").count() == Phone.objects.count() == 20
    assert set((slow.copies() + calm.copies()).values()) == {1}
