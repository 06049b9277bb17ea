"""When something is refused or breaks, the page says so in plain words, without a database and without a signed-in person."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.views.csrf import csrf_failure
from django.views.defaults import server_error


@pytest.mark.parametrize(
    ("name", "words"), [("400", "Cannot be read"), ("403", "not part of your role"), ("404", "Nothing here"), ("500", "broke on our side")]
)
def test_an_error_page_needs_nothing(name: str, words: str) -> None:
    page = render_to_string(f"{name}.html")
    assert words in page
    assert '<html lang="en">' in page


def test_a_crash_is_told_without_a_database() -> None:
    assert b"broke on our side" in server_error(RequestFactory().get("/")).content


def test_a_form_that_is_too_old_is_told_kindly() -> None:
    answer = csrf_failure(RequestFactory().post("/"))
    assert answer.status_code == 403
    assert b"Nothing was changed" in answer.content


@pytest.mark.django_db
def test_an_unknown_address_is_a_plain_404() -> None:
    assert b"Nothing here" in Client().get("/no-such-page/").content
