"""Django's tables: for administrators alone, of their sites alone, to look at, and logged."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from config.admin import site
from patients.models import AccessLog, Patient, Practitioner, Role, Site, User
from tests.browser.morning import Morning
from tests.people import nurse

Enter = Callable[[User], Client]


@pytest.fixture
def root(signed_in: Enter, north: Site) -> Client:
    return signed_in(nurse("root", north, role=Role.ADMINISTRATOR))


def tables() -> list[str]:
    return [reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in site._registry]


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_nobody_else_gets_in(signed_in: Enter, north: Site, role: Role) -> None:
    user = nurse("other", north, role=role)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    assert signed_in(user).get("/admin/").status_code == 302
    assert signed_in(user).get(tables()[0]).status_code == 302


def test_strangers_are_sent_to_the_one_door(client: Client, db: None) -> None:
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")


def test_every_table_opens_and_leaves_a_row(root: Client, today: Morning) -> None:
    assert root.get("/admin/").status_code == 200
    for table in tables():
        before = AccessLog.objects.count()
        assert root.get(table).status_code == 200, table
        assert AccessLog.objects.count() == before + 1, table


def test_patients_stand_there_without_names_and_in_the_log_with_their_ids(root: Client, today: Morning) -> None:
    page = root.get(reverse("admin:patients_patient_changelist")).content.decode()
    assert str(today.patient.uid) in page
    assert "Okafor" not in page
    assert today.patient.pk in AccessLog.objects.latest("pk").patients
    assert root.get(reverse("admin:patients_patient_change", args=[today.patient.pk])).status_code == 403


def test_nothing_is_changed_past_its_verb(root: Client, today: Morning) -> None:
    for verb, kind in (("add", "patient"), ("add", "user")):
        assert root.post(reverse(f"admin:patients_{kind}_{verb}"), {}).status_code == 403
    address = reverse("admin:patients_patient_change", args=[today.patient.pk])
    assert root.post(address, {"is_test": "on"}).status_code == 403
    assert not Patient.objects.filter(is_test=True).exists()


def test_another_site_s_rows_are_not_there(signed_in: Enter, south: Site, today: Morning) -> None:
    client = signed_in(nurse("root-of-the-south", south, role=Role.ADMINISTRATOR))
    address = reverse("admin:patients_patient_change", args=[today.patient.pk])
    assert client.get(address).status_code == 302
    assert client.get(reverse("admin:patients_patient_changelist")).context["cl"].result_count == 0


def test_the_directory_of_clinicians_is_kept_there(root: Client) -> None:
    root.post(reverse("admin:patients_practitioner_add"), {"family": "Gustafson", "given": "Gus"})
    assert Practitioner.objects.get().family == "Gustafson"


@pytest.mark.parametrize("question", ["password__startswith=md5", "password__regex=.", "is_superuser__exact=0", "email__contains=@"])
def test_a_table_answers_no_question_about_what_it_does_not_show(root: Client, question: str) -> None:
    """Asked letter by letter, the answers would spell the hash of a colleague's password."""
    assert root.get(f"{reverse('admin:patients_user_changelist')}?{question}").status_code == 400
    assert root.get(f"{reverse('admin:patients_user_changelist')}?is_active__exact=1").status_code == 200
