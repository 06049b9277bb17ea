"""The one look of a tick: on an ordinary day it finds nothing to do, and whatever waits for an act or a date it sees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.at_hand import AtHand, at_hand
from notifications.models import Absence, WorkItem
from notifications.plan import plan
from notifications.tick import tick
from notifications.worklist import claim
from pathways.models import CodeMap, Feed, HandOver, Inbound, JourneyLink, Matter, PathwayVersion, Rollout, Turn
from patients.models import Membership, Permission, Site
from tests.notifications.world import DAY, HOUR, NOON, World


def _held(world: World) -> None:
    claim(item=WorkItem.objects.get(), by=world.dara, revision=0, now=NOON)


def _away(world: World) -> None:
    _held(world)
    Absence.objects.create(user=world.dara, first_day=date(2026, 3, 10), last_day=date(2026, 3, 11))


def _left(world: World) -> None:
    _held(world)
    Membership.objects.filter(user=world.dara).update(until=NOON)


def _nobody_left(world: World) -> None:
    Membership.objects.filter(site=world.site).update(until=NOON)


def _idle(world: World) -> None:
    _held(world)
    WorkItem.objects.update(claimed_at=NOON - 5 * DAY)
    WorkItem.objects.get().acts.update(at=NOON - 5 * DAY)


def _offered(world: World) -> None:
    _held(world)
    WorkItem.objects.update(offered_to=world.fay, offered_at=NOON - 2 * DAY)


def _feed(world: World, **more: object) -> Feed:
    return Feed.objects.create(name="hl7", site=world.site, heard_at=NOON - DAY, **more)


def _quarantined(world: World) -> None:
    Inbound.objects.create(feed=_feed(world), format="hl7v2", digest="d", received_at=NOON - 2 * DAY, body=b"", outcome="quarantined")


def _linked(world: World) -> None:
    first, second = world.journey(world.patient("Ben")), world.journey(world.patient("Cara"))
    JourneyLink.objects.create(journey=first, linked=second, kind="relative", since=NOON)


def _handed_over(world: World) -> None:
    journey = world.journey(world.patient("Ben"))
    HandOver.objects.create(journey=journey, sender=world.dara, recipient=world.fay, asked_at=NOON - DAY, due_at=NOON)


def _forgotten_meaning(world: World) -> None:
    CodeMap.objects.create(feed=_feed(world), place="test", code="x", target="y", at=NOON, by=world.dara, ended_at=NOON, rereads_after=0)


SEEN: dict[str, tuple[str, Callable[[World], object]]] = {
    "a silent feed": ("doors", lambda world: _feed(world, longest_silence=HOUR)),
    "a message kept back for two days": ("doors", _quarantined),
    "an incident that may be over": (
        "doors",
        lambda world: Matter.objects.create(kind="feed_silent", subject="1", site=world.site, opened_at=NOON, due_at=NOON),
    ),
    "an outcome whose ten seconds are over": ("outcomes", lambda world: WorkItem.objects.update(intended_until=NOON)),
    "a family that was never told": ("families", _linked),
    "a schedule whose time has come": ("turns", lambda world: Turn.objects.create(journey=world.journey(world.patient("Ben")), at=NOON)),
    "a programme just switched on": ("catching_up", lambda world: Rollout.objects.update(enrolling_after=0)),
    "a programme just published": ("rereading", lambda world: PathwayVersion.objects.update(rereads_after=0)),
    "a meaning that ended": ("rereading", _forgotten_meaning),
    "a calendar that changed": ("calendars", lambda world: Site.objects.update(calendar_after=0)),
    "a hand-over that nobody answered": ("hand_overs", _handed_over),
    "a consent whose time is over": (
        "consents",
        lambda world: Permission.objects.update(granted_at=NOON - DAY, revoked_at=None, until=NOON),
    ),
    "an item of somebody who is away": ("hands", _away),
    "an item of somebody who left": ("hands", _left),
    "an item that nobody is left for": ("hands", _nobody_left),
    "an item that nobody touched": ("hands", _idle),
    "an offer that nobody answered": ("hands", _offered),
}


@pytest.fixture
def ordinary(world: World) -> World:
    """An item waits for the navigators, a text for its hour: nothing that a tick would have to see to."""
    world.alert(world.stay(), world.rung())
    plan(now=NOON)
    return world


def test_on_an_ordinary_day_nothing_is_at_hand(ordinary: World) -> None:
    assert not any(getattr(at_hand(now=NOON), part) for part in AtHand.__struct_fields__)


@pytest.mark.parametrize("what", SEEN)
def test_what_waits_is_seen_and_nothing_else(ordinary: World, what: str) -> None:
    part, make = SEEN[what]
    make(ordinary)
    found = at_hand(now=NOON)
    assert [name for name in AtHand.__struct_fields__ if getattr(found, name)] == [part]


def test_every_part_is_seen_by_something_here() -> None:
    assert {part for part, _ in SEEN.values()} == set(AtHand.__struct_fields__)


def test_a_tick_with_nothing_to_do_asks_little(ordinary: World) -> None:
    tick(now=NOON)
    with CaptureQueriesContext(connection) as asked:
        tick(now=NOON)
    statements = [one["sql"] for one in asked.captured_queries if "SAVEPOINT" not in (one["sql"] or "")]
    assert len(statements) <= 13, statements
