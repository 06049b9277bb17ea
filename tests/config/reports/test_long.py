"""What takes long says so, whichever report it is, on its page and where a browser asks for its file; a program waits for the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import cast

import pytest
from django.test import Client
from django.utils import timezone

from config.reports import EVERY, REPORTS, Report
from pathways.reports.cohort import Question
from pathways.reports.sheet import Sheet
from pathways.views import counting
from patients.models import AccessLog, User
from tests.browser.morning import Morning
from tests.desk import PATHWAY

BROWSER = {"accept": "text/html,application/xhtml+xml"}


@pytest.mark.parametrize("name", ["rescue", "dates"])
def test_page_and_file_say_that_it_is_being_counted(
    signed_in: Callable[[User], Client], lena: User, today: Morning, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count is held up by hand, so it is long on any machine, and done outside of the thread, which would not see this test's rows."""
    report, client = REPORTS[name], signed_in(lena)
    code = EVERY if report.every else PATHWAY
    go = Event()
    made: list[Sheet] = []

    def slow(question: Question, *, exact: bool) -> Sheet:
        assert go.wait(60)
        return made[0]

    monkeypatch.setattr(counting, "is_long", lambda: True)
    monkeypatch.setattr(counting, "PATIENCE_SECONDS", 0)
    monkeypatch.setitem(cast("dict[str, Report]", REPORTS), name, replace(report, sheet=slow))
    page, file = f"/reports/{name}/{code}/", f"/reports/{name}/{code}.csv"
    first, second = client.get(page), client.get(file, headers=BROWSER)
    try:
        for answer in (first, second):
            assert (answer.status_code, answer.headers["Refresh"]) == (202, "2")
            assert "Being counted" in answer.content.decode()
        assert f'href="{page}"' in second.content.decode(), "the way back from the file"
        assert not AccessLog.objects.filter(action="export").exists(), "nothing was handed out yet"
        made.append(report.sheet(Question("" if code == EVERY else code, timezone.now()), exact=True))
    finally:
        go.set()
        for one in list(counting._counting.values()):
            assert one.thread is not None
            one.thread.join()
        counting._counting.clear()
    monkeypatch.setattr(counting, "PATIENCE_SECONDS", 60)
    for answer in (client.get(page), client.get(file, headers=BROWSER), client.get(file)):
        assert answer.status_code == 200
    assert AccessLog.objects.filter(action="export").count() == 2
