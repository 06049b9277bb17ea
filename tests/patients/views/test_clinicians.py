"""Naming a clinician: typed by name or NPI, one who fits is taken, several are a choice; nobody reads a list of everybody."""

from __future__ import annotations

import pytest
from django.test import Client

from patients import practitioners
from patients.models import Practitioner, User
from patients.views.clinicians import ClinicianField

pytestmark = pytest.mark.django_db


@pytest.fixture
def directory() -> dict[str, Practitioner]:
    people = {"eva": ("1234567893", "Lund", "Eva"), "petra": ("1932102134", "Lund", "Petra"), "ana": ("1003000126", "de la Cruz", "Ana")}
    found = {name: practitioners.upsert(npi=npi, family=family, given=given) for name, (npi, family, given) in people.items()}
    return {name: one for name, one in found.items() if one is not None}


@pytest.mark.parametrize("typed", ["Eva Lund", "lund, eva", "1234567893", "Eva Lund 1234567893"])
def test_whoever_alone_fits_is_meant(directory: dict[str, Practitioner], typed: str) -> None:
    assert ClinicianField().clean((typed, "")) == directory["eva"]


@pytest.mark.parametrize("typed", ["ev lu", "Eva", "cruz", "12345"])
def test_the_beginning_of_a_name_decides_nobody(directory: dict[str, Practitioner], typed: str) -> None:
    """The Eva who was meant may be one whom the directory does not know."""
    field = ClinicianField()
    with pytest.raises(Exception, match="Choose who is meant"):
        field.clean((typed, ""))
    [one] = field.widget.matches
    assert field.clean((typed, str(one.pk))) == one


def test_any_word_of_a_name_may_be_typed_and_no_letters_within(directory: dict[str, Practitioner]) -> None:
    assert list(practitioners.find("cruz")) == [directory["ana"]]
    assert not practitioners.find("und")
    assert not practitioners.find("(*[")


def test_nothing_typed_is_nobody_and_a_stranger_is_said_to_be_one(directory: dict[str, Practitioner]) -> None:
    assert ClinicianField().clean(("", "")) is None
    with pytest.raises(Exception, match="Nobody in the directory"):
        ClinicianField().clean(("Zorn", ""))
    with pytest.raises(Exception, match="Nobody in the directory"):
        ClinicianField().clean(("Eva", "999999999"))


def test_several_come_back_as_a_choice_that_needs_no_script(client: Client, dara: User, directory: dict[str, Practitioner]) -> None:
    client.force_login(dara, backend="django.contrib.auth.backends.ModelBackend")
    page = client.post("/register/", {"family": "Berg", "given": "Jon", "site_field": dara.held()[0].site_id, "clinician": "Lund"})
    said = page.content.decode()
    assert page.status_code == 422
    for name in ("eva", "petra"):
        assert f'name="clinician_pick" value="{directory[name].pk}"' in said
    assert str(directory["ana"]) not in said


def test_the_list_while_typing_names_a_few_and_only_to_whom_it_is_for(
    client: Client, dara: User, directory: dict[str, Practitioner]
) -> None:
    client.force_login(dara, backend="django.contrib.auth.backends.ModelBackend")
    assert "Eva Lund 1234567893" in client.post("/clinicians/", {"clinician": "lu"}).content.decode()
    assert "option" not in client.post("/clinicians/", {"clinician": "l"}).content.decode()
