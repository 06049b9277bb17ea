"""Every screen x every role: open to those it is for, forbidden to the others, unknown to another site, sign-in for strangers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from notifications.views.linked import LINKING
from pathways.definitions.lifecycle import APPROVERS
from patients.models import AccessLog, Role, Site, User
from patients.views.guard import ANYONE, CARE, INTAKE, REPORTS, STEERING
from tests.browser.morning import Morning
from tests.people import nurse

Enter = Callable[[User], Client]
# Route to who may open it. `{name}` is filled from the morning's rows; what begins so shows one patient and leaves an access row.
SCREENS = {
    "/queue/": CARE,
    "/queue/candidates/": STEERING,
    "/queue/ask/": CARE,
    "/candidates/{candidate}/": STEERING,
    "/items/{critical}/": CARE,
    "/items/{critical}/snooze/": CARE,
    "/items/{critical}/finish/": CARE,
    "/journeys/{journey}/": CARE,
    "/patients/{patient}/": CARE,
    "/patients/": CARE,
    "/intake/": INTAKE,
    "/intake/{message}/": INTAKE,
    "/pathways/": ANYONE,
    "/pathways/nsclc-biomarker/": ANYONE,
    "/pathways/nsclc-biomarker/1/": ANYONE,
    "/pathways/nsclc-biomarker/1/changes/": ANYONE,
    "/pathways/nsclc-biomarker/history/": ANYONE,
    "/drop-off/nsclc-biomarker/": REPORTS,
    "/reports/drop-off/nsclc-biomarker.csv": REPORTS,
}
VERBS = {
    "/candidates/{candidate}/accept/": STEERING,
    "/items/{critical}/claim/": CARE,
    "/items/{critical}/put-back/": CARE,
    "/patients/{patient}/people/": LINKING,
    "/patients/{patient}/people/change/": LINKING,
    "/journeys/{journey}/hold/": STEERING,
    "/journeys/{journey}/answer/": (*STEERING, Role.PHARMACIST),
    "/journeys/{journey}/resume/": STEERING,
    "/journeys/{journey}/exit/": STEERING,
    "/journeys/{journey}/reopen/": STEERING,
    "/journeys/{journey}/pick/": STEERING,
    "/journeys/{journey}/confirm/": STEERING,
    "/journeys/{journey}/relatives/": STEERING,
    "/journeys/{journey}/join/": STEERING,
    "/intake/{message}/replay/": INTAKE,
    "/pathways/nsclc-biomarker/1/act/": APPROVERS,
}
OURS = ("patients.views", "pathways.views", "notifications.views")


def address(route: str, today: Morning) -> str:
    return route.format(**{name: getattr(row, "uid", "") for name, row in vars(today).items()})


@pytest.mark.parametrize("role", list(Role))
def test_a_screen_opens_for_the_roles_it_is_for_and_no_other(signed_in: Enter, north: Site, today: Morning, role: Role) -> None:
    client = signed_in(nurse("someone", north, role=role))
    answers = {route: client.get(address(route, today)).status_code for route in SCREENS}
    assert answers == {route: 200 if role in roles else 403 for route, roles in SCREENS.items()}


@pytest.mark.parametrize("role", list(Role))
def test_a_verb_is_refused_to_the_roles_it_is_not_for(signed_in: Enter, north: Site, today: Morning, role: Role) -> None:
    client = signed_in(nurse("someone", north, role=role))
    refused = {route for route, roles in VERBS.items() if role not in roles}
    assert {route: client.post(address(route, today)).status_code for route in refused} == dict.fromkeys(refused, 403)


def test_rows_of_another_site_do_not_exist(signed_in: Enter, south: Site, today: Morning) -> None:
    roles = (Role.LEAD, Role.LAB_LIAISON)
    stranger = nurse("stranger", south, role=roles[0])
    client = signed_in(stranger)
    of_one_row = [route for route in [*SCREENS, *VERBS] if "{" in route]
    answers = {route: (client.post if route in VERBS else client.get)(address(route, today)).status_code for route in of_one_row}
    assert answers == dict.fromkeys(of_one_row, 404)


def test_strangers_are_sent_to_sign_in(today: Morning) -> None:
    for route in [*SCREENS, *VERBS]:
        answer = Client().post(address(route, today)) if route in VERBS else Client().get(address(route, today))
        assert answer.status_code == 302, route
        assert answer.headers["Location"].startswith("/accounts/login/"), route


def test_a_piece_of_a_page_sends_the_whole_window_to_sign_in(today: Morning) -> None:
    answer = Client().get(f"/items/{today.critical.uid}/finish/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/accounts/login/")


@pytest.mark.parametrize("route", [route for route in SCREENS if "{" in route])
def test_what_shows_a_patient_is_never_stored_and_leaves_a_row(signed_in: Enter, lena: User, today: Morning, route: str) -> None:
    before = AccessLog.objects.count()
    answer = signed_in(lena).get(address(route, today))
    assert answer.headers["Cache-Control"] == "no-store"
    assert AccessLog.objects.count() == before + 1


def test_every_screen_of_ours_says_whom_it_is_for() -> None:
    unclassified = []
    for pattern in _patterns(get_resolver().url_patterns):
        view = pattern.callback
        inner = getattr(view, "__wrapped__", view)
        if view.__module__.startswith(OURS) and not hasattr(view, "roles") and not hasattr(inner, "roles"):
            unclassified.append(pattern.name)
    assert set(unclassified) <= {"receive", "sms-status", "sms-inbound"}, "machines name themselves by token or signature"


def _patterns(found: list[Any]) -> list[Any]:
    flat = []
    for pattern in found:
        flat += _patterns(pattern.url_patterns) if hasattr(pattern, "url_patterns") else [pattern]
    return flat
