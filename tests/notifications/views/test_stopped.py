"""What stops texts, on one page: seen by who answers for going live, stopped by any of them, let go by a lead or an administrator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications import endings, halts
from notifications.codes import CODES
from notifications.models import Halt, Message, WorkItem
from notifications.plan import plan
from notifications.send import send_due
from patients.models import User
from tests.notifications.carrier import Carrier
from tests.notifications.world import HOUR, NOON, World

Enter = Callable[[User], Client]
PAGE, STOP, RELEASE = "/texts/stopped/", "/texts/stopped/stop/", "/texts/stopped/release/"


@pytest.fixture
def due(db: None) -> World:
    """Three reminders of one wording are due."""
    world = World()
    for _ in range(3):
        world.text_alert()
    plan(now=NOON)
    return world


def shown(client: Client) -> str:
    return " ".join(client.get(PAGE).content.decode().split())


def test_a_lead_stops_everything_and_lets_it_go_with_a_reason(signed_in: Enter, due: World) -> None:
    client, carrier = signed_in(due.fay), Carrier()
    client.post(STOP, {"reason": "wrong clinic in the words"})
    assert send_due(now=NOON, transport=carrier).judged == 0
    page = shown(client)
    assert "3 texts wait" in page
    assert "wrong clinic in the words" in page
    assert "nobody has taken it yet" in page
    client.post(RELEASE, {"key": "staff", "reason": "corrected"})
    assert send_due(now=NOON, transport=carrier).accepted == 3
    halt = Halt.objects.get()
    assert (halt.opened_by, halt.lifted_by, halt.lifted_reason) == (due.fay, due.fay, "corrected")
    assert WorkItem.objects.get(cause_kind="halt").outcome == "released"
    page = shown(client)
    assert "corrected" in page
    assert "All texts: stopped by hand" in page, "over, it still has its name"


def test_a_reason_is_asked_for_both_ways(signed_in: Enter, due: World) -> None:
    client = signed_in(due.fay)
    client.post(STOP, {"reason": " "})
    assert not halts.standing()
    client.post(STOP, {"reason": "a rehearsal"})
    client.post(RELEASE, {"key": "staff", "reason": ""})
    assert halts.stands(halts.STAFF)


def test_a_filtered_wording_shows_its_own_texts_and_goes_again(signed_in: Enter, due: World) -> None:
    key = halts.WORDING + Message.objects.values_list("wording", flat=True)[0]
    halts.trip(key, reason="filtered by the carrier", now=NOON)
    assert send_due(now=NOON, transport=Carrier()).accepted == 0
    client = signed_in(due.fay)
    assert "3 texts wait" in shown(client)
    client.post(RELEASE, {"key": key, "reason": "words changed"})
    assert send_due(now=NOON + HOUR, transport=Carrier()).accepted == 3


def test_the_provider_is_only_tried(signed_in: Enter, due: World) -> None:
    now = timezone.now()
    halts.trip(halts.PROVIDER, reason=CODES[30034].reason, now=now, rest=CODES[30034].rest)
    client = signed_in(due.fay)
    client.post(RELEASE, {"key": "provider", "reason": "the registration came through"})
    halt = halts.of_everything()
    assert halt is not None
    assert halt.again_at is not None
    assert halt.again_at < timezone.now()
    assert "with the next text" in shown(client)


def test_a_restored_database_is_no_matter_of_opinion(signed_in: Enter, due: World) -> None:
    halts.trip(halts.RESTORE, reason="restored database", now=NOON)
    client = signed_in(due.fay)
    answer = client.post(RELEASE, {"key": "restore", "reason": "I am sure"}, follow=True).content.decode()
    assert "manage.py texts reconcile" in answer
    assert halts.stands(halts.RESTORE)


def test_managers_see_and_stop_and_navigators_do_neither(signed_in: Enter, due: World) -> None:
    manager = due.staff("mia", "manager")
    client = signed_in(manager)
    client.post(STOP, {"reason": "complaints"})
    assert halts.stands(halts.STAFF)
    assert client.post(RELEASE, {"key": "staff", "reason": "done"}).status_code == 403
    assert "Let texts go again" not in shown(client)
    assert signed_in(due.dara).get(PAGE).status_code == 403
    assert signed_in(due.dara).post(STOP, {"reason": "x"}).status_code == 403


def test_nobody_is_named_and_the_reads_are_few(signed_in: Enter, due: World, django_assert_max_num_queries: Callable[..., object]) -> None:
    client = signed_in(due.fay)
    for n in range(5):
        endings.alarm(f"{halts.WORDING}w{n}", "filtered by the carrier", site=due.site.pk, now=NOON + n * timedelta(minutes=1))
        halts.trip(f"{halts.WORDING}w{n}", reason="filtered by the carrier", now=NOON)
    client.get(PAGE)
    with django_assert_max_num_queries(24):  # type: ignore[attr-defined]
        page = shown(client)
    assert page.count("Who was told") == 5
    assert "Ana" not in page
