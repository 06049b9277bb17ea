"""A training site is whole, and kept apart: invented people, the simulator whatever is configured, a banner, out of every report."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from config.demo import school
from config.demo.school import School
from config.management.commands.doctor import examine
from config.reports import REPORTS
from notifications import transports
from notifications.models import Message, WorkItem
from notifications.plan import plan
from notifications.reconcile import reconcile
from notifications.send import send_due
from pathways.definitions import registry
from pathways.definitions.publish import publish_catalogue
from pathways.ladders import publish_ladders
from pathways.models import Journey, Rollout
from pathways.reports import drop_off, now
from pathways.reports.cohort import Question
from patients import sites, staff
from patients.models import Membership, Role, Site, User
from tests.notifications.carrier import Carrier
from tests.notifications.world import DAY, NOON, World

pytestmark = [pytest.mark.django_db]
TODAY = datetime(2026, 3, 11, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[School]:
    """One training site for all tests of this file; taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        publish_catalogue(by=None, now=TODAY - DAY)
        publish_ladders()
        registry.clear()
        yield school.make(code="school", name="School Hospital", people=12, days=120, now=TODAY)
        transaction.set_rollback(True)
    registry.clear()


def test_it_is_a_whole_hospital_with_work_to_do(made: School) -> None:
    assert made.people >= 12
    assert set(Rollout.objects.filter(site=made.site).values_list("mode", flat=True)) == {"live"}
    assert WorkItem.objects.visible_to(made.navigator).open().exists()
    assert not examine(now=TODAY)
    again = school.make(code="school", name="School Hospital", people=12, days=120, now=TODAY)
    assert (again.people, again.password) == (made.people, "")


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_it_is_in_no_report(made: School, name: str) -> None:
    """A report on the site is that of a site without patients, and a report on all sites too: here there is no other."""
    empty = Site.objects.create(code=f"empty-{name}", name="Empty Hospital")
    for code in sorted(set(Journey.objects.filter(home_site=made.site).values_list("pathway", flat=True))):
        asked = Question(pathway=code, as_of=TODAY, prevalent=True, every_episode=True, sites=(empty.pk,))
        nobody = counted(name, asked)
        assert nobody
        for scope in (None, (made.site.pk,)):
            assert counted(name, replace(asked, sites=scope)) == nobody


def counted(name: str, asked: Question) -> dict[str, Any]:
    """What a report says of patients: not whose feeds and versions it rests on."""
    return {key: value for key, value in REPORTS[name].answer(asked, exact=True).items() if key not in ("fresh", "versions")}


def test_no_drill_down_opens_its_patients(made: School) -> None:
    asked = Question(pathway="nsclc-biomarker", as_of=TODAY, prevalent=True, sites=(made.site.pk,))
    stays = Journey.objects.filter(home_site=made.site, pathway="nsclc-biomarker", status="active")
    places = set(stays.filter(stays__left_at=None).values_list("stays__track", "stays__stage__name"))
    assert places
    assert [now.members(asked, track=track, stage=stage) for track, stage in places] == [[] for _ in places]
    assert now.open_journeys(asked) == []
    assert drop_off.drop_off(asked).n == 0


def test_every_page_says_that_it_is_training(made: School) -> None:
    client = Client()
    client.force_login(made.lead, backend="django.contrib.auth.backends.ModelBackend")
    for page in ("/queue/", "/patients/", "/drop-off/", "/intake/", "/pathways/", "/rollout/", "/coverage/school/", "/audits/"):
        assert "everybody here is invented" in client.get(page, follow=True).content.decode(), page


def test_nobody_elses_page_says_so(made: School, client: Client) -> None:
    site = Site.objects.create(code="real", name="Real Hospital")
    user = User.objects.create_user("rita")
    staff.join(user, site=site, role=Role.LEAD)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert "everybody here is invented" not in client.get("/queue/", follow=True).content.decode()


@pytest.fixture
def texting() -> Message:
    """A text of a training site, planned and due."""
    world = World()
    Site.objects.update(is_training=True)
    world.text_alert()
    plan(now=NOON)
    return Message.objects.get()


def test_its_texts_go_to_the_simulator_whatever_is_configured(texting: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    real, simulator = Carrier(), Carrier()
    monkeypatch.setattr(transports, "training", lambda: simulator)
    assert send_due(now=NOON, transport=real).accepted == 1
    assert (len(real.took), len(simulator.took)) == (0, 1)


def test_without_a_simulator_they_wait_and_reach_nobody(texting: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Carrier()
    monkeypatch.setattr(transports, "training", lambda: None)
    assert send_due(now=NOON, transport=real).given_back == 1
    texting.refresh_from_db()
    assert (texting.state, texting.reason, real.took) == ("pending", "no simulator for training", [])
    assert texting.not_before > NOON


def test_what_became_of_them_is_asked_of_the_simulator(texting: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    real, simulator = Carrier(), Carrier(moods=["lose"])
    monkeypatch.setattr(transports, "training", lambda: simulator)
    send_due(now=NOON, transport=real)
    monkeypatch.setattr(real, "listed", lambda since: pytest.fail("the provider knows nothing of training"))
    assert reconcile(now=NOON + timedelta(minutes=20), transport=real).found == 1


def test_its_client_speaks_only_to_the_simulator(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from notifications.transports import twilio

    settings.TWILIO_API_URL, settings.TWILIO_AUTH_TOKEN = "https://api.twilio.com", "the real token"
    client = twilio.simulator().client
    assert client.http_client.address == settings.TRAINING_API_URL
    assert (client.username, client.password) == (twilio.SIMULATED_ACCOUNT, settings.TRAINING_AUTH_TOKEN)


def test_an_account_is_for_real_or_for_training() -> None:
    real, training = Site.objects.create(code="real", name="Real"), Site.objects.create(code="train", name="Train", is_training=True)
    user = User.objects.create_user("rita")
    staff.join(user, site=real, role=Role.NAVIGATOR)
    with pytest.raises(staff.Mixed):
        staff.join(user, site=training, role=Role.NAVIGATOR)
    staff.leave(user, site=real, on=date(2026, 3, 1))
    assert staff.join(user, site=training, role=Role.NAVIGATOR).pk


def test_a_site_with_patients_never_changes_its_kind() -> None:
    world = World()
    world.patient()
    with pytest.raises(ValueError, match="is_training"):
        sites.change(world.site, is_training=True)


def test_sites_and_staff_by_command() -> None:
    out = io.StringIO()
    call_command("site", "east", "--name", "East Hospital", "--time-zone", "America/Chicago", "--subdivision", "IL", stdout=out)
    call_command("site", "east", "--sender-name", "East", stdout=out)
    assert Site.objects.get(code="east").sender_name == "East"
    with pytest.raises(CommandError):
        call_command("site", "west", stdout=out)
    call_command("staff", "nora", "--site", "east", "--role", "lead", "--role", "navigator", "--password", stdout=out)
    assert "nora: lead at east, navigator at east" in out.getvalue()
    call_command("staff", "nora", "--site", "east", "--role", "lead", "--leave", stdout=out)
    assert list(Membership.objects.filter(until=None, user__username="nora").values_list("role", flat=True)) == ["navigator"]
    call_command("staff", "nora", "--disable", stdout=out)
    assert not User.objects.get(username="nora").is_active
