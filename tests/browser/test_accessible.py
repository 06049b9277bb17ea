"""axe finds nothing on any page, in light and dark, at a desk and on a phone; nothing scrolls sideways, no target is too small."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize

from pathways.definitions import lifecycle
from pathways.definitions.publish import publish
from pathways.definitions.reading import read_text
from patients.models import Role, Site, User
from tests.browser.conftest import Open
from tests.browser.morning import Morning
from tests.browser.pages import CORE, DOORS, NOT_LOOKED_AT, PAGES, fill, open_to_get
from tests.browser.screens import PHONE
from tests.pathways.test_definitions import SMALL
from tests.people import nurse

NARROW = ViewportSize(width=320, height=640)
FITS = "document.documentElement.scrollWidth <= window.innerWidth"
WIDEST = """() => [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1
    && !e.closest(".scroll")).slice(0, 4).map((e) => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 30)}`)"""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}


def findings(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}: {one['nodes'][0]['failureSummary']}" for one in found]


SMALL_TARGETS = """() => [...document.querySelectorAll(
    "button, .button, .nav a, .lanes a, select, summary, input[type=checkbox], input[type=radio]")]
    .filter((e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .map((e) => [e.textContent.trim() || e.name, (e.matches("input") && e.closest("label") || e).getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.width < 24 || box.height < 24)).map(([said]) => said)"""


@pytest.fixture
def everybody(north: Site) -> User:
    """One account with every role: each page shows all that it can show."""
    for role in Role:
        nurse("everybody", north, role=role)
    return User.objects.get(username="everybody")


def test_every_page_is_looked_at_or_says_why_not() -> None:
    uid = "00000000-0000-0000-0000-000000000000"
    opened = {
        resolve(urlsplit(one.format_map(defaultdict(lambda: uid, version="1"))).path).url_name for one in [*PAGES.values(), *DOORS.values()]
    }
    known = {*opened, *NOT_LOOKED_AT}
    assert open_to_get() - known == set(), "a page that no axe has read: put it into tests/browser/pages.py"
    assert set(NOT_LOOKED_AT) & opened == set()


@pytest.mark.parametrize("look", ["desk", "dark", "phone", "phone-dark"])
def test_axe_finds_nothing(open_as: Open, everybody: User, lena: User, today: Morning, look: str) -> None:
    """The core pages in every look, all others once in light at a desk and once in dark on a phone; and there at four times the size, too."""
    whole = look in ("desk", "phone-dark")
    looks = {"phone": "phone" in look, "dark": "dark" in look}
    page, stranger = open_as(everybody, **looks), open_as(**looks)
    rows = fill(today, everybody, timezone.now())
    wrong: list[str] = []
    for name, address in {**PAGES, **(DOORS if whole else {})}.items():
        if not whole and name not in CORE:
            continue
        here = stranger if name in DOORS else page
        answer = here.goto(address.format(**rows))
        assert answer is not None
        found = findings(here) + (
            [f"answers {answer.status}"] if answer.status >= 400 and name not in ("nothing here", "single sign-on failed") else []
        )
        found += _too_small(here) if look == "phone-dark" else []
        wrong += [f"{name}: {one}" for one in found]
    assert not wrong, "\n".join(wrong)


def _too_small(page: Page) -> list[str]:
    """What is too small for a finger (WCAG 2.5.8; links in a sentence are excepted), and what scrolls sideways at 400 % (1.4.10: 320 px)."""
    found = [f"target under 24 px: {one}" for one in page.evaluate(SMALL_TARGETS)]
    page.set_viewport_size(NARROW)
    if not page.evaluate(FITS):
        found.append(f"scrolls sideways at 320 px: {page.evaluate(WIDEST)}")
    page.set_viewport_size(ViewportSize(width=PHONE["width"], height=PHONE["height"]))
    return found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_axe_finds_nothing_where_definitions_are_judged(open_as: Open, lena: User, dara: User, phone: bool, dark: bool) -> None:
    now = timezone.now()
    publish(text=SMALL, by=None, now=now)
    changed = read_text(SMALL.replace("within: 5 working days", "within: 4 working days"))
    lifecycle.submit(lifecycle.draft(changed, by=dara, now=now, why="four are enough"), by=dara, now=now)
    page = open_as(lena, phone=phone, dark=dark)
    found = {}
    for address in ("/pathways/small/2/", "/pathways/small/history/", "/pathways/small/2/changes/", "/pathways/small/2/dry-run/"):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
        if bad := findings(page):
            found[address] = bad
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{address} scrolls sideways"
    assert found == {}


def test_a_dialog_is_as_accessible_as_a_page(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara)
    page.goto("/queue/?lane=mine")
    for name in ("Record outcome:", "Snooze:"):
        page.get_by_role("link", name=name).click()
        page.wait_for_selector("dialog[open] form")
        assert findings(page) == []
        page.keyboard.press("Escape")


def test_where_the_system_chooses_the_colours_the_place_is_still_seen(open_as: Open, lena: User, today: Morning) -> None:
    """Windows' high contrast takes washes of colour away and makes every clear border visible."""
    page = open_as(lena)
    page.emulate_media(forced_colors="active")
    page.goto("/queue/?lane=team")
    outline = "found => found.map(one => [one.hasAttribute('aria-current'), getComputedStyle(one).outlineStyle === 'solid'])"
    looks = page.locator("nav.lanes a, nav.nav a").evaluate_all(outline)
    assert sum(here for here, _ in looks) == 2, "one lane, one page"
    assert all(here == outlined for here, outlined in looks)


def test_a_long_verb_breaks_at_four_times_the_size(open_as: Open, lena: User, today: Morning) -> None:
    page = open_as(lena)
    page.set_viewport_size(NARROW)
    page.goto(f"/items/{today.critical.uid}/")
    page.locator(".picks .button").first.evaluate(
        "one => { one.textContent = 'Ask the clinician for a new biopsy, or for blood instead of it' }"
    )
    assert page.evaluate(FITS)
