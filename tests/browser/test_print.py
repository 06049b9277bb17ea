"""What people take along: a journey on one sheet for the tumour board, the board summary on one, the Monday page on two sides."""

from __future__ import annotations

import re

from patients.models import User
from tests.browser.conftest import Open
from tests.browser.morning import Morning
from tests.desk import PATHWAY


def test_a_journey_prints_on_one_page(open_as: Open, lena: User, today: Morning) -> None:
    page = open_as(lena)
    page.goto(f"/journeys/{today.journey.uid}/")
    for paper in ("A4", "Letter"):
        assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format=paper))) == 1, paper


def test_a_letter_prints_alone_on_one_page(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara)
    page.goto(f"/items/{today.critical.uid}/letter/")
    for paper in ("A4", "Letter"):
        assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format=paper))) == 1, paper
    page.emulate_media(media="print")
    shown = page.locator("body").inner_text()
    assert shown.strip().startswith("North Valley")
    assert "It was sent" not in shown


def test_the_board_summary_prints_on_one_page_and_the_monday_page_on_two_sides(open_as: Open, lena: User, today: Morning) -> None:
    page = open_as(lena)
    for address, most in ((f"/reports/board/{PATHWAY}/", 1), ("/reports/monday/all/", 2)):
        page.goto(address)
        for paper in ("A4", "Letter"):
            assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format=paper))) <= most, (address, paper)
