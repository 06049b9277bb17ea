"""Newly actionable by the screens: the list with the difference, logged; a clinician of the site decides. The report counts the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from pathways.models import Event
from pathways.reports.cohort import Question
from pathways.reports.newly import newly_actionable, newly_rows
from patients.models import AccessLog, Role, Site, User
from tests.pathways.test_journeys import DAY, MONDAY, site, the_course
from tests.pathways.test_newly_actionable import under_way
from tests.pathways.test_second_chance import without_egfr
from tests.people import nurse

__all__ = ["site"]  # the fixture
pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


def test_a_clinician_decides_and_page_command_and_report_agree(signed_in: Enter, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathways.writing.house.House.knowledge", without_egfr((MONDAY + 100 * DAY).date()))
    journey, lead = under_way(site, *the_course()[:-1]), User.objects.get()
    cora = nurse("cora", site, role=Role.CLINICIAN)
    page = signed_in(lead).get("/newly-actionable/").content.decode()
    assert "EGFR" in page
    assert journey.version.title in page
    assert "a clinician of the site decides" in page
    assert AccessLog.objects.latest("pk").patients == [journey.patient_id]

    question = Question("", timezone.now(), sites=[site.pk])
    (row,) = newly_actionable(question, exact=True).table("rules").rows
    assert row[-1].value == 1
    assert newly_rows(question, row[-1].opens).uids == [str(journey.uid)]
    assert newly_actionable(question, exact=False).figures[0].cell.hidden
    out = StringIO()
    call_command("knowledge", "newly-actionable", json=True, stdout=out)
    assert [one["journey"] for one in json.loads(out.getvalue())["newly_actionable"]] == [str(journey.uid)]

    there = f"/newly-actionable/{journey.uid}/set-aside/"
    assert signed_in(lead).post(there, {"reason": "x"}).status_code == 403
    client = signed_in(cora)
    client.post(there, {"reason": ""})
    assert not Event.objects.filter(kind="knowledge_reviewed").exists()
    client.post(there, {"reason": "too frail"})
    journey.refresh_from_db()
    assert journey.status == "active"
    assert "Nothing that was found" in client.get("/newly-actionable/").content.decode()
    assert newly_actionable(question, exact=True).table("rules").rows == ()


def test_another_site_sees_nothing_of_it(signed_in: Enter, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathways.writing.house.House.knowledge", without_egfr((MONDAY + 100 * DAY).date()))
    journey = under_way(site, *the_course()[:-1])
    gus = nurse("gus", Site.objects.create(code="south", name="South"), role=Role.CLINICIAN)
    client = signed_in(gus)
    assert "EGFR" not in client.get("/newly-actionable/").content.decode()
    assert client.post(f"/newly-actionable/{journey.uid}/take-up/", {"reason": "x"}).status_code == 404
