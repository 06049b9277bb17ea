"""What is missing is named, with the page where it is set; what is there is called good."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from config import first_hour
from config.models import beat
from pathways import observing
from pathways.definitions import registry
from pathways.models import Coverage
from pathways.views import coverage
from patients import sites
from patients.models import Role, Site, User
from tests.browser.morning import Morning
from tests.people import nurse

pytestmark = pytest.mark.django_db


def missing(site: Site, now: datetime) -> set[str]:
    """Questions with a bad answer."""
    return {check.question for section in first_hour.sections([site], now=now) for check in section.checks if check.ok is False}


def test_an_empty_house_lacks_nearly_everything(now: datetime) -> None:
    registry.clear()
    bare = sites.add(code="bare", name="Bare", time_zone="America/New_York")
    found = missing(bare, now)
    assert {
        "Do the workers run?",
        "Is there a backup?",
        "Are programmes published?",
        "Is its calendar known?",
        "Are its people here?",
    } <= found
    assert "Do texts say who writes and whom to call?" in found


def test_each_lack_disappears_with_its_cause(north: Site, today: Morning, settings: Any) -> None:
    now = timezone.now()
    before = missing(north, now)
    beat("tick", now=now)
    call_command("backed_up")
    settings.AUDIT_ANCHOR_FILE = "/somewhere/else"
    settings.MFA_REQUIRED_ROLES = ["all"]
    settings.SESSION_IDLE = timedelta(minutes=15)
    for role in (Role.LAB_LIAISON, Role.AUDITOR):
        nurse(f"one-{role}", north, role=role)
    gone = before - missing(north, now)
    assert gone >= {
        "Do the workers run?",
        "Is there a backup?",
        "Is the access log's newest seal kept outside?",
        "Is a second factor asked for?",
        "Do idle sessions end soon?",
        "Are its people here?",
    }
    assert "Is there a backup?" in missing(north, now + timedelta(hours=27))


def test_the_hour_ends_with_the_first_patient_and_the_first_text(north: Site, lena: User, today: Morning, now: datetime) -> None:
    def open_ends(site: Site) -> set[str]:
        [section, _house] = first_hour.sections([site], now=timezone.now())
        return {check.question for check in section.checks if check.ok is None}

    ends = {"Is anybody followed here?", "Has a text gone out?"}
    bare = sites.add(code="bare", name="Bare", time_zone="America/New_York", subdivision="MA")
    assert ends <= open_ends(bare)
    assert not ends & open_ends(north)


def test_what_the_coverage_page_can_say_is_all_that_is_asked(north: Site, lena: User, today: Morning) -> None:
    """What rules derive and people write down comes by no feed: to ask how it is seen would be a question without an answer."""
    question = "Is it said what can be seen here?"
    assert question in missing(north, timezone.now())
    shown = {row.kind for row in coverage.rows(north)}
    observing.cover(site=north, seen=dict.fromkeys(shown, observing.Seen(Coverage.How.BY_HAND)), by=lena, now=timezone.now())
    assert question not in missing(north, timezone.now())


def test_the_page_links_to_where_each_is_set(client: Client, north: Site, today: Morning) -> None:
    client.force_login(nurse("root", north, role=Role.ADMINISTRATOR), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/administration/")
    links = {check.where for section in page.context["sections"] for check in section.checks if check.where}
    assert len(links) >= 5
    for link in links:
        assert client.get(link).status_code in {200, 302}, link


def test_a_programme_without_anybody_accountable_is_named(north: Site, lena: User, today: Morning) -> None:
    assert "Is somebody accountable for each?" not in missing(north, timezone.now())
    User.objects.filter(pk=lena.pk).update(is_active=False)
    assert "Is somebody accountable for each?" in missing(north, timezone.now())
