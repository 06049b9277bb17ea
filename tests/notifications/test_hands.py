"""From hand to hand: somebody who is here always has it, and everybody can read how it came to them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from notifications import hands, worklist
from notifications.at_hand import at_hand
from notifications.models import Absence, WorkItem
from notifications.plan import plan
from patients.models import Membership, User
from tests.notifications.world import DAY, HOUR, NOON, World

TODAY = date(2026, 3, 10)


@pytest.fixture
def item(world: World) -> WorkItem:
    world.alert(world.stay(), world.rung())
    plan(now=NOON)
    return worklist.claim(item=WorkItem.objects.get(), by=world.dara, revision=0, now=NOON)


def away(world: World, deputy: User | None = None, *, first: date = TODAY) -> Absence:
    return Absence.objects.create(user=world.dara, deputy=deputy, first_day=first, last_day=first + timedelta(days=5))


def kept(*, now: datetime) -> hands.Handed:
    """What a tick does; whatever there is to do, its one look has seen it."""
    seen, did = at_hand(now=now).hands, hands.keep_in_hands(now=now)
    assert seen or did == hands.Handed()
    return did


def test_a_hand_over_counts_when_it_is_accepted(world: World, item: WorkItem) -> None:
    eli = world.staff("eli", "navigator")
    offered = hands.offer(item=item, to=eli, by=world.dara, revision=item.revision, reason="speaks Polish", now=NOON)
    assert offered.owner == world.dara
    taken = hands.accept(item=offered, by=eli, revision=offered.revision, now=NOON + HOUR)
    assert (taken.owner, taken.offered_to, taken.state) == (eli, None, "claimed")
    assert [act.act for act in taken.acts.order_by("pk")] == ["claimed", "offered", "accepted"]


def test_an_offer_nobody_answers_is_back_and_the_lead_sees_it(world: World, item: WorkItem) -> None:
    eli = world.staff("eli", "navigator")
    hands.offer(item=item, to=eli, by=world.dara, revision=item.revision, reason="speaks Polish", now=NOON)
    assert kept(now=NOON + 1.9 * DAY).lapsed == 0
    assert kept(now=NOON + 3 * DAY).lapsed == 1
    item = WorkItem.objects.get()
    assert (item.owner, item.offered_to, item.also_for) == (world.dara, None, ["lead"])


def test_only_a_colleague_at_work_here_is_offered_anything(world: World, item: WorkItem) -> None:
    eli = world.staff("eli", "navigator")
    Absence.objects.create(user=eli, first_day=TODAY, last_day=TODAY)
    with pytest.raises(worklist.Refused):
        hands.offer(item=item, to=eli, by=world.dara, revision=item.revision, reason="x", now=NOON)
    with pytest.raises(worklist.Refused, match="Say why"):
        hands.offer(item=item, to=world.fay, by=world.dara, revision=item.revision, reason="", now=NOON)


def test_what_somebody_holds_who_is_away_goes_to_the_deputy(world: World, item: WorkItem) -> None:
    eli = world.staff("eli", "navigator")
    away(world, eli)
    assert kept(now=NOON) == hands.Handed(rehomed=1)
    assert kept(now=NOON) == hands.Handed()
    item = WorkItem.objects.get()
    assert (item.owner, item.state, item.acts.last().reason) == (eli, "open", "dara is away")  # type: ignore[union-attr]


def test_without_a_deputy_it_goes_to_the_lead_and_to_nobody_who_is_away(world: World, item: WorkItem) -> None:
    away(world)
    kept(now=NOON)
    assert WorkItem.objects.get().owner == world.fay


def test_an_absence_of_next_week_moves_nothing_today(world: World, item: WorkItem) -> None:
    away(world, world.fay, first=TODAY + timedelta(days=7))
    assert kept(now=NOON) == hands.Handed()


def test_rotation_to_another_site_leaves_nothing_behind(world: World, item: WorkItem) -> None:
    Membership.objects.filter(user=world.dara).update(until=TODAY)
    kept(now=NOON)
    assert WorkItem.objects.get().owner == world.fay


def test_with_nobody_there_the_item_is_the_teams_and_an_alarm_stands(world: World, item: WorkItem) -> None:
    Membership.objects.all().update(until=TODAY)
    assert kept(now=NOON).homeless == 1
    assert WorkItem.objects.get().owner is None
    assert hands.nobody_for([world.site.pk], now=NOON) == 1


def test_work_of_a_role_that_nobody_holds_goes_to_the_accountable_person(world: World) -> None:
    Membership.objects.filter(user=world.fay).delete()
    world.alert(world.stay(), world.rung(audience="pharmacist"))
    plan(now=NOON)
    assert kept(now=NOON).rehomed == 1
    item = WorkItem.objects.get()
    assert (item.audience, item.owner) == ("pharmacist", world.dara)


def test_what_nobody_touches_goes_back_to_the_team(world: World, item: WorkItem) -> None:
    assert kept(now=NOON + 3 * DAY).released == 0
    assert kept(now=NOON + 5 * DAY).released == 1
    assert WorkItem.objects.get().owner is None


def test_the_second_nurse_takes_over_with_a_reason(world: World, item: WorkItem) -> None:
    eli = world.staff("eli", "navigator")
    with pytest.raises(worklist.Refused, match="Say why"):
        worklist.take_over(item=item, by=eli, revision=item.revision, reason="", now=NOON)
    with pytest.raises(worklist.Stale):
        worklist.take_over(item=item, by=eli, revision=item.revision - 1, reason="she is in theatre", now=NOON)
    taken = worklist.take_over(item=item, by=eli, revision=item.revision, reason="she is in theatre", now=NOON)
    last = taken.acts.last()
    assert last is not None
    assert (taken.owner, last.to, last.reason) == (eli, world.dara, "she is in theatre")
