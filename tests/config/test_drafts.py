"""Nothing that somebody typed is lost when their session ends, and nobody else gets to see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from notifications.models import WorkItem
from patients import drafts
from patients.models import Draft, User
from tests.browser.morning import Morning
from tests.people import PASSWORD, today_here

Enter = Callable[[User], Client]
SAID = {"until": (today_here() + timedelta(days=9)).isoformat(), "reason": "other", "note": "She asked for a call on Thursday"}


@pytest.fixture
def clock(settings: Any, today: Morning) -> Iterator[Any]:
    settings.SESSION_IDLE = timedelta(minutes=15)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def snooze(today: Morning) -> str:
    return f"/items/{today.mine.uid}/snooze/"


@pytest.fixture
def away(clock: Any, client: Client, dara: User) -> Client:
    """Dara signed in, opened a page, and went to a patient for a quarter of an hour."""
    client.post("/accounts/login/", {"login": "dara", "password": PASSWORD})
    client.get("/queue/")
    clock.shift(timedelta(minutes=16))
    return client


def test_what_is_sent_too_late_is_kept_and_sent_after_signing_in(away: Client, today: Morning) -> None:
    answer = away.post(snooze(today), SAID, headers={"Referer": f"http://testserver/items/{today.mine.uid}/?x=1"})
    assert answer.headers["Location"] == f"/accounts/login/?next=%2Fitems%2F{today.mine.uid}%2F&ended=kept"
    assert WorkItem.objects.get(pk=today.mine.pk).state == "claimed", "nothing happened without her"
    signed = away.post("/accounts/login/", {"login": "dara", "password": PASSWORD}, follow=True)
    assert "What you wrote before your session ended was kept" in signed.content.decode()
    page = away.get("/drafts/").content.decode()
    assert "She asked for a call on Thursday" in page
    assert away.post(snooze(today), {**SAID, "revision": str(today.mine.revision)}).status_code == 302
    assert not Draft.objects.exists(), "sent: nothing is kept any more"


def test_a_piece_of_a_page_sends_the_whole_window_away(away: Client, today: Morning) -> None:
    answer = away.post(snooze(today), SAID, headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/queue/"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/accounts/login/?next=%2Fqueue%2F&ended=kept")
    assert Draft.objects.get().fields["note"] == [SAID["note"]]


def test_the_page_keeps_words_without_proving_that_somebody_is_there(clock: Any, client: Client, dara: User) -> None:
    client.post("/accounts/login/", {"login": "dara", "password": PASSWORD})
    client.get("/queue/")
    clock.shift(timedelta(minutes=13))
    words = {"draft_page": "/queue/", "draft_action": "/items/x/finish/", "note": "half a sent"}
    assert client.post("/drafts/keep/", words, headers={"X-Quiet": "1"}).status_code == 204
    clock.shift(timedelta(minutes=3))
    assert client.get("/queue/").status_code == 302


def test_somebody_who_says_so_stays(clock: Any, client: Client, dara: User) -> None:
    client.post("/accounts/login/", {"login": "dara", "password": PASSWORD})
    for _ in range(3):
        clock.shift(timedelta(minutes=13))
        assert client.post("/session/stay/").status_code == 204
    assert client.get("/queue/").status_code == 200


def test_a_draft_is_for_its_writer_alone_and_for_a_day(signed_in: Enter, dara: User, lena: User, now: datetime) -> None:
    kept = drafts.keep(user=dara, page="/queue/", action="/items/x/", fields={"note": ["mine"]}, now=timezone.now())
    assert kept is not None
    assert signed_in(lena).get(f"/drafts/{kept.uid}/").status_code == 404
    assert signed_in(lena).post(f"/drafts/{kept.uid}/forget/").status_code == 404
    assert signed_in(dara).get(f"/drafts/{kept.uid}/").json() == {"action": "/items/x/", "fields": {"note": ["mine"]}}
    assert drafts.forget_old(now=timezone.now() + timedelta(hours=25)) == 1


def test_secrets_and_nothing_are_not_kept(dara: User, now: datetime) -> None:
    said = {"password": ["hunter2"], "csrfmiddlewaretoken": ["x"], "note": ["  "]}
    assert drafts.keep(user=dara, page="/", action="/a/", fields=said, now=now) is None
    assert drafts.keep(user=dara, page="/", action="/a/", fields={"note": ["x" * 30_000]}, now=now) is None
