"""The doors and the administrator's screens in a browser: accessible, and nothing that was typed is lost with the session."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from playwright.sync_api import expect

from patients.models import Draft, User
from tests.browser.conftest import Open
from tests.browser.morning import Morning
from tests.browser.test_accessible import findings
from tests.people import PASSWORD


def test_a_second_factor_is_set_up_by_hand(open_as: Open, dara: User, today: Morning, settings: Any) -> None:
    settings.MFA_REQUIRED_ROLES = ["navigator"]
    page = open_as(dara)
    page.goto("/queue/")
    expect(page.get_by_role("link", name="Add a key or passkey")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Authenticator secret")).to_be_visible()
    assert findings(page) == []


def test_an_idle_session_warns_keeps_the_words_and_clears_the_screen(open_as: Open, dara: User, today: Morning, settings: Any) -> None:
    settings.SESSION_IDLE, settings.SESSION_WARNING = timedelta(seconds=15), timedelta(seconds=13)
    page = open_as(dara)
    page.goto(f"/items/{today.mine.uid}/snooze/")
    page.locator("main form select, main form textarea, main form input[type=text]").first.wait_for()
    page.get_by_label("Why").select_option("other")
    expect(page.get_by_role("button", name="Stay signed in")).to_be_visible()
    page.get_by_role("button", name="Stay signed in").click()
    expect(page.get_by_role("button", name="Stay signed in")).to_be_hidden()
    page.wait_for_url("**/accounts/login/**", timeout=60_000)
    assert Draft.objects.get(user=dara).action == f"/items/{today.mine.uid}/snooze/"
