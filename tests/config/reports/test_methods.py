"""The methods are one click away: every report leads to its section, and the formulas are there to be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from config.methods import methods, section
from config.reports import EVERY, REPORTS
from patients.models import User
from tests.browser.morning import Morning
from tests.desk import PATHWAY

Enter = Callable[[User], Client]


def test_the_page_is_the_written_one(signed_in: Enter, fay: User, today: Morning) -> None:
    page = signed_in(fay).get("/reports/methods/").content.decode()
    for said in ("<em>S(t) = Π (1 − d(i)/n(i))</em>", 'id="aalen-johansen"', "<td>by hand</td>", "Newcombe"):
        assert said in page, said
    assert len({one.anchor for one in methods().sections}) == len(methods().sections)


@pytest.mark.parametrize("name", [*REPORTS])
def test_every_report_leads_to_how_it_is_estimated(name: str) -> None:
    assert section(REPORTS[name].method).title


def test_a_report_shows_the_way(signed_in: Enter, fay: User, today: Morning) -> None:
    client = signed_in(fay)
    assert 'href="/reports/methods/#control-charts"' in client.get(f"/reports/trend/{PATHWAY}/").content.decode()
    assert 'href="/reports/methods/#tallies"' in client.get(f"/reports/messages/{EVERY}/").content.decode()
    assert 'href="/reports/methods/#aalen-johansen"' in client.get(f"/drop-off/{PATHWAY}/").content.decode()
