"""Signing in, being locked out, and being signed out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.test import Client

from patients import invitations
from patients.models import Draft, User

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"
NINE = datetime(2026, 3, 11, 13, 0, tzinfo=UTC)


@pytest.fixture
def dara() -> User:
    return User.objects.create_user("dara", password=PASSWORD)


def sign_in(client: Client, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": "dara", "password": password})


def signed_in(client: Client) -> bool:
    return bool(client.session.get("_auth_user_id"))


@pytest.mark.usefixtures("dara")
def test_a_navigator_signs_in_under_a_new_session(client: Client) -> None:
    client.get("/accounts/login/")
    before = client.session.session_key
    assert sign_in(client).status_code == 302
    assert signed_in(client)
    assert client.session.session_key != before


@pytest.mark.usefixtures("dara")
def test_a_wrong_password_tried_often_locks_even_the_right_one_out(client: Client) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, "wrong")
    sign_in(client)
    assert not signed_in(client)


@pytest.mark.usefixtures("dara")
def test_the_same_name_in_other_letters_is_no_new_set_of_tries(client: Client) -> None:
    for n in range(settings.AXES_FAILURE_LIMIT):
        client.post("/accounts/login/", {"login": "DARA" if n % 2 else "Dara", "password": "wrong"})
    sign_in(client)
    assert not signed_in(client)


@pytest.mark.usefixtures("dara")
@pytest.mark.parametrize(("proxies", "locked"), [(0, True), (1, False)])
def test_whoever_locks_a_name_locks_it_where_they_are(client: Client, settings: Any, proxies: int, locked: bool) -> None:
    """Behind one proxy the address is what the proxy saw; without one, what a browser claims of itself changes nothing."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post("/accounts/login/", {"login": "dara", "password": "wrong"}, headers={"X-Forwarded-For": "10.1.1.1, 192.0.2.66"})
    client.post("/accounts/login/", {"login": "dara", "password": PASSWORD}, headers={"X-Forwarded-For": "10.1.1.1, 192.0.2.10"})
    assert signed_in(client) is not locked


def test_the_link_into_an_account_says_under_which_name_one_signs_in_and_opens_once(client: Client, dara: User) -> None:
    link = invitations.path_for(dara)
    answer = client.get(link, follow=True)
    assert "You sign in with the user name <strong>dara</strong>" in answer.content.decode()
    client.post(answer.request["PATH_INFO"], {"password1": "another long password", "password2": "another long password"})
    assert "does not open any more" in Client().get(link, follow=True).content.decode()


def test_nobody_registers_by_themselves(client: Client) -> None:
    words = {"username": "eve", "email": "eve@example.org", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", words)
    assert not User.objects.filter(username="eve").exists()


@pytest.mark.usefixtures("dara")
@pytest.mark.parametrize(("away", "still_in"), [(timedelta(minutes=14), True), (timedelta(minutes=16), False)])
def test_a_session_ends_when_nobody_is_there(client: Client, away: timedelta, still_in: bool, settings: Any) -> None:
    settings.SESSION_IDLE = timedelta(minutes=15)
    with time_machine.travel(NINE, tick=False) as clock:
        sign_in(client)
        client.get("/accounts/login/")
        clock.shift(away)
        client.get("/accounts/login/")
        assert signed_in(client) is still_in


@pytest.mark.usefixtures("dara")
def test_a_session_ends_after_twelve_hours_however_busy(client: Client) -> None:
    with time_machine.travel(NINE, tick=False) as clock:
        sign_in(client)
        for _ in range(13):
            client.get("/accounts/login/")
            clock.shift(timedelta(hours=1))
        client.get("/accounts/login/")
        assert not signed_in(client)


@pytest.mark.usefixtures("dara")
@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example/", "https:evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_host(client: Client, elsewhere: str) -> None:
    answer = client.post("/accounts/login/", {"login": "dara", "password": PASSWORD, "next": elsewhere})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


@pytest.mark.usefixtures("dara")
def test_what_was_kept_leads_and_goes_to_this_host_only(client: Client, settings: Any) -> None:
    """An address with two slashes in front would be another host's."""
    sign_in(client)
    settings.SESSION_IDLE = timedelta(seconds=-1)
    where = "//evil.example/items/"
    answer = client.post("/", {"note": "hers"}, headers={"Referer": f"http://testserver{where}"}, PATH_INFO=where)
    assert answer.headers["Location"] == "/accounts/login/?next=%2Fevil.example%2Fitems%2F&ended=kept"
    assert Draft.objects.values_list("page", "action").get() == ("/evil.example/items/", "/evil.example/items/")


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "127.0.0.1@evil.example"])
def test_a_host_that_is_not_ours_is_not_answered(client: Client, dara: User, host: str) -> None:
    """No link in a mail is made of what a browser says of itself."""
    User.objects.filter(pk=dara.pk).update(email="dara@example.org")
    assert client.post("/accounts/password/reset/", {"email": "dara@example.org"}, headers={"Host": host}).status_code == 400
    assert mail.outbox == []


@pytest.mark.usefixtures("dara")
def test_no_browser_keeps_a_page_of_a_signed_in_person(client: Client) -> None:
    sign_in(client)
    assert client.get("/accounts/logout/").headers["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("dara")
def test_a_disabled_account_is_out_at_once(client: Client) -> None:
    sign_in(client)
    User.objects.filter(username="dara").update(is_active=False)
    assert not client.get("/accounts/logout/").wsgi_request.user.is_authenticated
