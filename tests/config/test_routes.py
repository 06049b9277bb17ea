"""Every route x every role x {own site, another site, nobody}. A route that is not classified fails the build."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from patients.models import Role, Site, User
from tests.browser.morning import Morning
from tests.config.routes import (
    MACHINES,
    NAMES,
    NAMES_NOTHING,
    PUBLIC,
    ROWS,
    ROWS_OF_A_REPORT,
    SITE,
    WITHOUT_A_ROW,
    Route,
    doors,
    every_route,
    guarded,
)
from tests.people import nurse

Enter = Callable[[User], Client]
KNOWN = {"uid", "site", "token", *NAMES}
BY_ADDRESS = {"answer_link", "stop_digest", "stop_mail"}
"""What is behind these addresses is proved by the address; no cookie counts there."""


def knock(client: Client, address: str) -> Any:
    """GET, or POST with nothing where only that is taken; what a verb did is undone."""
    with transaction.atomic():
        answer = client.get(address)
        if answer.status_code == 405:
            answer = client.post(address)
        transaction.set_rollback(True)
    return answer


def test_every_route_is_classified() -> None:
    """Wrapped by `guard.page(...)`, or named in tests/config/routes.py; and what stands in its path is known there."""
    unclassified = [route.path for route in every_route() if route.roles is None and route.name not in {*MACHINES, *PUBLIC}]
    unknown = [route.path for route in guarded() if set(route.params) - KNOWN]
    rowless = [route.path for route in guarded() if "uid" in route.params and route.first not in {*ROWS, *WITHOUT_A_ROW}]
    assert (unclassified, unknown, rowless) == ([], [], [])
    assert all(route.module.startswith(("allauth.", "django.", "config.admin", "config.account")) for route in doors())


@pytest.mark.before_merge
def test_each_role_opens_what_is_for_it_and_nothing_else(signed_in: Enter, north: Site, today: Morning) -> None:
    wrong = []
    for role in Role:
        client = signed_in(nurse(f"some-{role}", north, role=role))
        for route in guarded():
            status = knock(client, route.address(today)).status_code
            if not fits(route, role, status):
                wrong.append((str(role), route.path, status))
    assert not wrong, "\n".join(map(str, wrong))


def fits(route: Route, role: str, status: int) -> bool:
    """Forbidden to the others; for its own a page, a step on or a refusal in words. A row that is not there is 404."""
    if role not in (route.roles or ()):
        return status == 403
    if "uid" in route.params and route.first in WITHOUT_A_ROW:
        return status == 404
    if route.name in NAMES_NOTHING:
        return status in {200, 404} or (status == 403 and route.name == ROWS_OF_A_REPORT)
    return status in {200, 204, 302, 400, 409, 422}


def test_another_site_s_rows_and_places_do_not_exist(signed_in: Enter, south: Site, today: Morning) -> None:
    """For somebody who holds every role, elsewhere."""
    stranger = nurse("stranger", south)
    for role in Role:
        nurse("stranger", south, role=role)
    client = signed_in(stranger)
    of_a_site = [route for route in guarded() if route.of_a_site]
    assert {route.path: knock(client, route.address(today)).status_code for route in of_a_site} == {route.path: 404 for route in of_a_site}


def test_a_role_held_elsewhere_opens_nothing_here(signed_in: Enter, north: Site, south: Site, today: Morning) -> None:
    """Navigator of the south, integration engineer of the north: the charts and the work of the north are not theirs to read."""
    nurse("both", south)
    client = signed_in(nurse("both", north, role=Role.INTEGRATION))
    of_the_north = (f"/journeys/{today.journey.uid}/", f"/patients/{today.patient.uid}/", f"/items/{today.critical.uid}/")
    assert {address: client.get(address).status_code for address in of_the_north} == dict.fromkeys(of_the_north, 404)
    assert client.get(f"/intake/{today.message.uid}/").status_code == 200
    assert client.post("/patients/", {"text": "Okafor"}).context["found"] == []


def test_a_report_counts_the_sites_where_its_reader_may_read_it(signed_in: Enter, north: Site, south: Site, today: Morning) -> None:
    nurse("both", north, role=Role.INTEGRATION)
    client = signed_in(nurse("both", south, role=Role.MANAGER))
    assert list(client.get("/reports/drop-off/nsclc-biomarker/").context["asked"].sites) == [south.pk]


def test_nobody_is_sent_to_sign_in(today: Morning) -> None:
    for route in guarded():
        answer = knock(Client(), route.address(today))
        assert (answer.status_code, answer.headers.get("Location", "").partition("?")[0]) == (302, "/accounts/login/"), route.path


def test_no_post_is_taken_from_another_s_page(today: Morning, dara: User) -> None:
    """Without the token that only our own pages carry (a browser's cookies go along wherever the form stands)."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(dara, backend="django.contrib.auth.backends.ModelBackend")
    ours = [route for route in every_route() if route.name not in {*MACHINES, *BY_ADDRESS}]
    assert [route.path for route in ours if client.post(route.address(today)).status_code != 403] == []


def test_machines_are_told_nothing_without_their_token(today: Morning) -> None:
    machines = [route for route in every_route() if route.name in MACHINES]
    assert {route.name: knock(Client(), route.address(today)).status_code for route in machines} == MACHINES


def test_a_member_who_left_is_nobody_at_once(signed_in: Enter, north: Site, today: Morning) -> None:
    """The same browser, the next request: first without a role, then without an account."""
    leaving = nurse("leaving", north)
    client = signed_in(leaving)
    address = f"/journeys/{today.journey.uid}/"
    assert client.get(address).status_code == 200
    leaving.memberships.update(until="2026-01-01")
    assert client.get(address).status_code == 403
    User.objects.filter(pk=leaving.pk).update(is_active=False)
    assert client.get(address).status_code == 302


@pytest.mark.parametrize("path", [f"/coverage/{SITE}x/", "/pathways/none/", "/items/not-a-uid/"])
def test_what_does_not_exist_is_404(signed_in: Enter, lena: User, path: str) -> None:
    assert signed_in(lena).get(path).status_code == 404
