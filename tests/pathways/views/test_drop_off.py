"""The drop-off page says what the report says, to each what they may see, and exports the same."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pathways.definitions import registry
from pathways.models import Journey, PathwayVersion
from pathways.reports import drop_off, shown
from pathways.reports.cohort import Question
from pathways.views.funnel import KINDS, funnel
from patients.models import AccessLog, Site, User
from tests.browser.morning import Morning
from tests.desk import PATHWAY, Desk
from tests.pathways.reports.conftest import BODY
from tests.people import today_here

Enter = Callable[[User], Client]
ADDRESS = f"/drop-off/{PATHWAY}/"


def answer(site: Site, *, exact: bool = True) -> dict[str, Any]:
    return shown.drop_off(drop_off.drop_off(Question(PATHWAY, timezone.now(), sites=[site.pk])), exact=exact)


def cells(page: str) -> list[list[str]]:
    """Numbers of the table's rows, as they are written."""
    table = page[page.index('class="table funnel"') : page.index("</table>")]
    return [
        re.findall(r'<td class="number[^"]*">(?:<a [^>]*>)?(\d+|<span class="soft small">hidden)', row) for row in table.split("<tr>")[3:]
    ]


def test_the_table_is_the_report(signed_in: Enter, lena: User, north: Site, today: Morning) -> None:
    page = signed_in(lena).get(ADDRESS).content.decode()
    steps = answer(north)["steps"]
    assert [row[:2] for row in cells(page)] == [[str(step["entered"]), str(step["reached"])] for step in steps]
    assert f"{steps[1]['reached']} of {steps[1]['entered']}" in page


def test_open_journeys_stand_apart_and_are_not_lost(signed_in: Enter, lena: User, north: Site, today: Morning) -> None:
    page = signed_in(lena).get(ADDRESS).content.decode()
    assert "still open" in page
    lost = sum(step["left"]["preventable"] for step in answer(north)["steps"])
    assert lost == Journey.objects.filter(exit_class="preventable").count() == 1


def test_a_manager_sees_no_small_numbers(signed_in: Enter, fay: User, today: Morning) -> None:
    page = signed_in(fay).get(ADDRESS).content.decode()
    assert "hidden" in page
    assert not re.search(r'<td class="number[^"]*">[1-9]</td>', page)


def test_another_sites_journeys_are_not_counted(signed_in: Enter, lena: User, south: Site, eli: User, today: Morning) -> None:
    desk = Desk(south, timezone.now())
    desk.journey(desk.patient("South", "Sue", today_here() - timedelta(days=20000)), days=10)
    assert [signed_in(user).get(ADDRESS).context["answer"]["n"] for user in (lena, eli)] == [6, 1]


def test_a_question_that_makes_no_sense_is_the_plain_one(signed_in: Enter, lena: User, today: Morning) -> None:
    page = signed_in(lena).get(ADDRESS, {"horizon": "7; drop", "funnel": "none", "by": "name", "entry": "x"}).content.decode()
    assert "Within 90 days" in page


def test_the_published_funnel_has_its_own_steps(signed_in: Enter, lena: User, today: Morning) -> None:
    client = signed_in(lena)
    assert client.get(ADDRESS, {"funnel": "published"}).content.decode() != client.get(ADDRESS).content.decode()


def test_the_export_is_what_the_screen_shows_and_is_logged(signed_in: Enter, lena: User, fay: User, north: Site, today: Morning) -> None:
    for user, exact in ((lena, True), (fay, False)):
        sent = signed_in(user).get(f"/reports/drop-off/{PATHWAY}.csv")
        assert sent.headers["Content-Type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(sent.content.decode())))
        steps = answer(north, exact=exact)["steps"]
        assert [row["entered"] for row in rows] == ["" if step["entered"] is None else str(step["entered"]) for step in steps]
        assert AccessLog.objects.get(user=user, action="export").what == "report drop-off.csv"


def test_a_programme_that_is_not_in_force_is_unknown(signed_in: Enter, lena: User, today: Morning) -> None:
    assert signed_in(lena).get("/drop-off/none-such/").status_code == 404


def test_a_bar_is_as_long_as_its_parts_and_hidden_numbers_are_not_drawn() -> None:
    left = {"preventable": 2, "patient_choice": 1, "appropriate": 0, "competing": 1, "administrative": 0}
    step = {"label": "a step", "entered": 10, "reached": 4, "completed": 0, "not_applicable": 0, "open": 2, "held": 0, "left": left}
    drawn = funnel([step, {**step, "entered": None, "reached": None, "open": None, "left": dict.fromkeys(left)}])
    assert drawn
    first, hidden = drawn.bars
    assert sum(segment.count for segment in first.segments) == 10
    assert first.end == 740.0
    assert [segment.kind for segment in first.segments] == [kind for kind in KINDS if kind in {"reached", "open", "preventable", "other"}]
    assert (hidden.segments, hidden.said) == ((), "numbers hidden")
    assert funnel([{**step, "entered": 0}]) is None


@pytest.fixture
def nobody_yet(today: Morning) -> Iterator[None]:
    """A programme that is the first by name, and that nobody has ever been on."""
    body = {**BODY, "code": "a-programme"}
    PathwayVersion.objects.create(code="a-programme", number=1, title="Nobody yet", digest="a", body=body, status="published")
    registry.clear()
    yield
    registry.clear()


@pytest.mark.usefixtures("nobody_yet")
def test_reports_open_with_the_programme_of_most_journeys_then_with_the_last(signed_in: Enter, lena: User) -> None:
    client = signed_in(lena)
    assert client.get("/drop-off/").headers["Location"] == ADDRESS
    assert f"/reports/trend/{PATHWAY}/" in client.get("/reports/").content.decode()
    client.get("/drop-off/a-programme/")
    assert client.get("/drop-off/").headers["Location"] == "/drop-off/a-programme/"
    client.get(f"/reports/time/{PATHWAY}/")
    assert client.get("/drop-off/").headers["Location"] == ADDRESS
