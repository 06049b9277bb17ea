"""Feeds by screen: a token is shown once, the old one stops, and nothing is taken with one that was withdrawn."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pathways.ingest import feeds
from pathways.models import Feed
from patients.changes import changes_of
from patients.models import Role, Site, User
from tests.notifications.views.conftest import signed_in
from tests.people import nurse

__all__ = ["signed_in"]
pytestmark = pytest.mark.django_db
SAID = {"name": "north-pathology", "mode": "live", "time_zone": "America/New_York", "silence": "12", "may_register": "on"}


@pytest.fixture
def ira(signed_in: Callable[[User], Client], north: Site) -> Client:
    return signed_in(nurse("ira", north, role=Role.INTEGRATION))


def token_of(answer: Any) -> str:
    [found] = re.findall(r'<code class="raw told">([^<]+)</code>', answer.content.decode())
    return str(found)


@pytest.fixture
def made(ira: Client, north: Site) -> Feed:
    ira.post("/administration/feeds/", {**SAID, "site": str(north.pk)})
    return Feed.objects.get(name="north-pathology")


def test_a_feed_is_made_as_it_was_said(made: Feed, north: Site) -> None:
    assert (made.site, made.may_register, made.states_family, str(made.longest_silence)) == (north, True, False, "12:00:00")
    assert made.token_digest == "", "without a token it takes nothing"


def test_who_changed_a_feed_and_when_stands_on_its_page(ira: Client, made: Feed) -> None:
    ira.post("/administration/feeds/north-pathology/", {**SAID, "assigner": "NORTH"})
    token_of(ira.post("/administration/feeds/north-pathology/token/"))
    Feed.objects.filter(pk=made.pk).update(heard_at=timezone.now())
    made.refresh_from_db()
    told = changes_of(made)
    assert [(one.field, one.by) for one in told] == [("token_digest", "Ira Example"), ("assigner", "Ira Example")], (
        "that it was heard is no change"
    )
    page = ira.get("/administration/feeds/north-pathology/").content.decode()
    assert "NORTH" in page
    assert made.token_digest not in page


def test_a_token_is_shown_once_and_replaced(ira: Client, made: Feed) -> None:
    first = token_of(ira.post("/administration/feeds/north-pathology/token/"))
    assert feeds.of_token(first) == made
    assert first not in ira.get("/administration/feeds/north-pathology/").content.decode()
    second = token_of(ira.post("/administration/feeds/north-pathology/token/"))
    assert (feeds.of_token(first), feeds.of_token(second)) == (None, made)
    ira.post("/administration/feeds/north-pathology/token/", {"withdraw": "1"})
    assert feeds.of_token(second) is None


def test_what_may_be_is_changed(ira: Client, made: Feed) -> None:
    ira.post("/administration/feeds/north-pathology/", {**SAID, "may_register": "", "silence": ""})
    made.refresh_from_db()
    assert (made.may_register, made.longest_silence) == (False, None)


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars/Olympus"}, {"name": "two words"}, {"site": "0"}])
def test_what_makes_no_sense_is_refused(ira: Client, north: Site, wrong: dict[str, str]) -> None:
    assert ira.post("/administration/feeds/", {**SAID, "site": str(north.pk), **wrong}).status_code == 422


def test_another_site_s_feed_is_not_there(signed_in: Callable[[User], Client], made: Feed, south: Site) -> None:
    other = signed_in(nurse("other", south, role=Role.INTEGRATION))
    assert other.get("/administration/feeds/north-pathology/").status_code == 404
    assert other.post("/administration/feeds/north-pathology/token/").status_code == 404
