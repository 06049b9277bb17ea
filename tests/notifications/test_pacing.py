"""The send plan: nothing outside the hours, never more than the carriers take, nobody twice a day."""

from __future__ import annotations

import json
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from notifications import forecast, pacing
from notifications.models import Message
from notifications.pacing import Crowd, pace
from notifications.plan import plan
from notifications.send import send_due
from patients.models import Phone, Site
from tests.notifications.carrier import Carrier
from tests.notifications.test_channels import due, reads_mail
from tests.notifications.world import DAY, HOUR, NOON, World

ZONES = st.sampled_from(["America/New_York", "Pacific/Honolulu", "America/Phoenix"])
CROWDS = st.lists(st.builds(Crowd, ZONES, st.just(""), st.just("US"), st.integers(0, 4), st.integers(1, 3_000)), max_size=6)


@given(crowds=CROWDS, per_minute=st.integers(2, 5_000), per_day=st.integers(2_000, 50_000), minutes=st.integers(0, 2_000))
@settings(max_examples=25, deadline=None)
def test_a_plan_keeps_every_cap(crowds: list[Crowd], per_minute: int, per_day: int, minutes: int) -> None:
    now = NOON + timedelta(minutes=minutes)
    planned = pace(crowds, now=now, per_minute=per_minute, per_day=per_day)
    awake = {zone for crowd in crowds for zone in (crowd.zone,)}
    assert sum(count for _, count in planned.hours) + planned.left == planned.texts == sum(crowd.count for crowd in crowds)
    for hour, count in planned.hours:
        assert count * 2 <= per_minute * 60
        assert any(9 <= hour.astimezone(ZoneInfo(zone)).hour < 20 for zone in awake)
    assert all(count * 2 <= per_day for count in planned.days.values())
    assert planned.first_at is None or planned.first_at >= now


def test_the_second_text_of_a_number_goes_a_day_later_and_the_fourth_a_week_later() -> None:
    alone = [Crowd("America/New_York", "", "US", nth, 1) for nth in range(4)]
    planned = pace(alone, now=NOON, per_minute=75, per_day=2_000)
    assert [hour - NOON for hour, _ in planned.hours] == [timedelta(), DAY, 2 * DAY, 7 * DAY]


def test_a_plan_keeps_the_hours_and_closed_days_of_the_site() -> None:
    """A site that texts from half past ten to twelve, and not tomorrow: what does not go today goes the day after."""
    zone = ZoneInfo("America/New_York")
    morning = NOON.astimezone(zone).replace(hour=8)
    tomorrow = (morning + DAY).date()
    planned = pace(
        [Crowd("America/New_York", "", "US", 0, 400, time(10, 30), time(12), frozenset([tomorrow]))],
        now=morning,
        per_minute=4,
        per_day=9_999,
    )
    at = [hour.astimezone(zone) for hour, _ in planned.hours]
    assert (at[0].time(), planned.hours[0][1]) == (time(10, 30), 60)
    assert all(time(10, 30) <= one.time() < time(12) and one.date() != tomorrow for one in at)
    assert sum(count for hour, count in planned.hours if hour.astimezone(zone).date() == morning.date()) == 180
    assert planned.left == 0


def test_the_plan_of_what_waits_asks_the_site_as_the_claim_does(world: World) -> None:
    world.text_alert()
    Site.objects.filter(pk=world.site.pk).update(texts_from=time(16), texts_until=time(17, 30), texts_on_holidays=False)
    plan(now=NOON)
    (crowd,) = pacing.waiting(now=NOON)
    assert (crowd.opens, crowd.closes) == (time(16), time(17, 30))
    assert date(NOON.year, 12, 25) in crowd.quiet
    foreseen = pace([crowd], now=NOON, per_minute=75, per_day=2_000)
    assert foreseen.first_at is not None and foreseen.first_at.astimezone(ZoneInfo(crowd.zone)).hour == 16
    early, due_then = foreseen.first_at - timedelta(minutes=1), foreseen.first_at + timedelta(minutes=1)
    assert [send_due(now=at, transport=Carrier(), stopwatch=lambda: 0.0).accepted for at in (early, due_then)] == [0, 1]


@pytest.mark.django_db
def test_what_waits_is_counted_once_by_the_numbers_zone(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = world.patient()
    for n in range(2):
        world.alert(world.stay(ana), world.rung(n, "patient"))
    world.text_alert(world.patient("Bea"))
    plan(now=NOON)
    found = pacing.waiting(now=NOON + HOUR)
    assert sorted((crowd.zone, crowd.nth, crowd.count) for crowd in found) == [("America/New_York", 0, 2), ("America/New_York", 1, 1)]
    assert pacing.waiting(now=NOON, programme="breast") == []
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)  # in the evening the days of such a batch are one more
    call_command("texts", "plan", "--count", "4000", "--zone", "America/New_York", "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["texts"], said["segments"], len(said["by_day"])) == (4_000, 8_000, 4)


def test_no_more_is_handed_over_than_carriers_let_through(world: World) -> None:
    """Four texts of two segments a minute: the fifth waits with us, where a STOP still counts, and the plan says as much."""
    for _ in range(9):
        world.text_alert()
    plan(now=NOON)
    carrier, went = Carrier(segments_a_minute=8), []
    foreseen = pace(pacing.waiting(now=NOON), now=NOON, per_minute=8, per_day=1_000)
    for seconds in range(0, 150, 10):
        went.append(send_due(now=NOON + timedelta(seconds=seconds), transport=carrier, stopwatch=lambda: 0.0).accepted)
        if seconds == 70:
            waiting = Message.objects.filter(state="pending").values("recipient__contact_points__phone")
            Phone.objects.filter(pk__in=waiting).update(stopped_at=NOON)
    assert went[:7] == [4, 0, 0, 0, 0, 0, 4]
    assert sum(went) == 8  # the ninth said STOP while it waited
    assert foreseen.takes == timedelta(minutes=3)


@pytest.mark.django_db
def test_the_plan_counts_what_waits_in_other_channels_beside_the_texts() -> None:
    world = World()
    for n, channel in enumerate(("email", "letter", "sms")):
        reader = world.patient(f"P{n}")
        reads_mail(reader)
        due(world, reader, channel, n=n)
    assert pacing.beside(now=NOON) == {"email": 1, "letter": 1}
    assert sum(crowd.count for crowd in pacing.waiting(now=NOON)) == 1
    assert pacing.beside(now=NOON, programme="other") == {}


def test_what_waits_is_priced_in_every_channel(settings: Settings) -> None:
    """Texts by the segment at the price of the day, the others each by their setting; a call has no price."""
    settings.EMAIL_PRICE, settings.LETTER_PRICE = 0.01, 2.0
    day = date(2026, 11, 23)
    found = forecast.costs(segments=1_000, beside={"email": 300, "letter": 4, "call": 7}, day=day)
    assert found == {"sms": round(1_000 * forecast.price_on(day).each, 2), "email": 3.0, "letter": 8.0}
