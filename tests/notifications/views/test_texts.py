"""The page of all texts: what is shown is what is sent."""

from __future__ import annotations

import pytest
from django.test import Client

from notifications.views.texts import EXAMPLE_LINK, steps, uses
from notifications.wording import compiler
from patients.models import User
from tests.desk import Desk

pytestmark = pytest.mark.django_db


def test_every_text_is_shown_in_every_language(client: Client, dara: User, desk: Desk) -> None:
    client.force_login(dara, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/texts/").content.decode()
    for language in compiler.LANGUAGES:
        for key in compiler.load(language).keys() - {compiler.HERE}:
            said = compiler.render(
                key, language, first_name="Ana", org="Riverside Care", phone="(555) 010-0199", refs=("0042",), link=EXAMPLE_LINK
            ).body
            assert said in page.replace("&#x27;", "'"), key
    assert "merge fields" not in page, "no shipped text breaks a rule, and the page judges as `wording check` does"


def test_a_text_that_nobody_read_is_said_to_be_called_instead(
    client: Client, dara: User, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    unread = {**compiler.load("es"), "call.us": compiler.Wording("{org}: Llame al {phone}.")}
    monkeypatch.setattr("notifications.views.texts.load", lambda code: unread if code == "es" else compiler.load(code))
    client.force_login(dara, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/texts/").content.decode()
    assert "call.us in Spanish" in page
    assert "opt-out" in page


def test_every_text_that_a_programme_sends_says_where(desk: Desk) -> None:
    used = uses()
    assert any("not picked up" in place for place in used["pickup.reminder"])
    assert set(used) <= set(compiler.load("en"))


def test_every_text_rung_of_every_programme_stands_in_the_table(client: Client, dara: User, desk: Desk) -> None:
    rows = steps()
    assert {row.key for row in rows} == set(uses())
    assert all(ready for row in rows for _, ready in row.ready)
    client.force_login(dara, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/texts/").content.decode()
    assert "Which wait sends which text" in page
    assert "a person calls" not in page.partition("steps")[2].partition("</table>")[0]
