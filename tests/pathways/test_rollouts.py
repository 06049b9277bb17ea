"""Going live: history does not ring, what is overdue at the switch is released in daily shares, in order of harm."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from pathways import review, rollouts
from pathways.models import Alert, Journey, Matter, PathwayVersion, Rollout, RolloutChange, Rung, Stay
from pathways.sweep import ring
from patients.models import User
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


def change(world: World, mode: Rollout.Mode, *, reason: str = "next", now: datetime = NOON, **said: Any) -> Rollout:
    version = PathwayVersion.objects.get()
    return rollouts.switch(site=world.site, pathway="lung", mode=mode, by=world.fay, reason=reason, now=now, signed_version=version, **said)


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
    assert [review.release_daily(now=NOON + day * DAY) for day in range(4)] == [2, 2, 1, 0]
    assert not Stay.objects.filter(release=True).exists()
    ring(now=NOON + 4 * DAY)
    assert Alert.objects.filter(stay__in=stays).count() == 5


def test_a_day_has_one_share_however_often_it_is_asked(world: World) -> None:
    overdue(world, 5)
    go_live(world, release_per_day=2)
    assert [review.release_daily(now=NOON) for _ in range(3)] == [2, 0, 0]


def test_staff_needs_a_reason_and_an_accountable_person_of_the_site(world: World) -> None:
    with pytest.raises(rollouts.Refused, match="reason"):
        change(world, Rollout.Mode.SHADOW, reason=" ")
    Rollout.objects.update(default_accountable=None)
    with pytest.raises(rollouts.Refused, match="accountable"):
        change(world, Rollout.Mode.STAFF)
    stranger = User.objects.create_user("stranger")
    with pytest.raises(rollouts.Refused, match="no role at this site"):
        change(world, Rollout.Mode.STAFF, default_accountable=stranger)
    assert not RolloutChange.objects.exists()


def test_what_is_not_said_stays_as_it_was(world: World) -> None:
    go_live(world, release_per_day=3)
    later = change(world, Rollout.Mode.LIVE, reason="a word", now=NOON + DAY)
    assert (later.release_per_day, later.default_accountable, later.texts_from) == (3, world.dara, NOON)
    assert list(RolloutChange.objects.order_by("pk").values_list("what", flat=True)) == ["mode", "settings"]


def test_texts_are_never_due_before_the_switch(world: World) -> None:
    with pytest.raises(rollouts.Refused, match="texts_from"):
        change(world, Rollout.Mode.LIVE, texts_from=NOON - DAY)
    assert change(world, Rollout.Mode.LIVE, texts_from=NOON + 2 * DAY).texts_from == NOON + 2 * DAY


def test_leaving_shadow_withdraws_its_alerts_and_lists_what_rang_there(world: World) -> None:
    world.rung(1, every=5 * DAY)
    stay = overdue(world, 1)[0]
    Stay.objects.filter(pk=stay.pk).update(rung_at=[NOON - DAY, NOON + 4 * DAY])
    change(world, Rollout.Mode.SHADOW)
    assert ring(now=NOON).alerts == 1
    stay.refresh_from_db()
    assert stay.attention_at == NOON + 4 * DAY
    go_live(world)
    stay.refresh_from_db()
    assert (stay.release, stay.attention_at, stay.rang_through) == (True, NOON - DAY, None)
    assert list(Alert.objects.values_list("mode", "reason")) == [("shadow", rollouts.SHADOW_ENDED)]
    review.release_daily(now=NOON)
    ring(now=NOON)
    assert Alert.objects.filter(withdrawn_at=None).values_list("mode", "round").get() == ("live", 2)


def test_real_alerts_outlive_every_switch(world: World) -> None:
    go_live(world)
    stay = overdue(world, 1)[0]
    Stay.objects.filter(pk=stay.pk).update(release=False)
    ring(now=NOON)
    for mode in (Rollout.Mode.STAFF, Rollout.Mode.SHADOW, Rollout.Mode.OFF):
        change(world, mode, now=NOON)
        assert Alert.objects.get().withdrawn_at is None


def test_from_staff_to_live_nothing_is_listed_again(world: World) -> None:
    change(world, Rollout.Mode.STAFF)
    stay = overdue(world, 1)[0]
    Stay.objects.filter(pk=stay.pk).update(release=False)
    change(world, Rollout.Mode.LIVE)
    stay.refresh_from_db()
    assert not stay.release


def test_matters_wait_and_are_listed_like_stays(world: World) -> None:
    world.rung(0)
    Rung.objects.create(matter_kind="candidate", n=0, audience="navigator", problem="candidate", priority=5, answer_within=DAY)
    common = {"site": world.site, "opened_at": NOON - DAY, "due_at": NOON, "rung_at": [NOON - DAY], "attention_at": NOON - DAY}
    Matter.objects.create(kind="candidate", subject="1", detail={"pathway": "lung"}, mode="backfill", release=True, **common)
    Matter.objects.create(kind="candidate", subject="2", detail={"pathway": "other"}, mode="backfill", release=True, **common)
    assert ring(now=NOON).alerts == 0
    go_live(world)
    assert ring(now=NOON).alerts == 0
    assert review.release_daily(now=NOON) == 1
    ring(now=NOON)
    alert = Alert.objects.get()
    assert alert.matter is not None
    assert (alert.mode, alert.matter.subject, alert.round) == ("live", "1", 2)
    assert Matter.objects.get(subject="2").release


def test_matters_of_no_programme_follow_the_furthest_at_the_site(world: World) -> None:
    common = {"opened_at": NOON - DAY, "due_at": NOON, "rung_at": [NOON - DAY], "attention_at": NOON - DAY}
    unbound = Matter.objects.create(kind="unbound", subject="x", site=world.site, mode="backfill", release=True, **common)
    go_live(world)
    unbound.refresh_from_db()
    assert (unbound.mode, unbound.release) == ("live", True)
    other = Rollout.objects.create(site=world.site, pathway="other", mode="backfill", default_accountable=world.dara)
    assert [len(review.waiting(row, now=NOON)) for row in (world.rollout, other)] == [1, 0]
    rollouts.switch(site=world.site, pathway="other", mode=Rollout.Mode.SHADOW, by=world.fay, reason="next", now=NOON)
    unbound.refresh_from_db()
    assert (unbound.mode, unbound.release) == ("live", True)


def test_the_share_is_of_each_accountable_person(world: World) -> None:
    nils = world.staff("nils", "navigator")
    stays = overdue(world, 6)
    Journey.objects.filter(stays__in=stays[:2]).update(accountable=nils)
    go_live(world, release_per_day=3)
    assert review.release_daily(now=NOON) == 5
    assert review.release_daily(now=NOON + DAY) == 1


def test_an_actionable_result_without_therapy_comes_first(world: World) -> None:
    stays = overdue(world, 3)
    world.says(stays[2].journey, "flagged_actionable")
    world.says(stays[1].journey, "flagged_actionable")
    Journey.objects.filter(pk=stays[1].journey_id).update(started_at=NOON)
    go_live(world, release_per_day=1)
    assert [one.id for one in review.waiting(world.rollout, now=NOON)] == [stays[2].pk, stays[0].pk, stays[1].pk]
    review.release_daily(now=NOON)
    assert not Stay.objects.get(pk=stays[2].pk).release


def test_nothing_is_released_on_a_day_without_work(world: World) -> None:
    overdue(world, 2)
    go_live(world)
    assert review.release_daily(now=NOON + 4 * DAY) == 0  # a Saturday
    assert review.release_daily(now=NOON + 6 * DAY) == 2


def test_a_person_may_take_one_off_the_list_and_is_named(world: World) -> None:
    stays = overdue(world, 3)
    go_live(world)
    assert review.release_now(rollout=world.rollout, picks=[("stay", stays[2].pk), ("stay", 0)], by=world.fay, now=NOON) == 1
    assert [one.id for one in review.waiting(world.rollout, now=NOON)] == [stays[0].pk, stays[1].pk]
    assert RolloutChange.objects.latest("pk").by == world.fay


def test_texts_pause_once_and_resume_once(world: World) -> None:
    assert rollouts.pause(rollout=world.rollout, by=world.fay, reason="", now=NOON)
    assert not rollouts.pause(rollout=world.rollout, by=world.fay, reason="", now=NOON)
    assert rollouts.resume(rollout=world.rollout, by=world.fay, reason="", now=NOON)
    assert list(RolloutChange.objects.order_by("pk").values_list("what", flat=True)) == ["paused", "resumed"]
