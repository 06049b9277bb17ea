"""One-time codes, recovery codes, and single sign-on with an issuer on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.core.cache import cache
from django.test import Client

from patients.models import Role, Site, User
from tests.config.issuer import Issuer, issuer
from tests.people import PASSWORD, nurse

pytestmark = pytest.mark.django_db
CHOICE, SETUP, AUTHENTICATE = "/accounts/2fa/", "/accounts/2fa/totp/activate/", "/accounts/2fa/authenticate/"


def sign_in(client: Client, name: str = "dara") -> Any:
    return client.post("/accounts/login/", {"login": name, "password": PASSWORD})


def code_for(secret: str) -> str:
    return str(auth.format_hotp_value(auth.hotp_value(secret, next(auth.yield_hotp_counters_from_time()))))


def set_up(client: Client) -> str:
    """As the page asks: the password once more, the secret is shown, the first code proves that it arrived."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    answer = client.get(SETUP)
    secret = answer.context["form"].secret
    assert client.post(SETUP, {"code": code_for(secret)}).status_code == 302
    return str(secret)


@pytest.fixture
def required(settings: Any) -> None:
    settings.MFA_REQUIRED_ROLES = ["navigator"]


@pytest.mark.usefixtures("required")
def test_a_role_that_needs_a_second_factor_sets_one_up_before_anything_else(client: Client, dara: User) -> None:
    sign_in(client)
    assert client.get("/queue/").headers["Location"] == CHOICE
    assert client.get("/queue/", headers={"HX-Request": "true"}).headers["HX-Redirect"] == CHOICE
    assert SETUP in client.get(CHOICE).content.decode()
    set_up(client)
    assert client.get("/queue/").status_code == 200


@pytest.mark.usefixtures("required")
def test_other_roles_are_not_asked(client: Client, fay: User) -> None:
    sign_in(client, "fay")
    assert client.get("/pathways/").status_code == 200


def test_the_code_is_asked_for_at_the_next_sign_in_and_lies_encrypted(client: Client, dara: User) -> None:
    sign_in(client)
    secret = set_up(client)
    assert secret not in str(Authenticator.objects.get(type="totp").data)
    later = Client()
    assert sign_in(later).headers["Location"].startswith(AUTHENTICATE)
    assert later.get("/queue/").status_code == 302
    assert later.post(AUTHENTICATE, {"code": "000000"}).status_code == 200
    [recovery, *_] = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    assert later.post(AUTHENTICATE, {"code": recovery}).status_code == 302
    assert later.get("/queue/").status_code == 200
    again = Client()
    sign_in(again)
    assert again.post(AUTHENTICATE, {"code": recovery}).status_code == 200, "a recovery code opens once"


def test_a_code_opens_once_whichever_process_sees_it(client: Client, dara: User) -> None:
    """Somebody who looked over her shoulder is a moment later at another process, which knows nothing of the first one's memory."""
    sign_in(client)
    secret = set_up(client)
    with time_machine.travel(datetime(2026, 3, 11, 14, 0, tzinfo=UTC), tick=False):
        code = code_for(secret)
        for n, opens in enumerate((302, 200)):
            cache.clear()
            browser = Client()
            sign_in(browser)
            assert browser.post(AUTHENTICATE, {"code": code}).status_code == opens, n
    assert code not in str(Authenticator.objects.get(type="totp").data)


def test_codes_cannot_all_be_tried_by_whoever_has_the_password(client: Client, dara: User, settings: Any) -> None:
    sign_in(client)
    secret = set_up(client)
    thief = Client()
    sign_in(thief)
    for _ in range(settings.AXES_FAILURE_LIMIT):
        cache.clear()  # another process knows nothing of what this one counted
        thief.post(AUTHENTICATE, {"code": "000000"})
    cache.clear()
    thief.post(AUTHENTICATE, {"code": code_for(secret)})
    assert thief.get("/queue/").status_code == 302, "even the right code is not taken now"
    assert sign_in(Client()).status_code != 302, "nor the password"


@pytest.mark.usefixtures("required")
def test_whoever_needs_it_cannot_take_it_off(client: Client, dara: User) -> None:
    sign_in(client)
    set_up(client)
    client.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=dara, type="totp").exists()


@pytest.mark.usefixtures("required")
def test_a_key_is_a_second_factor_and_the_last_one_stays(client: Client, dara: User) -> None:
    sign_in(client)
    key = Authenticator.objects.create(user=dara, type="webauthn", data={"name": "blue key", "credential": {}})
    assert client.get("/queue/").status_code == 200
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    remove = f"/accounts/2fa/webauthn/keys/{key.pk}/remove/"
    assert client.post(remove).headers["Location"] == "/accounts/2fa/webauthn/"
    assert Authenticator.objects.filter(pk=key.pk).exists()
    set_up(client)
    client.post(remove)
    assert not Authenticator.objects.filter(pk=key.pk).exists()
    assert Client().post(remove).status_code == 302, "a stranger is sent to the door"


def test_nobody_removes_the_key_of_another(client: Client, dara: User, fay: User) -> None:
    key = Authenticator.objects.create(user=fay, type="webauthn", data={"name": "hers", "credential": {}})
    sign_in(client)
    assert client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_a_locked_name_is_told_so_on_a_page_of_ours(client: Client, dara: User, settings: Any) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = client.post("/accounts/login/", {"login": "dara", "password": "wrong"})
    assert answer.status_code == 429
    assert "Locked for a while" in answer.content.decode()


class TestSingleSignOn:
    @pytest.fixture
    def server(self, settings: Any) -> Iterator[Issuer]:
        with issuer() as found:
            app = {"provider_id": "sso", "name": "Hospital", "client_id": "finalmile", "secret": "s", "settings": {"server_url": found.url}}
            settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
            yield found

    @pytest.fixture
    def dora(self, north: Site) -> User:
        """An account without a password, made by an administrator."""
        user = nurse("dora", north, role=Role.NAVIGATOR)
        user.set_unusable_password()
        user.email = "dora@north.example.org"
        user.save()
        return user

    def come_back(self, client: Client, server: Issuer, **who: Any) -> Any:
        """Through the issuer and back, as the browser would."""
        server.who = {"sub": "77", "email": "dora@north.example.org", "email_verified": True, **who}
        away = client.post("/accounts/oidc/sso/login/", {})
        assert away.headers["Location"].startswith(f"{server.url}/authorization")
        [state] = parse_qs(urlsplit(away.headers["Location"]).query)["state"]
        return client.get("/accounts/oidc/sso/login/callback/", {"code": "c", "state": state})

    def test_the_account_of_that_address_is_opened(self, client: Client, server: Issuer, dora: User) -> None:
        assert self.come_back(client, server).status_code == 302
        assert client.get("/queue/").status_code == 200
        assert server.asked.count("/token") == 1

    def test_it_brings_its_second_factor_along_unless_it_may_not(self, client: Client, server: Issuer, dora: User, settings: Any) -> None:
        settings.MFA_REQUIRED_ROLES = ["all"]
        self.come_back(client, server)
        assert client.get("/queue/").status_code == 200
        settings.OIDC_BRINGS_MFA = False
        other = Client()
        self.come_back(other, server)
        assert other.get("/queue/").headers["Location"] == CHOICE

    @pytest.mark.parametrize("who", [{"email": "nobody@north.example.org"}, {"email_verified": False}])
    def test_an_address_that_is_not_known_or_not_proved_opens_nothing(
        self, client: Client, server: Issuer, dora: User, who: dict[str, Any]
    ) -> None:
        answer = self.come_back(client, server, **who)
        assert client.get("/queue/").status_code == 302
        assert User.objects.count() == 1
        assert answer.status_code in {200, 302}

    def test_an_account_that_was_closed_stays_closed(self, client: Client, server: Issuer, dora: User) -> None:
        User.objects.filter(pk=dora.pk).update(is_active=False)
        self.come_back(client, server)
        assert client.get("/queue/").status_code == 302

    def test_a_token_for_somebody_else_is_refused(self, client: Client, server: Issuer, dora: User) -> None:
        server.audience = "another"
        self.come_back(client, server)
        assert client.get("/queue/").status_code == 302

    def test_a_state_that_we_did_not_give_is_refused(self, client: Client, server: Issuer, dora: User) -> None:
        client.get("/accounts/oidc/sso/login/callback/", {"code": "c", "state": "forged"})
        assert client.get("/queue/").status_code == 302

    def test_the_button_is_on_the_page_only_where_it_is_set_up(self, client: Client, server: Issuer, settings: Any) -> None:
        assert "Hospital" in client.get("/accounts/login/").content.decode()
        settings.SOCIALACCOUNT_PROVIDERS = {}
        assert "Hospital" not in client.get("/accounts/login/").content.decode()
