"""What the queue promises in numbers and at rest, measured in the browser: heights of lines, polling, clicks, and both languages alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from patients.models import User
from tests.browser.conftest import Open
from tests.browser.morning import Morning

HEIGHTS = "() => [...document.querySelectorAll('.queue tbody tr')].map((row) => row.getBoundingClientRect().height)"
CELLS = """() => [...document.querySelectorAll('.queue tbody tr')].map((row) => [...row.children].map((cell) => {
    const range = document.createRange(); range.selectNodeContents(cell);
    const box = range.getBoundingClientRect(); return `${Math.round(box.height)} ${Math.round(cell.clientWidth)} ${cell.innerText.replaceAll("\\n", "|")}`; }))"""
CUT_OFF = """() => [...document.querySelectorAll('.queue .missing .strong')].filter((one) => one.scrollWidth > one.clientWidth + 1
    && getComputedStyle(one).overflow !== 'visible').map((one) => one.textContent)"""


@pytest.mark.parametrize(("density", "height"), [("", 56), ("compact", 40)])
def test_a_line_is_56_pixels_high_or_compact_40_and_cuts_no_step_off(
    open_as: Open, dara: User, today: Morning, density: str, height: int
) -> None:
    page = open_as(dara)  # 1280 pixels wide
    page.context.add_cookies([{"name": "density", "value": density, "url": page.url}])
    for lane in ("mine", "team"):
        page.goto(f"/queue/?lane={lane}")
        found = page.evaluate(HEIGHTS)
        assert found and all(abs(one - height) <= 1.5 for one in found), (lane, found, page.evaluate(CELLS))
        assert page.evaluate(CUT_OFF) == []


COUNTING = """window.polls = 0; const asked = window.fetch;
    window.fetch = (...given) => { if (String(given[0]).includes("/queue/new/")) window.polls += 1; return asked(...given); };"""


def polls(page: Page) -> int:
    """How often the page asked for news by itself; counted in the page, so that no event can be late."""
    return int(page.evaluate("window.polls"))


def test_polling_rests_while_the_page_is_hidden_or_nobody_sits_before_it(open_as: Open, dara: User, today: Morning, settings: Any) -> None:
    """The page's own clock is turned by hand: once a minute while somebody is there, never while hidden or after ten quiet minutes."""
    settings.SESSION_IDLE = timedelta(hours=8)
    page = open_as(dara)
    page.add_init_script(COUNTING)
    page.clock.install()
    page.goto("/queue/?lane=team")
    page.keyboard.press("Tab")
    page.clock.run_for(61_000)
    assert polls(page) == 1
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.clock.run_for(5 * 60_000)
    assert polls(page) == 1, "hidden: nothing is asked"
    page.evaluate("Object.defineProperty(document, 'hidden', { value: false, configurable: true })")
    page.clock.run_for(60_000)
    assert polls(page) == 2
    page.clock.run_for(20 * 60_000)
    quiet = polls(page)
    assert quiet <= 6, "ten minutes after the last sign of somebody it rests"
    page.keyboard.press("Tab")
    page.clock.run_for(60_000)
    assert polls(page) == quiet + 1, "and begins again when somebody is back"


def test_on_a_phone_several_lines_are_chosen_and_looked_at_first(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara, phone=True)
    page.goto("/queue/?lane=team")
    for box in page.locator("tbody input[type=checkbox]").all():
        box.check()
    page.get_by_label("With the chosen lines").select_option("snooze")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("critical: looked at one by one")).to_be_visible()


@pytest.mark.parametrize("density", ["", "compact"])
def test_on_a_phone_each_fact_of_a_card_has_the_whole_width(open_as: Open, dara: User, today: Morning, density: str) -> None:
    """A cell that keeps a desk's width there breaks every word onto a line of its own."""
    page = open_as(dara, phone=True)
    page.context.add_cookies([{"name": "density", "value": density, "url": page.url}])
    page.goto("/queue/?lane=team")
    for cell in ("missing", "over", "ball", "contact", "owner", "act"):
        share = page.evaluate(
            f"(() => {{ const one = document.querySelector('.queue .{cell}'); return one.offsetWidth / one.closest('tr').clientWidth; }})()"
        )
        assert share > 0.8, cell


def test_a_spanish_reader_has_the_same_steps_and_keys(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara)
    page.context.set_extra_http_headers({"Accept-Language": "es"})
    page.context.add_cookies([{"name": "keys", "value": "on", "url": page.url}])
    page.goto("/queue/?lane=mine")
    row = page.locator(f"#item-{today.mine.uid}")
    expect(row.locator("a.primary")).to_have_text("Resultado")
    expect(row.locator("[data-snooze]")).to_have_text("Posponer")
    page.keyboard.press("s")
    expect(page.get_by_role("dialog").get_by_role("heading", name="Posponer")).to_be_visible()


def test_a_filter_that_nothing_fits_never_says_that_nobody_waits(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara)
    page.goto("/queue/?lane=team&programme=nothing")
    expect(page.get_by_text("No line of this lane fits the filters.")).to_be_visible()
    expect(page.get_by_text("Nobody is waiting")).to_have_count(0)
    page.get_by_role("link", name="Clear the filters").click()
    expect(page.locator("tbody tr").first).to_be_visible()
