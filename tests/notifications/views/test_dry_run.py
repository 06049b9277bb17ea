"""The dry run's page: the version that is being made, run when asked, counts only."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from pathways.definitions import lifecycle
from pathways.definitions.reading import CATALOG, Source, read_path
from pathways.models import Journey
from patients.models import Site, User
from tests.pathways.test_journeys import DAY, MONDAY, site
from tests.pathways.test_migrating import LUNG, decide_within, undecided
from tests.people import nurse

__all__ = ["site"]  # the fixture
pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
PAGE = f"/pathways/{LUNG}/2/dry-run/"


def test_without_a_draft_there_is_none_and_with_one_it_runs_when_asked(
    signed_in: Enter, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    undecided(site)
    lead = User.objects.get()
    client = signed_in(lead)
    assert client.get(PAGE).status_code == 404
    source = read_path(CATALOG / f"{LUNG}.yaml")
    decide_within("1 day")(source.body)
    lifecycle.draft(Source(source.name, source.body, source.lines), by=lead, now=MONDAY)
    page = client.get(PAGE).content.decode()
    assert "Version 2 (draft)" in page
    assert "journeys replayed" not in page
    monkeypatch.setattr("django.utils.timezone.now", lambda: MONDAY + 14 * DAY)
    page = client.get(PAGE, {"days": "30"}).content.decode()
    assert "journeys replayed" in page
    assert "No decision" in page
    assert "1 open journeys would move" in page
    assert Journey.objects.get().version.number == 1


def test_it_is_for_leads_and_managers(signed_in: Enter, site: Site) -> None:
    assert signed_in(nurse("dara", site)).get(PAGE).status_code == 403
