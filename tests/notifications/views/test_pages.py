"""The statements of the queue list and count what the lanes say, for every role and filter, and never what a reader may not see."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from notifications.models import WorkItem, WorkItemAlert
from notifications.views import lanes
from notifications.views.filters import Wanted
from notifications.views.lanes import LANES
from notifications.views.pages import PAGE, counts, page_of
from pathways.models import Alert, Journey, JourneySite, Matter
from patients.models import Role, Site, User
from patients.models.staff import CARE
from tests.desk import DAY, Desk
from tests.people import nurse, today_here

ROLES = ("navigator", "lead", "pharmacist", "clinician")
FILTERS: tuple[dict[str, str], ...] = (
    {},
    {"role": "navigator"},
    {"role": "pharmacist"},
    {"programme": "nsclc-biomarker"},
    {"programme": "nothing"},
    {"urgency": "critical"},
    {"urgency": "late"},
    {"urgency": "in_time"},
    {"ball": "clinic"},
    {"ball": "lab", "urgency": "late"},
    {"about": "reply"},
    {"site": "north"},
    {"site": "south", "role": "navigator"},
    {"site": "nowhere"},
)


@pytest.fixture
def crowd(north: Site, south: Site) -> list[User]:
    """A few hundred items of every state, role, owner and reason at three sites, and people who hold one role, two, or one each at two sites."""
    now, chance = timezone.now(), Random(11)
    east = Site.objects.create(code="east", name="East", time_zone="America/New_York")
    readers = [nurse(f"one-{role}", north, role=role) for role in (*CARE, Role.MANAGER)]
    both = nurse("both", north, south)
    both.memberships.create(site=north, role=Role.PHARMACIST)
    leads = nurse("leads", south, role=Role.LEAD)
    leads.memberships.create(site=north, role=Role.NAVIGATOR)
    left = nurse("left", north)
    left.memberships.update(until=today_here())
    readers += [both, leads, left]
    journeys = {site: _journeys(Desk(site, now)) for site in (north, south, east)}
    for journey in journeys[south][:2]:  # north takes part: it may be read there, and is worked where it is asked
        JourneySite.objects.create(journey=journey, site=north, since=now)
    items = [_item(n, chance, journeys, [None, None, *readers], now) for n in range(260)]
    WorkItem.objects.bulk_create(items)
    _reasons(items, journeys[north][0], chance, now)
    return readers


def _journeys(desk: Desk) -> list[Journey]:
    made = [desk.journey(desk.patient("Crowd", f"{desk.site.code} {n}", today_here() - timedelta(days=20_000)), days=9) for n in range(3)]
    for journey, ball in zip(made, ("clinic", "lab", "payer"), strict=True):
        Journey.objects.filter(pk=journey.pk).update(ball=ball)
    return made


def _item(n: int, chance: Random, journeys: dict[Site, list[Journey]], owners: list[User | None], now: datetime) -> WorkItem:
    site = chance.choice(list(journeys))
    journey = chance.choice([None, *journeys[site]])
    state = chance.choice(["open", "open", "open", "claimed", "parked", "parked", "done", "withdrawn"])
    ended = state in ("done", "withdrawn")
    more: dict[str, Any] = {"closed_at": now - timedelta(hours=chance.choice([0, 30]))} if ended else {}
    if state == "parked":
        more = {"parked_until": now + DAY, "waiting_on": chance.choice(["", "payer"])}
    return WorkItem(
        cause_kind=chance.choice(["problem", "reply", "note"]), cause_key=f"crowd-{n}", site=site, journey=journey,
        patient=journey.patient if journey else None, problem="no-order", audience=chance.choice(ROLES),
        also_for=chance.sample(ROLES, chance.choice([0, 0, 1, 2])), priority=chance.randint(1, 4), state=state,
        owner=chance.choice(owners) if state != "withdrawn" else None, offered_to=chance.choice(owners) if chance.random() < 0.2 else None,
        shadow=chance.random() < 0.1, intended_until=now if chance.random() < 0.1 else None, opened_at=now - 3 * DAY,
        due_at=now + timedelta(days=chance.randint(-4, 4)), **more,
    )  # fmt: skip


def _reasons(items: list[WorkItem], journey: Journey, chance: Random, now: datetime) -> None:
    """Some have an alert that stands, some one that was withdrawn; some are about a candidate."""
    desk = Desk(journey.home_site, now)
    stay = desk.wait(journey, "main.to_order", since=9, due=5)
    desk.item(stay)
    pattern = Alert.objects.get(stay=stay)
    for n, item in enumerate(chance.sample(items, 60), start=2):
        alert = Alert.objects.get(pk=pattern.pk)
        alert.pk, alert.round, alert._state.adding = None, n, True
        alert.withdrawn_at = now if n % 2 else None
        alert.save()
        WorkItemAlert.objects.create(alert=alert, item=item)
    candidate = desk.candidate(journey.patient)
    WorkItem.objects.filter(pk__in=[item.pk for item in chance.sample(items, 20)]).update(matter=candidate)


def test_every_role_sees_in_every_lane_what_the_lanes_say_in_their_order_and_number(crowd: list[User]) -> None:
    now, seen = timezone.now(), 0
    for reader in crowd:
        user = User.objects.get(pk=reader.pk)
        user.remember()
        wanted = Wanted.read({}, now)
        counted = counts(user, "mine", wanted, now)
        readable = set(WorkItem.objects.visible_to(user).values_list("pk", flat=True))
        assert counted["lost"] == lanes.lost(user, now).count()
        assert counted["candidates"] == lanes.candidates(user).count()
        for lane in LANES:
            listed = _all_of(lane.name, user, wanted, now)
            assert listed == _said(lane, user, wanted), (user.username, lane.name)
            assert counted[lane.name] == len(listed)
            assert readable.issuperset(listed)
            seen += len(listed)
    assert seen > 100
    assert Matter.objects.exists()


@pytest.mark.parametrize("given", FILTERS)
def test_a_filter_narrows_rows_and_count_alike(crowd: list[User], given: dict[str, str]) -> None:
    now = timezone.now()
    wanted = Wanted.read(given, now)
    for user in (one for one in crowd if one.username in ("one-navigator", "one-lead", "both", "leads")):
        for lane in LANES:
            listed = _all_of(lane.name, user, wanted, now)
            assert listed == _said(lane, user, wanted), (user.username, lane.name)
            assert counts(user, lane.name, wanted, now)[lane.name] == len(listed)


def _said(lane: lanes.Lane, user: User, wanted: Wanted) -> list[int]:
    return list(lane.items(user, wanted).order_by("priority", "due_at", "pk").values_list("pk", flat=True))


def _all_of(lane: str, user: User, wanted: Wanted, now: datetime) -> list[int]:
    """By following the pages to their end."""
    listed, after = [], None
    while True:
        page = page_of(lane, user, wanted, after, now=now)
        assert len(page.items) <= PAGE
        listed += [item.pk for item in page.items]
        after = page.next
        if after is None:
            return listed
