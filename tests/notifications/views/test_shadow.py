"""The go/no-go page: numbers for those who decide, patients for those who care for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from notifications.models import ShadowNote, WorkItem
from pathways.models import Rollout
from patients.models import AccessLog, Identifier, Patient, User
from tests.desk import PATHWAY, Desk

Enter = Callable[[User], Client]
HERE = f"/rollout/north/{PATHWAY}/shadow/"


@pytest.fixture
def ann(desk: Desk) -> Patient:
    """Would have been asked about."""
    Rollout.objects.create(site=desk.site, pathway=PATHWAY, mode="shadow")
    patient = desk.patient("Okafor", "Ann", date(1950, 1, 2))
    journey = desk.journey(patient, days=30)
    desk.item(desk.wait(journey, "main.to_order", since=30, due=28), shadow=True)
    return patient


def test_managers_see_numbers_and_carers_see_patients(signed_in: Enter, fay: User, dara: User, eli: User, ann: Patient) -> None:
    page = signed_in(fay).get(HERE).content.decode()
    assert "not judged yet" in page
    assert "Okafor" not in page
    assert "Okafor" in signed_in(dara).get(HERE).content.decode()
    assert AccessLog.objects.filter(what="shadow comparison", patients=[ann.pk]).count() == 1
    assert signed_in(eli).get(HERE).status_code == 404


def test_the_list_is_uploaded_and_the_rest_ticked(signed_in: Enter, dara: User, ann: Patient) -> None:
    client = signed_in(dara)
    number = Identifier.objects.get(patient=ann).value
    client.post(f"{HERE}list/", {"file": SimpleUploadedFile("own.csv", f"mrn,note\n{number},no order yet\n999,?\n".encode())})
    assert ShadowNote.objects.get(patient=ann).note == "no order yet"
    page = client.get(HERE).content.decode()
    assert "999" in page
    assert "Agreed: 1" in page
    client.post(f"{HERE}judge/", {f"verdict-{ann.uid}": "false", f"note-{ann.uid}": "ordered outside"})
    note = ShadowNote.objects.get(patient=ann)
    assert (note.listed, note.verdict, note.note, note.by) == (False, "false", "ordered outside", dara)
    assert "False: 1" in client.get(HERE).content.decode()


def test_one_may_be_put_on_the_list_by_number(signed_in: Enter, dara: User, fay: User, ann: Patient) -> None:
    client = signed_in(dara)
    client.post(f"{HERE}list/", {"mrn": Identifier.objects.get(patient=ann).value, "note": "mine"})
    assert ShadowNote.objects.get().listed
    refused = client.post(f"{HERE}list/", {"mrn": ""}, follow=True).content.decode()
    assert "give a record number" in refused
    assert signed_in(fay).post(f"{HERE}list/", {"mrn": "1"}).status_code == 403


def test_nothing_on_the_page_asks_anybody(signed_in: Enter, dara: User, ann: Patient) -> None:
    signed_in(dara).get(HERE)
    assert not WorkItem.objects.filter(shadow=False).exists()
    assert "Okafor" not in signed_in(dara).get("/queue/?lane=team").content.decode()
