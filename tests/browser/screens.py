"""Takes the pictures of the README and of `docs/screens/`: `python -m tests.browser.screens http://127.0.0.1:8000 USER PASSWORD [FOLDER [whole]]`.

Looks at a running site (the demo, say) and follows its links like a person; it needs nothing but a sign-in name. A picture is the
window as it opens; with `whole` it is the page down to its end.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
LOOKS = {"desk": (DESK, "light"), "dark": (DESK, "dark"), "phone": (PHONE, "light")}
# Screen by name: where to begin, then which first link of a table to follow, if any.
SCREENS = {
    "queue": ("/queue/?lane=team", ""),
    "mine": ("/queue/?lane=mine", ""),
    "candidates": ("/queue/candidates/", ""),
    "candidate": ("/queue/candidates/", "tbody a.who"),
    "item": ("/queue/?lane=team", "tbody a.who"),
    "outcome": ("/queue/?lane=mine", "td.act a:has-text('Outcome')"),
    "journey": ("/queue/?lane=team", "tbody a.who, a:has-text('Journey')"),
    "patient": ("/queue/?lane=team", "tbody a.who, a:has-text('Patient') >> nth=-1"),
    "search": ("/patients/", ""),
    "intake": ("/intake/", ""),
    "pathways": ("/pathways/", ""),
    "programme": ("/pathways/", "h2 a"),
    "drop-off": ("/drop-off/?programme=nsclc-biomarker", ""),
    "going-live": ("/rollout/", ""),
    "rollout": ("/rollout/", "a:has-text('Open')"),
    "review-list": ("/rollout/", "a:has-text('Review list')"),
    "coverage": ("/coverage/", ""),
    "registry-audits": ("/audits/", ""),
    "texts": ("/texts/", ""),
}
# What the README and the docs show; without a folder only these are taken.
SHOWN = ("queue", "queue-phone", "item", "journey", "journey-dark", "outcome", "drop-off", "drop-off-dark", "programme")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; that it is missing is a failure, not a reason to skip."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def sign_in(page: Page, base: str, username: str, password: str) -> None:
    page.goto(f"{base}/accounts/login/")
    page.fill("[name=login]", username)
    page.fill("[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/accounts/login" not in url)


def go(page: Page, base: str, screen: str) -> bool:
    """Opens a screen; False where the site has nothing to show there."""
    start, follow = SCREENS[screen]
    answer = page.goto(f"{base}{start}")
    if answer is None or answer.status != 200:
        return False
    for link in filter(None, (part.strip() for part in follow.split(","))):
        found = page.locator(link)
        if not found.count():
            return False
        found.first.click()
        page.wait_for_load_state("networkidle")
    return True


def main(base: str, username: str, password: str, folder: str = "", extent: str = "") -> None:
    target = Path(folder or "docs/screens")
    target.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for look, (size, scheme) in LOOKS.items():
            context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            sign_in(page, base, username, password)
            for screen in SCREENS:
                name = screen if look == "desk" else f"{screen}-{look}"
                if (folder or name in SHOWN) and go(page, base, screen):
                    page.screenshot(path=target / f"{name}.png", full_page=extent == "whole" and screen != "outcome")
            context.close()
        phones(browser, base, target)


def phones(browser: Browser, base: str, target: Path) -> None:
    """The patients' phones, as the simulator ten ports above the site shows them, opened at one with a conversation."""
    site = urlsplit(base)
    page = browser.new_page(viewport=DESK)  # type: ignore[arg-type]
    try:
        page.goto(f"http://{site.hostname}:{(site.port or 80) + 10}/")
    except Error:
        print("no simulator beside this site: no picture of the phones")
        return
    talks = page.locator("a", has_text="(3)")
    (talks if talks.count() else page.locator("a[href*='_phones']")).first.click()
    page.screenshot(path=target / "phones.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
