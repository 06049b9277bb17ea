"""Moving journeys and second chances by the screens: one's own sites, looked at first, taken back with one click."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from pathways import invariants
from pathways.models import Journey
from patients.models import AccessLog, Role, Site, User
from tests.pathways.test_journeys import MONDAY, site, the_course
from tests.pathways.test_migrating import LUNG, changed, decide_within, undecided
from tests.pathways.test_second_chance import closed, without_egfr
from tests.people import nurse

__all__ = ["site"]  # the fixture
pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
PAGE = f"/pathways/{LUNG}/2/migrate/"


def test_a_lead_looks_moves_and_takes_back(signed_in: Enter, site: Site) -> None:
    journey, lead = undecided(site), User.objects.get()
    old = journey.version
    new = changed(decide_within("1 day"))
    client = signed_in(lead)
    page = client.get(PAGE).content.decode()
    assert "1 on version 1" in page
    page = client.get(PAGE, {"site": "north", "clock": "recompute", "stages": ""}).content.decode()
    assert "Move 1 journey of North" in page
    assert AccessLog.objects.latest("pk").patients == [journey.patient_id]
    journey.refresh_from_db()
    assert journey.version == old
    assert client.post(f"{PAGE}north/", {"clock": "recompute", "stages": ""}).status_code == 302
    journey.refresh_from_db()
    assert journey.version == new
    assert "Take back" in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}north/undo/").status_code == 302
    journey.refresh_from_db()
    assert journey.version == old
    assert invariants.check(now=timezone.now()) == []


def test_a_stage_that_is_not_there_is_said_and_moves_nothing(signed_in: Enter, site: Site) -> None:
    journey, lead = undecided(site), User.objects.get()
    changed(decide_within("1 day"))
    client = signed_in(lead)
    page = client.get(PAGE, {"site": "north", "clock": "keep", "stages": "main.to_decide=main.nowhere"}).content.decode()
    assert "no such stage" in page
    assert "Move 1 journey" not in page
    client.post(f"{PAGE}north/", {"clock": "keep", "stages": "main.to_decide=main.nowhere"})
    assert Journey.objects.get().version == journey.version


def test_only_leads_and_only_their_sites(signed_in: Enter, site: Site) -> None:
    undecided(site)
    south = Site.objects.create(code="south", name="South")
    eli, dara = nurse("eli", south, role=Role.LEAD), nurse("dara", site)
    changed(decide_within("1 day"))
    assert signed_in(dara).get(PAGE).status_code == 403
    client = signed_in(eli)
    assert "North" not in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}north/", {"clock": "keep", "stages": ""}).status_code == 404
    assert client.post(f"{PAGE}north/undo/").status_code == 404


def test_a_clinician_decides_on_second_chances(signed_in: Enter, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathways.writing.house.House.knowledge", without_egfr(MONDAY.date().replace(month=8)))
    journey, lead = closed(site, *the_course()[:-1]), User.objects.get()
    cora = nurse("cora", site, role=Role.CLINICIAN)
    page = signed_in(lead).get("/second-chances/").content.decode()
    assert "EGFR" in page
    assert "a clinician of the site decides" in page
    assert AccessLog.objects.latest("pk").patients == [journey.patient_id]
    there = f"/second-chances/{journey.uid}/open/"
    assert signed_in(lead).post(there, {"reason": "x"}).status_code == 403
    client = signed_in(cora)
    client.post(there, {"reason": ""})
    journey.refresh_from_db()
    assert journey.status == "exited"
    client.post(there, {"reason": "to be offered"})
    journey.refresh_from_db()
    assert journey.status == "active"
    assert "No closed journey" in client.get("/second-chances/").content.decode()
