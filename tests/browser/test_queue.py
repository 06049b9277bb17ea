"""The queue as a nurse uses it: by keyboard, with and without script."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from notifications.models import WorkItem
from patients.models import User
from tests.browser.conftest import Open
from tests.browser.morning import Morning
from tests.people import PASSWORD


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent.trim()"))


def tab_to(page: Page, words: str, most: int = 40) -> None:
    """Tab until the focused control says `words`; each stop must be visibly focused."""
    for _ in range(most):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"no visible focus on {focused(page)!r}"
        if words in focused(page):
            return
    raise AssertionError(f"{words!r} is not reached by the tab key")


def test_signing_in_leads_to_the_queue_and_out_again(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as()
    page.goto("/queue/?lane=team")
    expect(page).to_have_title("Sign in · Finalmile")
    page.get_by_label("Username").fill("dara")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_text("not correct")).to_be_visible()
    page.get_by_label("Username").fill("dara")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Sign in · Finalmile")


def test_the_first_tab_offers_to_skip_to_the_content(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara)
    page.goto("/queue/")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to content"
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_a_nurse_claims_and_ends_an_item_without_a_mouse(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara)
    page.goto("/queue/?lane=team")
    tab_to(page, "Claim: Okafor, Ann")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Record outcome: Okafor, Ann")).to_be_visible()
    expect(page.get_by_role("link", name="Mine 2")).to_be_visible()
    assert WorkItem.objects.get(pk=today.critical.pk).owner == dara
    expect(page.get_by_role("status").last).to_contain_text("Yours now")

    outcome = page.get_by_role("link", name="Record outcome: Okafor, Ann")
    expect(outcome, "focus stays in the row").to_be_focused()
    expect(page.get_by_role("link", name="Snooze: Okafor, Ann"), "critical and late: it cannot rest").to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(outcome, "focus goes back to where it came from").to_be_focused()


def test_a_snoozed_row_stays_where_it_was_and_says_so(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara)
    page.goto("/queue/?lane=mine")
    page.get_by_role("link", name="Snooze:").click()
    page.get_by_label("Until").fill("2020-01-01")
    page.get_by_label("Why").select_option("awaiting callback")
    page.get_by_role("button", name="Snooze").click()
    expect(page.get_by_text("Choose a day after today")).to_be_visible()
    page.get_by_label("Until").fill(page.evaluate("new Date(Date.now() + 3 * 864e5).toISOString().slice(0, 10)"))
    page.get_by_role("button", name="Snooze").click()
    expect(page.locator(f"#item-{today.mine.uid}")).to_contain_text("Snoozed")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("link", name="Mine 0")).to_be_visible()
    expect(page.locator(f"#item-{today.mine.uid}"), "focus stays where the row was").to_be_focused()
    assert WorkItem.objects.get(pk=today.mine.pk).state == "parked"


def test_an_outcome_shows_only_the_fields_that_it_needs(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara)
    page.goto("/queue/?lane=mine")
    page.get_by_role("link", name="Record outcome").click()
    expect(page.get_by_label("How you know")).to_be_hidden()
    page.get_by_label("It had already happened").check()
    expect(page.get_by_label("How you know")).to_be_visible()
    expect(page.get_by_label("Who has to act")).to_be_hidden()


def test_the_whole_day_works_without_script(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara, script=False)
    page.goto("/queue/?lane=team")
    page.get_by_role("button", name="Claim: Okafor, Ann").click()
    expect(page.get_by_text("Yours now")).to_be_visible()
    page.goto(f"/items/{today.critical.uid}/snooze/")
    expect(page.get_by_text("it cannot be snoozed")).to_be_visible()
    page.get_by_role("link", name="Record outcome").click()
    expect(page.get_by_role("heading", name="What came of it?")).to_be_visible()
    page.goto(f"/items/{today.mine.uid}/")
    page.get_by_role("link", name="Snooze").click()
    page.get_by_label("Until").fill("2020-01-01")
    page.get_by_label("Why").select_option("other")
    page.get_by_role("button", name="Snooze").click()
    expect(page.get_by_text("Choose a day after today")).to_be_visible()


def test_what_is_searched_for_never_stands_in_an_address(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara)
    page.goto("/patients/")
    page.get_by_label("Name, record number or phone").fill("okafor")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Okafor, Ann").click()
    expect(page.get_by_role("heading", name="Okafor, Ann")).to_be_visible()
    assert "okafor" not in page.url.lower()
