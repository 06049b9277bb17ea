"""What a tumour board takes along: a journey on one sheet of paper."""

from __future__ import annotations

import re

from patients.models import User
from tests.browser.conftest import Open
from tests.browser.morning import Morning


def test_a_journey_prints_on_one_page(open_as: Open, lena: User, today: Morning) -> None:
    page = open_as(lena)
    page.goto(f"/journeys/{today.journey.uid}/")
    for paper in ("A4", "Letter"):
        assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format=paper))) == 1, paper
