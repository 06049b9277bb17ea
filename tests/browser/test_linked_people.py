"""Linked people on a child's page, in a real browser: the block and its forms are accessible, at a desk and on a phone, light and dark."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from patients import authority
from patients.models import Patient, Site, User
from tests.browser.conftest import Open
from tests.browser.test_accessible import findings
from tests.people import registered, stated


@pytest.fixture
def child(north: Site, lena: User) -> Patient:
    """A newborn whose mother may be told and whose father's contact a court has limited."""
    now = timezone.now()
    child = registered(stated("2001", "Smith", "Liam", (now - timedelta(days=4)).date()), site=north, now=now)
    said = {"patient": child, "basis": "parent", "family": "Smith", "now": now, "by": lena}
    authority.introduce(given="Sarah", number="617 555 0111", language="es", **said)  # type: ignore[arg-type]
    authority.introduce(given="Tom", number="617 555 0112", limits="court order of March: no contact", **said)  # type: ignore[arg-type]
    return child


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, False), (False, True)], ids=["desk", "phone", "dark"])
def test_the_block_is_accessible_with_everything_unfolded(open_as: Open, lena: User, child: Patient, phone: bool, dark: bool) -> None:
    page = open_as(lena, phone=phone, dark=dark)
    page.goto(f"/patients/{child.uid}/")
    for fold in page.locator("section[aria-labelledby=linked] summary").all():
        fold.click()
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_yes_is_two_clicks(open_as: Open, lena: User, child: Patient) -> None:
    page = open_as(lena, script=False)
    page.goto(f"/patients/{child.uid}/")
    linked = page.locator("section[aria-labelledby=linked]")
    linked.locator("summary", has_text="Sarah").click()
    linked.get_by_role("button", name="Agrees to texts").first.click()
    expect(page.locator("section[aria-labelledby=linked]")).to_contain_text("agreed to texts")
