"""A real browser on a real server. Chromium is the system's; that it is missing is a failure."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from notifications import second_thoughts
from notifications.views import item
from patients.models import Role, Site, User
from tests.browser.morning import Morning, morning
from tests.browser.screens import DESK, PHONE, chromium, sign_in
from tests.people import PASSWORD, dara, eli, fay, hal, north, nurse, south

__all__ = ["dara", "eli", "fay", "hal", "north", "south"]

# Playwright's loop runs in this thread; the tests themselves are synchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

Open = Callable[..., Page]
PATIENCE = 30_000
"""Milliseconds to wait for what somebody could see: long, for a busy machine; what is there is not waited for."""
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(autouse=True)
def time_to_undo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two minutes instead of ten seconds: on a busy machine a click may come late."""
    monkeypatch.setattr(second_thoughts, "UNDO_FOR", timedelta(minutes=2))
    monkeypatch.setattr(item, "UNDO_SHOWN", 110)


@pytest.fixture
def lena(north: Site) -> User:
    return nurse("lena", north, role=Role.LEAD)


@pytest.fixture
def today(north: Site, dara: User, lena: User) -> Morning:
    return morning(north, nurse=dara, lead=lena, now=timezone.now())


@pytest.fixture
def open_as(transactional_db: None, live_server: LiveServer, browser: Browser) -> Iterator[Open]:
    """A page on which somebody has signed in. Complaints of the content security policy and script errors fail the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def enter(user: User | None = None, *, phone: bool = False, dark: bool = False, script: bool = True) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" and "status of 4" not in message.text else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if user is not None:
            sign_in(page, live_server.url, user.username, PASSWORD)
        return page

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []
