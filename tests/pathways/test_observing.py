"""What can be seen at a site, and for how long a feed may be quiet; the sweep and the texts follow."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from notifications.models import Message, WorkItem
from notifications.plan import plan
from notifications.views.lines import line_of
from pathways import observing
from pathways.models import Alert, Coverage, Expectation, Feed, Stage, Stay
from pathways.observing import Hours, Seen
from pathways.sweep import hear, ring
from tests.notifications.world import DAY, HOUR, NOON, World

pytestmark = pytest.mark.django_db
BY_HAND, BLIND, FED = (Seen(Coverage.How.BY_HAND), Seen(Coverage.How.NOT_OBSERVABLE), Coverage.How.FED)
OFFICE = Hours(time(8), time(18), working_days=True)


@pytest.fixture
def world() -> World:
    world = World()
    Stage.objects.update(awaits=["visit_kept", "visit_cancelled"])
    world.rung(0)
    return world


@pytest.fixture
def feed(world: World) -> Feed:
    return Feed.objects.create(name="ehr", site=world.site, heard_at=NOON, data_as_of=NOON)


def waits(world: World) -> Stay:
    stay = world.stay()
    Stay.objects.filter(pk=stay.pk).update(rung_at=[NOON], attention_at=NOON)
    return stay


def cover(world: World, **seen: Seen | None) -> int:
    return observing.cover(site=world.site, seen=seen, by=world.fay, now=NOON)


@pytest.mark.parametrize("how", [BY_HAND, BLIND], ids=["by hand", "not observable"])
def test_what_no_feed_tells_is_asked_and_never_called_not_done(world: World, how: Seen) -> None:
    cover(world, visit_kept=how)
    waits(world)
    ring(now=NOON)
    assert Alert.objects.get().to_confirm
    plan(now=NOON)
    item = WorkItem.objects.get()
    assert item.to_confirm
    assert line_of(item, world.dara, NOON).missing == "Not known: Visit. Please confirm"


def test_no_patient_text_rests_on_what_no_feed_tells(world: World) -> None:
    world.rung(0, "patient", catch_up="send")
    cover(world, visit_kept=BY_HAND)
    waits(world)
    ring(now=NOON)
    plan(now=NOON)
    assert not Message.objects.exists()
    assert WorkItem.objects.get().audience == "navigator"


def test_one_kind_that_is_fed_is_enough_to_see_the_wait(world: World, feed: Feed) -> None:
    cover(world, visit_kept=BY_HAND, visit_cancelled=Seen(FED, feed))
    stay = waits(world)
    cover(world, visit_cancelled=BY_HAND)
    cover(world, visit_cancelled=Seen(FED, feed))
    stay.refresh_from_db()
    assert stay.feed == feed
    ring(now=NOON)
    assert not Alert.objects.get().to_confirm


def test_open_waits_follow_a_change_at_once(world: World, feed: Feed) -> None:
    stay = waits(world)
    assert cover(world, visit_kept=Seen(FED, feed)) == 1
    assert Stay.objects.get(pk=stay.pk).feed == feed
    assert cover(world, visit_kept=Seen(FED, feed)) == 0
    assert cover(world, visit_kept=None) == 1
    assert Stay.objects.get(pk=stay.pk).feed is None


def test_what_cannot_be_is_refused(world: World, feed: Feed) -> None:
    with pytest.raises(ValueError, match="no such kind"):
        cover(world, astrology=BY_HAND)
    with pytest.raises(ValueError, match="needs a feed"):
        cover(world, visit_kept=Seen(FED))
    for hours in (Hours(time(8)), Hours(time(18), time(8))):
        with pytest.raises(ValueError, match="hours"):
            expect(world, feed, hours=hours)


def expect(
    world: World, feed: Feed, kind: str = "visit_kept", silence: timedelta = DAY, hours: Hours = observing.DAY_AND_NIGHT
) -> Expectation:
    return observing.expect(site=world.site, feed=feed, kind=kind, longest_silence=silence, hours=hours, by=world.fay, now=NOON - 3 * DAY)


def test_a_kind_that_a_busy_feed_owes_us_is_no_stall(world: World, feed: Feed) -> None:
    """Registrations keep coming while results have stopped: what waits for results is held back, the rest rings."""
    stay = waits(world)
    cover(world, visit_kept=Seen(FED, feed))
    expect(world, feed)
    hear(feed.pk, now=NOON, said=NOON, kinds={"diagnosis"})
    assert (ring(now=NOON).gated, Alert.objects.count()) == (1, 0)
    hear(feed.pk, now=NOON + HOUR, said=NOON + HOUR, kinds={"diagnosis"})
    assert Stay.objects.get(pk=stay.pk).gated
    hear(feed.pk, now=NOON + 2 * HOUR, said=NOON + 2 * HOUR, kinds={"visit_kept"})
    assert ring(now=NOON + 2 * HOUR).alerts == 1


def test_an_expectation_of_another_kind_holds_nothing_back(world: World, feed: Feed) -> None:
    waits(world)
    cover(world, visit_kept=Seen(FED, feed))
    expect(world, feed, kind="result_final")
    assert ring(now=NOON).alerts == 1


def test_what_is_expected_no_more_wakes_who_waited(world: World, feed: Feed) -> None:
    waits(world)
    cover(world, visit_kept=Seen(FED, feed))
    expectation = expect(world, feed)
    assert ring(now=NOON).gated == 1
    observing.forget(expectation)
    assert ring(now=NOON).alerts == 1


FRIDAY_EVENING = datetime(2026, 3, 13, 21, 30, tzinfo=UTC)  # 17:30 in New York


@pytest.mark.parametrize(
    ("longest", "hours", "ends"),
    [
        (timedelta(hours=4), Hours(), datetime(2026, 3, 14, 1, 30, tzinfo=UTC)),
        (timedelta(hours=4), OFFICE, datetime(2026, 3, 16, 15, 30, tzinfo=UTC)),  # half an hour on Friday, the rest on Monday from eight
        (timedelta(minutes=30), OFFICE, datetime(2026, 3, 13, 22, 0, tzinfo=UTC)),
        (timedelta(hours=4), Hours(time(8), time(18)), datetime(2026, 3, 14, 15, 30, tzinfo=UTC)),
        (timedelta(hours=24), Hours(working_days=True), datetime(2026, 3, 16, 21, 30, tzinfo=UTC)),
        (timedelta(days=40), Hours(time(8), time(9)), FRIDAY_EVENING + timedelta(days=observing.LONGEST_LOOK)),
    ],
)
def test_quiet_counts_in_the_hours_in_which_a_feed_is_expected_to_speak(longest: timedelta, hours: Hours, ends: datetime) -> None:
    assert observing.silence_ends(FRIDAY_EVENING, longest, hours, zone="America/New_York", holidays=frozenset()) == ends


def test_a_holiday_is_no_working_day() -> None:
    monday = frozenset({date(2026, 3, 16)})
    found = observing.silence_ends(FRIDAY_EVENING, timedelta(hours=4), OFFICE, zone="America/New_York", holidays=monday)
    assert found == datetime(2026, 3, 17, 15, 30, tzinfo=UTC)
