"""The sweep: what is due rings once, whatever is missed, late, gated, poisoned or swept twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection

from pathways.models import Alert, Feed, Matter, Rollout, Rung, Stay
from pathways.sweep import Rang, ring
from tests.notifications.world import DAY, HOUR, NOON, World, in_another_connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


def waiting(world: World, *rung_at: datetime | None, feed: Feed | None = None) -> Stay:
    stay = world.stay()
    times = [at for at in rung_at if at is not None]
    Stay.objects.filter(pk=stay.pk).update(rung_at=list(rung_at), attention_at=min(times), feed=feed)
    return Stay.objects.get(pk=stay.pk)


def said(stay: Stay) -> list[tuple[int, int, bool]]:
    """(rung, nth, acts) of every alert of the stay."""
    return [(alert.rung.n, alert.nth, alert.acts) for alert in Alert.objects.filter(stay=stay).order_by("pk").select_related("rung")]


def test_a_rung_rings_at_its_time_and_not_before(world: World) -> None:
    world.rung(0)
    stay = waiting(world, NOON)
    assert ring(now=NOON - HOUR) == Rang()
    assert ring(now=NOON) == Rang(stays=1, alerts=1)
    assert said(stay) == [(0, 0, True)]


def test_sweeping_again_changes_nothing(world: World) -> None:
    world.rung(0)
    stay = waiting(world, NOON)
    ring(now=NOON)
    assert ring(now=NOON + HOUR) == Rang()
    assert said(stay) == [(0, 0, True)]


def test_the_next_rung_waits_for_its_own_time(world: World) -> None:
    world.rung(0)
    world.rung(1, "lead")
    stay = waiting(world, NOON, NOON + 3 * DAY)
    ring(now=NOON)
    stay.refresh_from_db()
    assert stay.attention_at == NOON + 3 * DAY
    ring(now=NOON + 3 * DAY)
    assert said(stay) == [(0, 0, True), (1, 0, True)]


def test_of_rungs_missed_together_the_latest_acts_and_speaks_for_the_others(world: World) -> None:
    world.rung(0, "lab_liaison")
    world.rung(1, "lead")
    stay = waiting(world, NOON, NOON + DAY)
    ring(now=NOON + 2 * DAY)
    assert sorted(said(stay)) == [(0, 0, False), (1, 0, True)]
    assert Alert.objects.get(acts=True).also_for == ["lab_liaison"]


def test_a_repeating_rung_rings_each_time_once_and_only_the_latest_of_those_missed(world: World) -> None:
    world.rung(0, "lead", every=5 * DAY)
    stay = waiting(world, NOON)
    ring(now=NOON)
    ring(now=NOON + 5 * DAY)
    ring(now=NOON + 18 * DAY)
    assert said(stay) == [(0, 0, True), (0, 1, True), (0, 3, True)]
    stay.refresh_from_db()
    assert stay.attention_at == NOON + 20 * DAY


@pytest.mark.parametrize(
    ("catch_up", "audience", "acts"), [("send", "patient", True), ("skip", "patient", False), ("work_item", "navigator", True)]
)
def test_a_late_patient_rung_follows_its_catch_up(world: World, catch_up: str, audience: str, acts: bool) -> None:
    world.rung(0, "patient", catch_up=catch_up)
    waiting(world, NOON)
    ring(now=NOON + 3 * DAY)
    alert = Alert.objects.get()
    assert (alert.audience, alert.acts) == (audience, acts)


def test_an_expired_text_is_dropped_whatever_its_catch_up(world: World) -> None:
    world.rung(0, "patient", catch_up="send", expires_after=DAY)
    waiting(world, NOON)
    ring(now=NOON + 2 * DAY)
    assert (Alert.objects.get().acts, Alert.objects.get().reason) == (False, "too late")


def test_silence_of_the_feed_is_not_a_stall(world: World) -> None:
    world.rung(0)
    feed = Feed.objects.create(name="lab", site=world.site, longest_silence=HOUR, heard_at=NOON - 3 * HOUR, data_as_of=NOON - 3 * HOUR)
    stay = waiting(world, NOON - HOUR, feed=feed)
    assert ring(now=NOON) == Rang(stays=1, gated=1)
    stay.refresh_from_db()
    assert (stay.gated, said(stay)) == (True, [])
    assert ring(now=NOON + HOUR) == Rang()


def test_a_batch_feed_speaks_up_to_its_extract_time_only(world: World) -> None:
    world.rung(0)
    feed = Feed.objects.create(name="registry", site=world.site, mode="batch", heard_at=NOON, data_as_of=NOON - 7 * DAY)
    early, late = waiting(world, NOON - 8 * DAY, feed=feed), waiting(world, NOON - DAY, feed=feed)
    assert ring(now=NOON) == Rang(stays=2, alerts=1, gated=1)
    assert (said(early), said(late)) == ([(0, 0, True)], [])


@pytest.mark.parametrize("mode", ["off", "backfill"])
def test_nothing_rings_before_a_programme_goes_to_shadow(world: World, mode: str) -> None:
    world.rung(0)
    stay = waiting(world, NOON)
    Rollout.objects.update(mode=mode)
    ring(now=NOON)
    stay.refresh_from_db()
    assert (said(stay), stay.release) == ([], True)


def test_an_alert_carries_the_mode_of_its_time(world: World) -> None:
    world.rung(0)
    Rollout.objects.update(mode="shadow")
    waiting(world, NOON)
    ring(now=NOON)
    assert Alert.objects.get().mode == "shadow"


def test_a_matter_rings_by_the_ladder_of_its_kind(world: World) -> None:
    Rung.objects.create(matter_kind="candidate", n=0, audience="navigator", problem="candidate", priority=5, answer_within=DAY)
    matter = Matter.objects.create(
        kind="candidate", subject="s", site=world.site, opened_at=NOON, due_at=NOON + DAY, rung_at=[NOON], attention_at=NOON, mode="live"
    )
    assert ring(now=NOON) == Rang(matters=1, alerts=1)
    assert Alert.objects.get().matter == matter


def test_a_batch_may_be_smaller_than_what_is_due(world: World) -> None:
    world.rung(0)
    for minutes in range(7):
        waiting(world, NOON + timedelta(minutes=minutes))
    assert ring(now=NOON + HOUR, batch=3) == Rang(stays=7, alerts=7)


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_share_the_work_and_double_nothing(world: World) -> None:
    world.rung(0)
    held, free = waiting(world, NOON), waiting(world, NOON)
    from django.db import transaction

    with transaction.atomic():
        list(Stay.objects.select_for_update().filter(pk=held.pk))
        assert in_another_connection(lambda: ring(now=NOON)) == Rang(stays=1, alerts=1)
    assert (said(held), said(free)) == ([], [(0, 0, True)])
    assert ring(now=NOON) == Rang(stays=1, alerts=1)


@pytest.mark.django_db(transaction=True)
def test_a_poisoned_row_is_set_aside_and_delays_nobody(world: World) -> None:
    world.rung(0)
    stays = [waiting(world, NOON) for _ in range(5)]
    poison = stays[2]
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE pathways_alert ADD CONSTRAINT poison CHECK (stay_id <> {poison.pk})")
    try:
        done = ring(now=NOON)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE pathways_alert DROP CONSTRAINT poison")
    assert (done.alerts, done.set_aside) == (4, 1)
    poison.refresh_from_db()
    assert "poison" in poison.set_aside
    assert poison.attention_at == NOON + HOUR
    assert ring(now=NOON + HOUR).alerts == 1
