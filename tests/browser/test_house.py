"""The doors and the administrator's screens in a browser: accessible, and nothing that was typed is lost with the session."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from patients import access, drafts
from patients.models import Draft, Role, Site, User
from tests.browser.conftest import Open
from tests.browser.morning import Morning
from tests.browser.test_accessible import findings
from tests.people import PASSWORD, nurse

PAGES = {
    "emergency": "/patients/emergency/",
    "oversight": "/oversight/",
    "account": "/account/",
    "drafts": "/drafts/",
    "second factor": "/accounts/2fa/",
    "password": "/accounts/password/change/",
    "administration": "/administration/",
    "people": "/administration/people/",
    "person": "/administration/people/{dara}/",
    "sites": "/administration/sites/",
    "site": "/administration/sites/north/",
    "feeds": "/administration/feeds/",
    "feed": "/administration/feeds/north-lab/",
}
DOORS = {
    "sign in": "/accounts/login/?ended=kept",
    "reset": "/accounts/password/reset/",
    "single sign-on cancelled": "/accounts/3rdparty/login/cancelled/",
    "single sign-on failed": "/accounts/3rdparty/login/error/",
    "closed": "/accounts/signup/",
}


@pytest.fixture
def root(north: Site, lena: User) -> User:
    """Lead and administrator: every screen of the house."""
    return nurse("lena", north, role=Role.ADMINISTRATOR)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_axe_finds_nothing(open_as: Open, root: User, dara: User, today: Morning, phone: bool, dark: bool) -> None:
    nosy = nurse("nosy", today.journey.home_site, role=Role.PHARMACIST)
    access.saw(user=nosy, action="view", what="patient", patients=[today.patient.pk], now=timezone.now())
    drafts.keep(user=root, page="/queue/", action="/items/x/", fields={"note": ["She asked"]}, now=timezone.now())
    page, stranger = open_as(root, phone=phone, dark=dark), open_as(phone=phone, dark=dark)
    found = {}
    for name, address in {**PAGES, **DOORS}.items():
        here = stranger if name in DOORS else page
        here.goto(address.format(dara=dara.uid))
        if bad := findings(here):
            found[name] = bad
        assert here.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} scrolls sideways"
    assert found == {}


def test_a_second_factor_is_set_up_by_hand(open_as: Open, dara: User, today: Morning, settings: Any) -> None:
    settings.MFA_REQUIRED_ROLES = ["navigator"]
    page = open_as(dara)
    page.goto("/queue/")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Authenticator secret")).to_be_visible()
    assert findings(page) == []


def test_an_idle_session_warns_keeps_the_words_and_clears_the_screen(open_as: Open, dara: User, today: Morning, settings: Any) -> None:
    settings.SESSION_IDLE, settings.SESSION_WARNING = timedelta(seconds=8), timedelta(seconds=6)
    page = open_as(dara)
    page.goto(f"/items/{today.mine.uid}/snooze/")
    page.locator("main form select, main form textarea, main form input[type=text]").first.wait_for()
    page.get_by_label("Why").select_option("other")
    expect(page.get_by_role("button", name="Stay signed in")).to_be_visible()
    page.get_by_role("button", name="Stay signed in").click()
    expect(page.get_by_role("button", name="Stay signed in")).to_be_hidden()
    page.wait_for_url("**/accounts/login/**", timeout=15_000)
    assert Draft.objects.get(user=dara).action == f"/items/{today.mine.uid}/snooze/"
