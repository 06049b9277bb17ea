"""Two hospitals load eighteen months of history and go live: nobody is texted about the past, and staff are asked a few a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from config.demo import cast, messages, run, story
from config.management.commands.doctor import examine
from notifications.models import Message, WorkItem
from notifications.send import send_due
from notifications.tick import tick
from pathways import review, rollouts
from pathways.catching_up import catch_up
from pathways.definitions import registry
from pathways.definitions.publish import publish_catalogue
from pathways.ingest import intake
from pathways.ladders import publish_ladders
from pathways.models import Alert, Feed, Journey, Matter, Rollout, Stay
from pathways.reports.cohort import Question
from pathways.reports.drop_off import drop_off
from pathways.sweep import hear
from patients.models import Identifier, Site, User
from tests.notifications.carrier import Carrier

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PATIENTS, DAYS, SEED, CAP = 60, 548, 7, 3
TODAY = datetime(2026, 3, 11, run.TICK_HOUR, tzinfo=UTC)  # a Wednesday
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def history(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """All that both hospitals' engines have kept, loaded in one afternoon; taken back at the end."""
    courses = story.cohort(count=PATIENTS, days=DAYS, seed=SEED, today=TODAY)
    posts = messages.deliveries(courses, SEED, TODAY)
    with django_db_blocker.unblock(), transaction.atomic():
        publish_catalogue(by=None, now=TODAY - DAY)
        publish_ladders()
        registry.clear()
        cast.set_up(since=TODAY, mode=Rollout.Mode.BACKFILL)
        for feed in Feed.objects.select_related("site").order_by("pk"):
            mine = [post.body for post in posts if post.feed == feed.name]
            intake.receive(mine, feed=feed, now=TODAY, historical=True)
        yield
        transaction.set_rollback(True)
    registry.clear()


def switch(mode: Rollout.Mode, now: datetime = TODAY) -> None:
    lena = User.objects.get(username="lena")
    for row in Rollout.objects.select_related("site").order_by("pk"):
        rollouts.switch(site=row.site, pathway=row.pathway, mode=mode, by=lena, reason="go/no-go", now=now, release_per_day=CAP)
    catch_up(now=now)
    feeds_speak(now)


def feeds_speak(now: datetime) -> None:
    """Both engines are heard of: what rests on them is late no more."""
    for feed in Feed.objects.order_by("pk"):
        hear(feed.pk, now=now, said=now)


def listed() -> int:
    return Stay.objects.open().filter(release=True, attention_at__lte=TODAY).count()


@pytest.mark.usefixtures("history")
def test_while_history_is_loaded_nothing_rings_and_everybody_is_there() -> None:
    assert tick(now=TODAY).rang.alerts == 0
    assert Journey.objects.open().count() > PATIENTS / 4
    assert set(Journey.objects.values_list("prevalent", flat=True)) == {True}
    assert listed() > 3 * CAP * 2
    assert Matter.objects.filter(kind="candidate", release=True, closed_at=None).exists()


@pytest.mark.usefixtures("history")
def test_history_does_not_move_the_clock_of_a_feed() -> None:
    assert set(Feed.objects.values_list("heard_at", flat=True)) == {None}


@pytest.mark.usefixtures("history")
def test_on_the_day_of_the_switch_nobody_is_texted_and_staff_are_asked_within_the_cap() -> None:
    switch(Rollout.Mode.LIVE)
    waiting = listed()
    assert tick(now=TODAY).rang.alerts == 0
    released = review.release_daily(now=TODAY)
    tick(now=TODAY)
    carrier = Carrier()
    send_due(now=TODAY, transport=carrier)
    programmes = Rollout.objects.count()
    assert 0 < released <= CAP * programmes
    assert 0 < WorkItem.objects.count() <= released
    assert not Message.objects.exists()
    assert listed() + released >= waiting
    assert not [one for one in examine(now=TODAY) if one.invariant == "nobody is silent"]


@pytest.mark.usefixtures("history")
def test_in_the_weeks_after_it_the_past_is_asked_in_shares_and_never_texted() -> None:
    switch(Rollout.Mode.LIVE)
    programmes = Rollout.objects.count()
    for day in range(15):
        now = TODAY + day * DAY
        before = set(WorkItem.objects.values_list("pk", flat=True))
        feeds_speak(now)
        tick(now=now)
        released = review.release_daily(now=now)
        tick(now=now)
        send_due(now=now, transport=Carrier())
        assert released <= CAP * programmes
        of_the_past = WorkItem.objects.exclude(pk__in=before).filter(alerts__alert__round__gt=1).distinct().count()
        assert of_the_past <= released
    assert WorkItem.objects.filter(alerts__alert__round__gt=1, journey__isnull=False).exists()
    assert not Alert.objects.filter(audience="patient", acts=True, due_at__lt=TODAY, planned_at__isnull=False, reason="").exists()
    texted = Message.objects.filter(purpose="reminder", shadow=False)
    assert not texted.filter(alerts__alert__due_at__lt=TODAY).exists()


@pytest.mark.usefixtures("history")
def test_an_actionable_result_without_therapy_is_asked_about_first() -> None:
    switch(Rollout.Mode.STAFF)
    for row in Rollout.objects.filter(pathway="nsclc-biomarker").select_related("site"):
        found = review.waiting(row, now=TODAY)
        flags = [one.actionable for one in found]
        assert any(flags)
        assert flags == sorted(flags, reverse=True)
        assert all(not one.actionable for one in review.share(row, found)[sum(flags) :])


@pytest.mark.usefixtures("history")
def test_in_shadow_everything_is_recorded_and_nobody_is_asked() -> None:
    switch(Rollout.Mode.SHADOW)
    tick(now=TODAY)
    send_due(now=TODAY, transport=Carrier())
    assert WorkItem.objects.filter(shadow=True, journey__isnull=False).count() > CAP
    assert not WorkItem.objects.filter(shadow=False).exists()
    assert not Message.objects.exclude(shadow=True).exists()
    switch(Rollout.Mode.STAFF, TODAY + DAY)
    assert not Alert.objects.filter(mode="shadow", withdrawn_at=None).exists()
    tick(now=TODAY + DAY)
    assert not WorkItem.objects.open().exists()


@pytest.mark.usefixtures("history")
def test_who_was_under_way_before_stays_out_of_performance() -> None:
    switch(Rollout.Mode.LIVE)
    asked = Question(pathway="nsclc-biomarker", as_of=TODAY)
    assert drop_off(asked).n == 0
    assert drop_off(replace(asked, prevalent=True)).n > PATIENTS / 4


@pytest.mark.usefixtures("history")
def test_history_is_refused_once_anything_rings() -> None:
    switch(Rollout.Mode.SHADOW)
    feed = Feed.objects.select_related("site").first()
    assert feed is not None
    with pytest.raises(intake.HistoricalRefused):
        intake.receive([b"mrn,kind\n1,diagnosis\n"], feed=feed, now=TODAY, historical=True)


@pytest.mark.usefixtures("history")
def test_history_is_refused_where_another_site_follows_the_patient() -> None:
    harbor, prairie = (Site.objects.get(code=code) for code in ("harbor", "prairie"))
    journey = Journey.objects.open().filter(home_site=harbor, pathway="nsclc-biomarker").order_by("pk").first()
    assert journey is not None
    lena, feed = User.objects.get(username="lena"), Feed.objects.select_related("site").get(name="harbor-engine")
    row = (
        b"mrn,kind,date,code\n%b,diagnosis,2025-01-10,icd10|C34.1\n"
        % Identifier.objects.filter(patient=journey.patient, authority="HARBOR", until=None).values_list("value", flat=True)[0].encode()
    )
    Journey.objects.filter(pk=journey.pk).update(home_site=prairie)
    assert intake.receive([row], feed=feed, now=TODAY, historical=True).quarantined == 0
    rollouts.switch(site=prairie, pathway=journey.pathway, mode=Rollout.Mode.STAFF, by=lena, reason="first", now=TODAY)
    with pytest.raises(intake.HistoricalRefused, match="Prairie"):
        intake.receive([row.replace(b"01-10", b"01-11")], feed=feed, now=TODAY, historical=True)
