"""Page, command, CSV and workbook show one sheet; numbers open as many rows as they say; who may not open them sees no small number."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from config.report_files import as_csv, as_workbook
from config.reports import EVERY, REPORTS, Report
from pathways.reports.cohort import Question
from pathways.reports.hiding import is_small
from pathways.reports.sheet import Cell, Kind, Sheet, as_plain, flat
from patients.models import AccessLog, Site, User
from tests.browser.morning import Morning
from tests.desk import PATHWAY, Desk
from tests.people import today_here

Enter = Callable[[User], Client]
EACH = [pytest.param(report, id=report.name) for report in REPORTS.values()]


def asks(report: Report, site: Site) -> Question:
    return Question(PATHWAY if report.one else "", timezone.now(), sites=[site.pk])


def code(report: Report) -> str:
    return PATHWAY if report.one else EVERY


def cells(sheet: Sheet) -> Iterator[Cell]:
    yield from (cell for table in sheet.tables for row in table.rows for cell in row)
    for figure in sheet.figures:
        yield from (figure.cell, *(cell for _, cell in figure.of))


def closed(sheet: Sheet) -> list[str]:
    """Counts that nobody could open."""
    columns = [
        (table.name, column, cell) for table in sheet.tables for row in table.rows for column, cell in zip(table.columns, row, strict=True)
    ]
    return [f"{name}: {column.name}" for name, column, cell in columns if column.kind is Kind.COUNT and cell.value and not cell.opens]


@pytest.mark.parametrize("report", EACH)
def test_every_number_opens_as_many_rows_as_it_says(north: Site, today: Morning, report: Report) -> None:
    question = asks(report, north)
    sheet = report.sheet(question, exact=True)
    opened = {cell.opens: cell.value for cell in cells(sheet) if cell.opens}
    assert closed(sheet) == []
    for number, value in opened.items():
        assert report.rows is not None
        assert len(report.rows(question, number).uids) == value, number


@pytest.mark.parametrize("report", EACH)
def test_a_workbook_and_a_file_hold_what_the_sheet_holds(north: Site, today: Morning, report: Report) -> None:
    sheet = report.sheet(asks(report, north), exact=True)
    book = CalamineWorkbook.from_filelike(io.BytesIO(as_workbook(sheet)))
    assert len(book.sheet_names) == len(sheet.tables) + 1
    for i, table in enumerate(sheet.tables, start=1):
        expected = [
            [value for column, cell in zip(table.columns, row, strict=True) for _, value in flat(column, cell)] for row in table.rows
        ]
        lines = list(csv.reader(io.StringIO(as_csv(sheet, table.name))))[1:]
        written = book.get_sheet_by_index(i).to_python(skip_empty_area=False)[1:]
        assert [[numeric(one) for one in line] for line in lines] == [[numeric(one) for one in line] for line in expected]
        padded = [[numeric(one) for one in row] + [None] * (len(want) - len(row)) for row, want in zip(written, expected, strict=False)]
        assert padded == [[numeric(one) for one in line] for line in expected]


def numeric(value: Any) -> Any:
    """A value as any file gives it back: numbers as such, nothing as nothing, days without their time."""
    if value in (None, ""):
        return None
    text = (value.isoformat() if hasattr(value, "isoformat") else str(value)).removeprefix("'")
    try:
        return round(float(text), 6)
    except ValueError:
        return text[:10] if text[:4].isdigit() else text


@pytest.mark.parametrize("report", EACH)
def test_the_command_says_what_the_sheet_says(north: Site, today: Morning, report: Report) -> None:
    out = io.StringIO()
    at = timezone.now()
    call_command("report", report.name, pathway=code(report), as_of=at, exact=True, stdout=out)
    said, sheet = json.loads(out.getvalue()), report.sheet(Question(PATHWAY if report.one else "", at), exact=True)
    if report.plain is None:
        assert said == json.loads(json.dumps(as_plain(sheet)))
    assert said["as_of"]


@pytest.mark.parametrize("report", EACH)
def test_whoever_may_not_open_the_rows_sees_no_small_number(
    signed_in: Enter, fay: User, north: Site, today: Morning, report: Report
) -> None:
    sheet = report.sheet(asks(report, north), exact=False)
    exact = {cell.key for cell in cells(report.sheet(asks(report, north), exact=True)) if cell.key}
    assert not [cell for cell in cells(sheet) if cell.opens]
    assert not [cell for cell in cells(sheet) if cell.key in exact and isinstance(cell.value, int) and is_small(cell.value)]
    manager = signed_in(fay)
    assert manager.get(f"/reports/{report.name}/{code(report)}/").status_code == 200
    assert manager.get(f"/reports/{report.name}/{code(report)}/rows/?number=x").status_code == 403


def test_another_programme_is_chosen_with_the_filters_that_stand(signed_in: Enter, lena: User, today: Morning) -> None:
    someone = signed_in(lena)
    answer = someone.get(f"/reports/drop-off/?programme={PATHWAY}&horizon=30&entry=&by=sex")
    assert (answer.status_code, answer["Location"]) == (302, f"/reports/drop-off/{PATHWAY}/?horizon=30&by=sex")
    answer = someone.get(f"/drop-off/?programme={PATHWAY}&horizon=30")
    assert (answer.status_code, answer["Location"]) == (302, f"/drop-off/{PATHWAY}/?horizon=30")
    assert someone.get("/reports/drop-off/?programme=no-such", follow=True).status_code == 404
    assert someone.get("/reports/drop-off/?programme=//elsewhere.example", follow=True).status_code == 200


@pytest.mark.parametrize("report", EACH)
def test_a_page_tells_what_its_numbers_stand_on(signed_in: Enter, lena: User, today: Morning, report: Report) -> None:
    page = signed_in(lena).get(f"/reports/{report.name}/{code(report)}/").content.decode()
    for said in (report.title, "As of", "Not known yet", "north-lab"):
        assert said in page, said


def test_the_index_leads_to_every_report(signed_in: Enter, fay: User, today: Morning) -> None:
    page = signed_in(fay).get("/reports/").content.decode()
    assert not [report.name for report in REPORTS.values() if f"/reports/{report.name}/" not in page]


LINK = re.compile(r'<a href="(/reports/[^"]*/rows/[^"]*)">([\d,]+)</a>')


@pytest.mark.parametrize("address", [f"/drop-off/{PATHWAY}/?by=sex", *(f"/reports/{one.name}/{code(one)}/" for one in REPORTS.values())])
def test_every_number_of_a_page_leads_to_as_many_rows(
    signed_in: Enter, lena: User, fay: User, north: Site, today: Morning, address: str
) -> None:
    """As the person at the screen follows them; to whoever sees hidden numbers nothing opens."""
    client, manager = signed_in(lena), signed_in(fay)
    found = {unescape(url): int(number.replace(",", "")) for url, number in LINK.findall(client.get(address).content.decode())}
    assert not LINK.findall(manager.get(address).content.decode())
    for url, number in found.items():
        page = client.get(url)
        assert (page.status_code, page.context["total"], len(page.context["lines"])) == (200, number, number), url
    assert {manager.get(url).status_code for url in list(found)[:3]} <= {403}
    opened = AccessLog.objects.filter(user=lena, action="list", what__endswith=" rows").count()
    assert opened == len(found)


def test_rows_are_those_of_the_moment_that_the_page_spoke_of(signed_in: Enter, lena: User, north: Site, today: Morning) -> None:
    """A journey that begins while the page is read is not among them."""
    client = signed_in(lena)
    page = client.get(f"/drop-off/{PATHWAY}/").content.decode()
    url, number = next((unescape(url), number) for url, number in LINK.findall(page) if url.endswith("number=n"))
    later = Desk(north, timezone.now(), itertools.count(900))
    later.journey(later.patient("Late", "Lou", today_here() - timedelta(days=20000)), days=0)
    assert client.get(url).context["total"] == int(number)


def test_rows_are_listed_with_the_way_to_them_and_logged(signed_in: Enter, lena: User, today: Morning) -> None:
    client = signed_in(lena)
    page = client.get(f"/reports/drop-off/{PATHWAY}/rows/?number=ordered/entered").content.decode()
    assert str(today.journey.uid) in page
    row = AccessLog.objects.filter(user=lena, action="list").get()
    assert row.what == "report drop-off rows"
    assert today.patient.pk in row.patients


def test_a_number_that_is_none_is_not_found(signed_in: Enter, lena: User, today: Morning) -> None:
    for number in ("", "nonsense", "ordered/nonsense", "nowhere/entered"):
        assert signed_in(lena).get(f"/reports/drop-off/{PATHWAY}/rows/", {"number": number}).status_code in (200, 404)
    assert signed_in(lena).get("/reports/monday/all/rows/?number=nonsense").status_code == 404


def test_small_numbers_are_for_those_who_may_open_them_at_each_of_their_sites(
    signed_in: Enter, fay: User, north: Site, south: Site, today: Morning
) -> None:
    """A navigator of the south who manages the north does not see the north's small numbers."""
    from pathways.views.asked import shows_all
    from patients import staff
    from patients.models import Role

    staff.join(fay, site=south, role=Role.NAVIGATOR)
    assert not shows_all(User.objects.get(pk=fay.pk))
    staff.join(fay, site=north, role=Role.NAVIGATOR)
    assert shows_all(User.objects.get(pk=fay.pk))


def test_a_manager_asks_on_a_fixed_grid(signed_in: Enter, fay: User, today: Morning) -> None:
    """As of the last Monday, and one way of looking at a time: two questions must not differ by a few people."""
    client = signed_in(fay)
    plain = client.get(f"/reports/drop-off/{PATHWAY}/?by=sex").content.decode()
    both = client.get(f"/reports/drop-off/{PATHWAY}/?by=sex&entry=advanced&as_of=2020-01-01").content.decode()
    assert plain.partition("<table")[2] == both.partition("<table")[2]


@pytest.mark.parametrize("report", [one for one in REPORTS.values() if one.name not in ("dates", "overview")], ids=lambda one: one.name)
def test_no_sentence_and_no_picture_tells_what_the_tables_hide(north: Site, today: Morning, report: Report) -> None:
    """Everybody of this morning is few: where no table shows a count, neither do the words above it or the marks of a chart.

    (The overview counts programmes in words, and dates nobody at all.)
    """
    asked = asks(report, north)
    whole, seen = (report.sheet(asked, exact=exact) for exact in (True, False))
    few = {str(n) for n in counts_of(whole) if is_small(n)} - {str(n) for n in counts_of(seen)}
    said = " ".join((*seen.says, *(one.said for one in seen.drawings)))
    told = set(re.findall(r"(?<![\w.:-])\d+(?![\w.:%-])", said))
    assert not told & few - {str(asked.horizon_days), "14"}
    assert not [n for n in counts_of(seen) if is_small(n)]


def counts_of(sheet: Sheet) -> list[int]:
    """Every count that stands in a table."""
    cells = ((column, cell) for table in sheet.tables for row in table.rows for column, cell in zip(table.columns, row, strict=True))
    return [cell.value for column, cell in cells if column.kind is Kind.COUNT and not cell.hidden and isinstance(cell.value, int)]
