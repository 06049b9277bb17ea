"""Finding a patient: by name, number or phone, at one's own sites, and always posted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from patients.models import AccessLog, User
from tests.browser.morning import Morning

Enter = Callable[[User], Client]


@pytest.mark.parametrize(
    "text", ["okafor", "Okafor, A", "ann okafor", "4001", "+1 617 555 0200", "(617) 555-0200", "617-555-0200"], ids=lambda text: text
)
def test_a_patient_is_found_by(signed_in: Enter, dara: User, today: Morning, text: str) -> None:
    page = signed_in(dara).post("/patients/", {"text": text}).content.decode()
    assert "1 patient found" in page
    assert "Okafor, Ann" in page


@pytest.mark.parametrize("text", ["400", "617555", "kafor", "555-0200"], ids=lambda text: text)
def test_a_part_of_a_number_or_the_middle_of_a_name_finds_nobody(signed_in: Enter, dara: User, today: Morning, text: str) -> None:
    assert "0 patients found" in signed_in(dara).post("/patients/", {"text": text}).content.decode()


def test_one_letter_would_list_a_ward(signed_in: Enter, dara: User, today: Morning) -> None:
    assert "found" not in signed_in(dara).post("/patients/", {"text": "o"}).content.decode()


def test_a_search_in_the_address_is_no_search(signed_in: Enter, dara: User, today: Morning) -> None:
    assert "found" not in signed_in(dara).get("/patients/", {"text": "okafor"}).content.decode()


def test_another_site_finds_nobody(signed_in: Enter, eli: User, today: Morning) -> None:
    assert "0 patients found" in signed_in(eli).post("/patients/", {"text": "okafor"}).content.decode()


def test_the_log_names_who_was_shown_and_not_what_was_typed(signed_in: Enter, dara: User, today: Morning) -> None:
    signed_in(dara).post("/patients/", {"text": "okafor"})
    row = AccessLog.objects.get(user=dara)
    assert (row.action, row.patients) == ("search", [today.patient.pk])
    assert "okafor" not in f"{row.what} {row.actor}".lower()
