"""An administrator invites, gives and ends roles, and closes accounts; the one who left is out with the next click."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from patients.models import Membership, Role, Site, User
from tests.notifications.views.conftest import signed_in
from tests.people import PASSWORD, nurse

__all__ = ["signed_in"]
pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
INES = {"username": "ines", "first_name": "Ines", "last_name": "Ortiz", "role": "navigator"}


@pytest.fixture
def rootuser(north: Site) -> User:
    return nurse("root", north, role=Role.ADMINISTRATOR)


@pytest.fixture
def root(signed_in: Enter, rootuser: User) -> Client:
    return signed_in(rootuser)


def change(client: Client, user: User, act: str, **said: str) -> str:
    """Does it; what the page says of it afterwards."""
    answer = client.post(f"/administration/people/{user.uid}/change/", {"act": act, **said}, follow=True)
    return " ".join(str(message) for message in answer.context["messages"])


def invite(client: Client, north: Site, **more: str) -> Any:
    return client.post("/administration/people/", {**INES, "site": str(north.pk), **more}, follow=True)


def test_whoever_is_invited_chooses_a_password_and_is_in(root: Client, north: Site) -> None:
    invite(root, north, email="ines@example.org")
    [sent] = mail.outbox
    [path] = re.findall(r"https?://[^/]+(/\S+)", str(sent.body))
    hers = Client()
    form = hers.get(path, follow=True)
    chosen = {"password1": "a phrase of her own 77", "password2": "a phrase of her own 77"}
    assert hers.post(form.request["PATH_INFO"], chosen).status_code == 302
    assert hers.post("/accounts/login/", {"login": "ines", "password": chosen["password1"]}).status_code == 302
    assert hers.get("/patients/").status_code == 200
    again = Client().get(path, follow=True)
    assert "password1" not in again.content.decode(), "the link opens once"


def test_without_an_address_the_link_is_shown_once(root: Client, north: Site) -> None:
    page = invite(root, north).content.decode()
    assert "/accounts/password/reset/key/" in page
    assert not mail.outbox
    assert (
        "/accounts/password/reset/key/" not in root.get(f"/administration/people/{User.objects.get(username='ines').uid}/").content.decode()
    )


def test_a_name_is_taken_once_and_only_at_ones_own_sites(root: Client, north: Site, south: Site, dara: User) -> None:
    assert invite(root, north, username="DARA").status_code == 422
    assert root.post("/administration/people/", {**INES, "site": str(south.pk)}).status_code == 422


def test_closing_ends_every_session_at_once(root: Client, dara: User) -> None:
    hers = Client()
    hers.post("/accounts/login/", {"login": "dara", "password": PASSWORD})
    assert hers.get("/patients/").status_code == 200
    assert "1 sessions were ended" in change(root, dara, "close")
    assert hers.get("/patients/").status_code == 302
    assert hers.session.is_empty()
    assert not Membership.objects.filter(user=dara, until=None).exists()
    change(root, dara, "open")
    dara.refresh_from_db()
    assert (dara.is_active, dara.has_usable_password()) == (True, False)


def test_a_role_given_and_ended_holds_with_the_next_click(root: Client, signed_in: Enter, north: Site, dara: User) -> None:
    hers = signed_in(dara)
    change(root, dara, "take", site="north", role="navigator")
    assert hers.get("/patients/").status_code == 403
    change(root, dara, "give", site="north", role="pharmacist")
    assert hers.get("/patients/").status_code == 200


def test_nobody_changes_their_own_account(root: Client, rootuser: User) -> None:
    assert "Somebody else" in change(root, rootuser, "close")
    assert User.objects.get(pk=rootuser.pk).is_active


def test_whoever_works_elsewhere_too_is_not_closed_from_here(root: Client, dara: User, south: Site) -> None:
    nurse("dara", south)
    assert "other sites" in change(root, dara, "close")
    assert User.objects.get(pk=dara.pk).is_active
    assert "one of your sites" in change(root, dara, "give", site="south", role="lead")


def test_accounts_of_other_sites_are_not_there(root: Client, eli: User) -> None:
    assert root.get(f"/administration/people/{eli.uid}/").status_code == 404
    assert root.post(f"/administration/people/{eli.uid}/change/", {"act": "close"}).status_code == 404


@pytest.mark.parametrize(
    "said", [{"act": "promote"}, {"act": "give", "site": "north", "role": "king"}, {"act": "correct", "first_name": ""}]
)
def test_what_makes_no_sense_changes_nothing(root: Client, dara: User, said: dict[str, str]) -> None:
    assert change(root, dara, **said)
    dara.refresh_from_db()
    assert (dara.first_name, list(dara.memberships.values_list("role", flat=True))) == ("Dara", ["navigator"])


@pytest.mark.parametrize("act", ["correct", "link", "reset_factor"])
def test_nobody_takes_over_an_account_that_opens_another_site(root: Client, dara: User, south: Site, act: str) -> None:
    """Its address, its way in or its second factor would open the patients of the south to an administrator of the north."""
    nurse("dara", south)
    said = change(root, dara, act, first_name="Dara", last_name="Example", email="root@example.org")
    assert "other sites" in said
    assert "/accounts/password/reset/key/" not in said
    dara.refresh_from_db()
    assert (dara.email, dara.last_name) == ("", "Example")


def test_whoever_left_for_another_site_is_not_ours_any_more(root: Client, dara: User, south: Site) -> None:
    nurse("dara", south)
    change(root, dara, "take", site="north", role="navigator")
    assert "other sites" in change(root, dara, "link")


def test_a_name_is_corrected_and_a_link_mailed_to_its_owner_wherever_they_work(root: Client, dara: User, south: Site) -> None:
    nurse("dara", south)
    User.objects.filter(pk=dara.pk).update(email="dara@example.org")
    change(root, dara, "correct", first_name="Dara", last_name="Moss", email="dara@example.org")
    assert "dara@example.org" in change(root, dara, "link")
    dara.refresh_from_db()
    assert (dara.last_name, mail.outbox[0].to) == ("Moss", ["dara@example.org"])
