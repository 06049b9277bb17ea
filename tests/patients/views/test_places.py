"""Sites by screen: their clock, their closed days, and who may change them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from patients.calendars import calendar_for
from patients.models import Role, Site, SiteHoliday, User
from tests.notifications.views.conftest import signed_in
from tests.people import nurse, today_here

__all__ = ["signed_in"]
pytestmark = pytest.mark.django_db
SAID = {
    "name": "East Clinic",
    "time_zone": "America/Denver",
    "country": "us",
    "subdivision": "co",
    "sender_name": "East",
    "call_back": "+13035550100",
}
SOON = today_here() + timedelta(days=40)


@pytest.fixture
def rootuser(north: Site) -> User:
    return nurse("root", north, role=Role.ADMINISTRATOR)


@pytest.fixture
def root(signed_in: Callable[[User], Client], rootuser: User) -> Client:
    return signed_in(rootuser)


def test_whoever_adds_a_site_administers_it(root: Client, rootuser: User) -> None:
    assert root.post("/administration/sites/", {**SAID, "code": "east"}).status_code == 302
    east = Site.objects.get(code="east")
    assert (east.country, east.subdivision) == ("US", "CO")
    assert rootuser.roles_at(east.pk) == {Role.ADMINISTRATOR}


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars/Olympus"}, {"country": "QQ"}, {"subdivision": "ZZ"}, {"code": "north"}])
def test_what_no_calendar_knows_is_refused(root: Client, wrong: dict[str, str]) -> None:
    assert root.post("/administration/sites/", {**SAID, "code": "east", **wrong}).status_code == 422
    assert not Site.objects.filter(code="east").exists()


def test_closed_days_count_at_once_and_can_be_taken_back(root: Client, north: Site) -> None:
    days = {"first": SOON.isoformat(), "last": (SOON + timedelta(days=1)).isoformat(), "name": "Moving house"}
    root.post("/administration/sites/north/closed/", days)
    assert calendar_for(north).holidays >= {SOON, SOON + timedelta(days=1)}
    assert "Moving house" in root.get("/administration/sites/north/").content.decode()
    root.post("/administration/sites/north/closed/", {"open": SOON.isoformat()})
    assert [one.on for one in SiteHoliday.objects.filter(site=north)] == [SOON + timedelta(days=1)]


def test_a_year_backwards_is_refused(root: Client) -> None:
    days = {"first": SOON.isoformat(), "last": (SOON - timedelta(days=1)).isoformat(), "name": "x"}
    assert root.post("/administration/sites/north/closed/", days).status_code == 422
    assert not SiteHoliday.objects.exists()


def test_another_site_is_not_there(root: Client, south: Site) -> None:
    assert root.get("/administration/sites/south/").status_code == 404
    assert root.post("/administration/sites/south/closed/", {"open": SOON.isoformat()}).status_code == 404
