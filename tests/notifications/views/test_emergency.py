"""Breaking the glass: one chart, one hour, to read; the patient's site sees who, why and what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from patients.models import AccessLog, EmergencyAccess, Role, Site, User
from patients.views.emergency import TRIES
from tests.browser.morning import Morning
from tests.people import nurse

Enter = Callable[[User], Client]
WHY = {"reason": "in_my_care_now", "why": "Unconscious in our emergency room, on a blinded trial drug."}
NAMED = {"family": "okafor", "given": "Ann", "born": "1951-02-03"}


@pytest.fixture
def elis(signed_in: Enter, eli: User) -> Client:
    return signed_in(eli)


def pages(today: Morning) -> list[str]:
    return [f"/patients/{today.patient.uid}/", f"/journeys/{today.journey.uid}/"]


def ask(client: Client, **said: str) -> Any:
    return client.post("/patients/emergency/", {**WHY, **said})


def test_a_chart_opens_for_an_hour_and_closes_by_itself(elis: Client, today: Morning) -> None:
    assert [elis.get(page).status_code for page in pages(today)] == [404, 404]
    answer = ask(elis, **NAMED)
    assert (answer.status_code, answer.headers["Location"]) == (302, pages(today)[0])
    for page in pages(today):
        assert "A chart of another site is open to you until" in elis.get(page).content.decode()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        assert [elis.get(page).status_code for page in pages(today)] == [404, 404]


@pytest.mark.parametrize(("later", "status"), [(timedelta(minutes=59, seconds=59), 200), (timedelta(hours=1), 404)])
def test_the_hour_ends_with_its_last_second(elis: Client, today: Morning, later: timedelta, status: int) -> None:
    began = datetime.now(UTC)
    with time_machine.travel(began, tick=False) as clock:
        ask(elis, **NAMED)
        clock.shift(later)
        assert [elis.get(page).status_code for page in pages(today)] == [status, status]


def test_it_ends_with_the_role_in_the_middle_of_the_hour(elis: Client, eli: User, today: Morning) -> None:
    ask(elis, **NAMED)
    eli.memberships.update(until="2026-01-01")
    assert [elis.get(page).status_code for page in pages(today)] == [403, 403]


def test_the_mail_names_our_own_address_whatever_the_browser_said(elis: Client, lena: User, today: Morning, settings: Any) -> None:
    User.objects.filter(pk=lena.pk).update(email="lena@example.org")
    settings.ALLOWED_HOSTS, settings.PUBLIC_BASE_URL = ["evil.example"], "https://finalmile.example.org"
    elis.post("/patients/emergency/", {**WHY, **NAMED}, headers={"Host": "evil.example"})
    assert "https://finalmile.example.org/oversight/" in mail.outbox[0].body


def test_it_is_for_reading_and_for_nobody_else(elis: Client, signed_in: Enter, south: Site, today: Morning) -> None:
    ask(elis, **NAMED)
    for verb in (f"/journeys/{today.journey.uid}/hold/", f"/items/{today.critical.uid}/claim/", f"/patients/{today.patient.uid}/people/"):
        assert elis.post(verb).status_code == 404, verb
    assert elis.get(f"/items/{today.critical.uid}/").status_code == 404
    assert signed_in(nurse("another", south)).get(pages(today)[0]).status_code == 404


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"family": "Okafor", "given": "A", "born": "1951-02-03"}, "Nobody has exactly"),
        ({"family": "Okafor", "given": "Ann", "born": ""}, "Give the record number"),
        ({"number": "none such"}, "Nobody has exactly"),
        ({**NAMED, "why": "please"}, "at least 10"),
    ],
)
def test_whoever_is_meant_must_be_named_exactly_and_why(elis: Client, today: Morning, said: dict[str, str], words: str) -> None:
    answer = ask(elis, **said)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not EmergencyAccess.objects.exists()


def test_it_is_no_search(elis: Client, today: Morning) -> None:
    for _ in range(TRIES):
        ask(elis, number="guess")
    assert "too often" in ask(elis, **NAMED).content.decode()
    assert AccessLog.objects.filter(action="search", what="emergency access").count() == TRIES


def test_whoever_is_known_here_needs_no_emergency(signed_in: Enter, dara: User, today: Morning) -> None:
    assert ask(signed_in(dara), **NAMED).status_code == 302
    assert not EmergencyAccess.objects.exists()


def test_invented_people_and_real_ones_never_mix(elis: Client, south: Site, today: Morning) -> None:
    Site.objects.filter(pk=south.pk).update(is_training=True)
    assert ask(elis, **NAMED).status_code == 422


def test_the_patients_site_is_told_sees_the_reads_and_judges_once(
    elis: Client, signed_in: Enter, lena: User, eli: User, today: Morning
) -> None:
    User.objects.filter(pk=lena.pk).update(email="lena@example.org")
    ask(elis, **NAMED)
    for page in pages(today):
        elis.get(page)
    assert mail.outbox[0].to == ["lena@example.org"]
    assert "Okafor" not in str(mail.outbox[0].message())
    leads = signed_in(lena)
    page = leads.get("/oversight/").content.decode()
    assert "Unconscious in our emergency room" in page
    opened = EmergencyAccess.objects.get()
    [shown] = leads.get("/oversight/").context["opened"]
    assert (shown.pk, shown.pages) == (opened.pk, 2)
    for verdict in ("not_justified", "justified"):
        leads.post(f"/oversight/{opened.uid}/judge/", {"verdict": verdict, "note": "called the ward"})
    opened.refresh_from_db()
    assert (opened.review.verdict, opened.review.by) == ("not_justified", lena)


def test_nobody_judges_their_own(signed_in: Enter, south: Site, north: Site, today: Morning) -> None:
    both = nurse("both", south)
    client = signed_in(both)
    ask(client, **NAMED)
    nurse("both", north, role=Role.AUDITOR)
    client.post(f"/oversight/{EmergencyAccess.objects.get().uid}/judge/", {"verdict": "justified"})
    assert not hasattr(EmergencyAccess.objects.get(), "review")
