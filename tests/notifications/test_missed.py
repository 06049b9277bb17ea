"""What patients wrote while nobody could hear it is taken in later, once, and at the time at which it was written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from config import tasks
from config.models import Heartbeat
from notifications import clock, inbox, missed, transports
from notifications.models import Reply, WorkItem
from notifications.transports.base import Seen
from pathways import journeys
from patients.models import Phone
from tests.notifications.carrier import Carrier
from tests.notifications.world import HOUR, NOON, World

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ana(world: World, monkeypatch: pytest.MonkeyPatch) -> Phone:
    monkeypatch.setattr(journeys, "record_for_patient", lambda **_: None)  # the journey's writer has tests of its own
    world.text_alert()
    return Phone.objects.get()


def wrote(ana: Phone, n: int, words: str, minutes: int) -> Seen:
    return Seen(f"SM{n:032d}", "+15550100000", words, "received", from_=ana.e164, at=NOON + minutes * MINUTE)


def test_what_was_missed_is_heard_once_and_what_was_heard_not_again(ana: Phone) -> None:
    known = wrote(ana, 1, "hello", 0)
    inbox.receive(provider_sid=known.sid, from_=known.from_, to=known.to, body=known.body, now=NOON)
    carrier = Carrier(wrote=[wrote(ana, 2, "I need a ride", 5), known])
    assert [missed.catch_up(looked=NOON, now=NOON + HOUR, transport=carrier) for _ in range(2)] == [1, 0]
    assert list(Reply.objects.order_by("pk").values_list("body", "received_at")) == [("hello", NOON), ("I need a ride", NOON + 5 * MINUTE)]
    assert WorkItem.objects.count() == 1


def test_a_stop_that_was_missed_stops(ana: Phone) -> None:
    missed.catch_up(looked=None, now=NOON + HOUR, transport=Carrier(wrote=[wrote(ana, 1, "STOP", 5)]))
    ana.refresh_from_db()
    assert ana.stopped_at == NOON + 5 * MINUTE


def test_a_start_that_was_overtaken_by_a_stop_opens_nothing(ana: Phone) -> None:
    """START was lost on its way, STOP a minute later was heard: what was said last holds, and a person asks."""
    inbox.receive(provider_sid="SM9", from_=ana.e164, to="", body="STOP", now=NOON + 6 * MINUTE)
    missed.catch_up(looked=None, now=NOON + HOUR, transport=Carrier(wrote=[wrote(ana, 1, "START", 5)]))
    ana.refresh_from_db()
    assert ana.stopped_at == NOON + 6 * MINUTE
    assert WorkItem.objects.get().problem == "start-ambiguous"


def test_who_may_not_be_texted_from_here_is_not_heard_here(ana: Phone) -> None:
    """A staging installation with the real account's key would take in the real patients' replies."""
    assert missed.catch_up(looked=None, now=NOON, transport=Carrier(wrote=[wrote(ana, 1, "STOP", -5)], barred=True)) == 0
    assert not Reply.objects.exists()


def test_the_task_looks_back_to_when_it_last_ended_well(ana: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Listing(Carrier):
        def heard(self, since: object) -> list[Seen] | None:
            asked.append(since)
            return super().heard(since)  # type: ignore[arg-type]

    carrier = Listing(hides=True)
    monkeypatch.setattr(transports, "current", lambda: carrier)
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    monkeypatch.setattr(clock, "believed", lambda now: now)
    Heartbeat.objects.create(name="listen", at=NOON - 9 * HOUR)
    with pytest.raises(missed.NotTold):
        tasks.listen()
    carrier.hides = False
    tasks.listen()
    assert asked == [NOON - 10 * HOUR] * 2
