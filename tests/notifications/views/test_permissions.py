"""Whom each screen and verb is for, written down a second time; and what a page that shows a patient leaves behind."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from notifications.views.linked import LINKING
from pathways.definitions.lifecycle import APPROVERS
from patients.models import AccessLog, Role, User
from patients.views.guard import ANYONE, CARE, INTAKE, REPORTS, STEERING
from tests.browser.morning import Morning
from tests.config.routes import guarded

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
    "/patients/{patient}/death/": STEERING,
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
    "/patients/{patient}/texts/": LINKING,
    "/patients/{patient}/people/change/": LINKING,
    "/journeys/{journey}/hold/": STEERING,
    "/journeys/{journey}/answer/": (*STEERING, Role.PHARMACIST),
    "/journeys/{journey}/resume/": STEERING,
    "/journeys/{journey}/exit/": STEERING,
    "/journeys/{journey}/reopen/": STEERING,
    "/journeys/{journey}/pick/": STEERING,
    "/journeys/{journey}/confirm/": STEERING,
    "/journeys/{journey}/relatives/": (Role.GENETIC_COUNSELOR,),
    "/journeys/{journey}/join/": (Role.GENETIC_COUNSELOR,),
    "/intake/{message}/replay/": INTAKE,
    "/pathways/nsclc-biomarker/1/act/": APPROVERS,
}


def address(route: str, today: Morning) -> str:
    return route.format(**{name: getattr(row, "uid", "") for name, row in vars(today).items()})


def test_each_screen_and_verb_is_for_whom_it_should_be() -> None:
    """What the guards say of each route is what is written here; that the guards hold, tests/config/test_routes.py walks."""
    said = {"/" + re.sub(r"<\w+:(\w+)>", "{}", route.path): route.roles for route in guarded()}
    for written, roles in {**SCREENS, **VERBS}.items():
        pattern = re.sub(r"\{\w+\}|nsclc-biomarker|(?<=/)1(?=/)|(?<=reports/)drop-off", "{}", written)
        assert said[pattern] == frozenset(roles), written


def test_a_piece_of_a_page_sends_the_whole_window_to_sign_in(today: Morning) -> None:
    answer = Client().get(f"/items/{today.critical.uid}/finish/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/accounts/login/")


@pytest.mark.parametrize("route", [route for route in SCREENS if "{" in route])
def test_what_shows_a_patient_is_never_stored_and_leaves_a_row(signed_in: Enter, lena: User, today: Morning, route: str) -> None:
    before = AccessLog.objects.count()
    answer = signed_in(lena).get(address(route, today))
    assert answer.headers["Cache-Control"] == "no-store"
    assert AccessLog.objects.count() == before + 1
