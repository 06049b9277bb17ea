"""axe finds nothing on any screen, in light and dark, at a desk and on a phone; nothing scrolls sideways."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page

from pathways.definitions import lifecycle
from pathways.definitions.publish import publish
from pathways.definitions.reading import read_text
from patients.models import User
from tests.browser.conftest import Open
from tests.browser.morning import Morning
from tests.pathways.test_definitions import SMALL

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def addresses(today: Morning) -> dict[str, str]:
    return {
        "sign in": "/accounts/login/",
        "queue, mine": "/queue/?lane=mine",
        "queue, team": "/queue/?lane=team",
        "queue, waiting": "/queue/?lane=waiting",
        "queue, withdrawn": "/queue/?lane=withdrawn",
        "queue, done": "/queue/?lane=done",
        "queue, filtered": "/queue/?lane=team&urgency=critical",
        "lost": "/queue/lost/",
        "find work": "/queue/find/",
        "capacity": "/queue/capacity/",
        "precision": "/queue/precision/",
        "my desk": "/desk/",
        "palette": "/palette/",
        "keys": "/keys/",
        "take over": f"/items/{today.mine.uid}/take-over/",
        "hand over": f"/items/{today.critical.uid}/hand-over/",
        "queue, snoozed": "/queue/?lane=snoozed",
        "candidates": "/queue/candidates/",
        "ask at the next visit": "/queue/ask/",
        "candidate": f"/candidates/{today.candidate.uid}/",
        "work item": f"/items/{today.critical.uid}/",
        "snooze": f"/items/{today.mine.uid}/snooze/",
        "finish": f"/items/{today.mine.uid}/finish/",
        "work item as it was": f"/items/{today.critical.uid}/then/",
        "on paper": f"/items/{today.critical.uid}/paper/",
        "downtime": "/downtime/",
        "journey": f"/journeys/{today.journey.uid}/",
        "what happened": f"/journeys/{today.journey.uid}/add/",
        "one event": f"/journeys/{today.journey.uid}/add/treatment_decided/",
        "record": f"/journeys/{today.journey.uid}/record/",
        "report an incident": f"/journeys/{today.journey.uid}/incident/",
        "incidents": "/incidents/",
        "notices": "/notices/",
        "journey on hold": f"/journeys/{today.held.uid}/",
        "journey ended": f"/journeys/{today.ended.uid}/",
        "patient": f"/patients/{today.patient.uid}/",
        "search": "/patients/",
        "log a call": f"/patients/{today.patient.uid}/call/",
        "register": "/register/",
        "put on a programme": f"/patients/{today.patient.uid}/enrol/",
        "intake": "/intake/",
        "message": f"/intake/{today.message.uid}/",
        "what came in": "/intake/received/",
        "feed": "/intake/feeds/north-lab/",
        "codes of a feed": "/intake/feeds/north-lab/codes/",
        "results to place": "/results-to-place/",
        "trackers": "/trackers/",
        "reports to read": "/reports-to-read/",
        "report by hand": f"/journeys/{today.journey.uid}/report/",
        "form on paper": f"/journeys/{today.journey.uid}/paper/",
        "pathways": "/pathways/",
        "programme": "/pathways/nsclc-biomarker/",
        "drop-off": "/drop-off/",
        "going live": "/rollout/",
        "rollout": "/rollout/north/nsclc-biomarker/",
        "review list": "/rollout/north/nsclc-biomarker/review/",
        "shadow": "/rollout/north/nsclc-biomarker/shadow/",
        "coverage": "/coverage/north/",
        "registry audits": "/audits/",
        "texts": "/texts/",
        "what stops texts": "/texts/stopped/",
        "consents": "/consents/",
        "death": f"/patients/{today.patient.uid}/death/",
        "door of the secure page": f"/a/{'x' * 22}",
        "nothing here": "/items/00000000-0000-0000-0000-000000000000/",
    }


def findings(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}: {one['nodes'][0]['failureSummary']}" for one in found]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_axe_finds_nothing(open_as: Open, lena: User, today: Morning, phone: bool, dark: bool) -> None:
    page = open_as(lena, phone=phone, dark=dark)
    stranger = open_as(phone=phone, dark=dark)
    found = {}
    for name, address in addresses(today).items():
        here = stranger if name == "sign in" else page
        here.goto(address)
        if bad := findings(here):
            found[name] = bad
        assert here.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} scrolls sideways"
    assert found == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_axe_finds_nothing_where_definitions_are_judged(open_as: Open, lena: User, dara: User, phone: bool, dark: bool) -> None:
    now = timezone.now()
    publish(text=SMALL, by=None, now=now)
    changed = read_text(SMALL.replace("within: 5 working days", "within: 4 working days"))
    lifecycle.submit(lifecycle.draft(changed, by=dara, now=now, why="four are enough"), by=dara, now=now)
    page = open_as(lena, phone=phone, dark=dark)
    found = {}
    for address in ("/pathways/small/2/", "/pathways/small/history/", "/pathways/small/2/changes/"):
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


def test_everything_stays_readable_at_four_times_the_size(open_as: Open, lena: User, today: Morning) -> None:
    """400 % zoom of a 1280 px window is 320 px wide (WCAG 1.4.10)."""
    page = open_as(lena)
    page.set_viewport_size({"width": 320, "height": 640})
    wide = []
    for name, address in addresses(today).items():
        page.goto(address)
        if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            wide.append(name)
    assert wide == []


def test_no_target_is_smaller_than_24_pixels(open_as: Open, lena: User, today: Morning) -> None:
    """WCAG 2.5.8; links inside a sentence are excepted there and here."""
    page = open_as(lena, phone=True)
    page.goto("/queue/?lane=team")
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, .button, .nav a, .lanes a, select, summary")]
            .filter((e) => e.checkVisibility()).map((e) => [e.textContent.trim(), e.getBoundingClientRect()])
            .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)"""
    )
    assert small == []
