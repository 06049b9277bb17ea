"""Sites by screen: their clock, their closed days, and who may change them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from django.apps import apps
from django.test import Client
from django.utils import translation

from patients.calendars import calendar_for
from patients.changes import FIELDS, changes_of, plain
from patients.models import Role, Site, SiteHoliday, User
from patients.sites import MINUTES_A_DAY, minutes_a_day
from patients.templatetags.finalmile import words
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
    "texts_from": "09:00",
    "texts_until": "20:00",
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


@pytest.mark.parametrize("hours", [("08:30", "20:00"), ("09:00", "20:30"), ("15:00", "12:00")])
def test_no_site_texts_at_night(root: Client, north: Site, hours: tuple[str, str]) -> None:
    said = {**SAID, "texts_from": hours[0], "texts_until": hours[1]}
    assert root.post("/administration/sites/north/", said).status_code == 422


def test_hours_and_minutes_are_set_here_and_who_changed_them_stands_below(root: Client, north: Site) -> None:
    said = {**SAID, "texts_from": "10:00", "texts_until": "18:00", "minutes-navigator": "200", "minutes-lead": ""}
    assert root.post("/administration/sites/north/", said).status_code == 302
    north.refresh_from_db()
    assert (north.texts_from, north.texts_until, north.minutes) == (time(10), time(18), {"navigator": 200})
    assert (minutes_a_day(north, Role.NAVIGATOR), minutes_a_day(north, Role.LEAD)) == (200, MINUTES_A_DAY[Role.LEAD])
    [told] = [one for one in changes_of(north) if one.field == "texts_from"]
    assert (told.old, told.new, told.by) == (time(9), time(10), "Root Example")
    shown = root.get("/administration/sites/north/").content.decode()
    assert "<b>Reminders from</b>" in shown


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


def test_what_was_changed_is_said_in_the_words_of_the_page_and_of_the_reader(north: Site) -> None:
    """No field of the table, no True, no seconds; and nothing in English to a Spanish reader."""
    north.texts_on_holidays = not north.texts_on_holidays
    north.save()
    [told] = [one for one in changes_of(north) if one.field == "texts_on_holidays"]
    with translation.override("es"):
        assert (told.label, told.before, told.after) == ("Los recordatorios salen también en días cerrados", "Sí", "No")
        assert plain(timedelta(days=5)) == "5 días"
        assert plain(timedelta(hours=30)) == "30 horas"
        assert plain({"lead": 60}) == f"{words('lead')} 60"
        spanish = {field: str(label) for field, label in FIELDS.items()}
    assert {field for field, label in FIELDS.items() if str(label) == spanish[field]} == {"token_digest"}, "a token is one in Spanish too"
    tables = (apps.get_model("patients", "SiteHistory"), apps.get_model("pathways", "FeedHistory"))
    kept = {field.attname for table in tables for field in table._meta.fields}
    assert {name for name in kept if not name.startswith("pgh_")} - {"id"} == FIELDS.keys()
