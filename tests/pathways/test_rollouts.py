"""Going live: history does not ring, what is overdue at the switch is released in daily shares, in order of harm."""

from __future__ import annotations

import pytest

from pathways import rollouts
from pathways.models import Alert, PathwayVersion, Rollout, Stay
from pathways.sweep import ring
from tests.notifications.world import DAY, NOON, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = World(mode="backfill")
    world.rung(0)
    return world


def overdue(world: World, number: int) -> list[Stay]:
    stays = [world.stay() for _ in range(number)]
    for n, stay in enumerate(stays):
        due = NOON - (number - n) * DAY
        Stay.objects.filter(pk=stay.pk).update(due_at=due, rung_at=[due], attention_at=due, release=True)
    return stays


def go_live(world: World, release_per_day: int = 10) -> Rollout:
    return rollouts.switch(
        site=world.site, pathway="lung", mode=Rollout.Mode.LIVE, by=world.fay, reason="go-live", now=NOON, default_accountable=world.dara,
        signed_version=PathwayVersion.objects.get(), release_per_day=release_per_day,
    )  # fmt: skip


def test_what_is_overdue_at_the_switch_does_not_ring(world: World) -> None:
    overdue(world, 5)
    go_live(world)
    assert ring(now=NOON).alerts == 0


def test_a_wait_that_is_not_yet_due_rings_in_its_time(world: World) -> None:
    stay = overdue(world, 1)[0]
    Stay.objects.filter(pk=stay.pk).update(rung_at=[NOON + DAY], attention_at=NOON + DAY)
    go_live(world)
    assert ring(now=NOON + DAY).alerts == 1


def test_the_list_is_released_in_daily_shares_oldest_first(world: World) -> None:
    stays = overdue(world, 5)
    go_live(world, release_per_day=2)
    assert [rollouts.release_daily(now=NOON + day * DAY) for day in range(4)] == [2, 2, 1, 0]
    assert not Stay.objects.filter(release=True).exists()
    ring(now=NOON + 4 * DAY)
    assert Alert.objects.filter(stay__in=stays).count() == 5


def test_a_day_has_one_share_however_often_it_is_asked(world: World) -> None:
    overdue(world, 5)
    go_live(world, release_per_day=2)
    assert [rollouts.release_daily(now=NOON) for _ in range(3)] == [2, 0, 0]


def test_live_needs_a_reason_an_accountable_person_and_a_signed_version(world: World) -> None:
    with pytest.raises(ValueError, match="reason"):
        rollouts.switch(site=world.site, pathway="lung", mode=Rollout.Mode.SHADOW, by=world.fay, reason=" ", now=NOON)
    with pytest.raises(ValueError, match="accountable"):
        rollouts.switch(site=world.site, pathway="lung", mode=Rollout.Mode.LIVE, by=world.fay, reason="now", now=NOON)
