"""The registry audit by screen and by command, for those who care for the site's patients."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from pathways.models import Matter, RegistryAudit, RegistryRow
from patients.models import AccessLog, Identifier, Patient, User
from tests.desk import PATHWAY, Desk

Enter = Callable[[User], Client]


@pytest.fixture
def ann(desk: Desk, dara: User) -> Patient:
    desk.go_live(dara)
    return desk.patient("Okafor", "Ann", date(1950, 1, 2))


def table(patient: Patient) -> bytes:
    return f"mrn,birth_date,diagnosis_date,primary\n{Identifier.objects.get(patient=patient).value},1950-01-02,2026-01-05,C34.1\n9,,,\n".encode()


def upload(client: Client, patient: Patient, desk: Desk) -> str:
    given = {"site": desk.site.pk, "pathway": PATHWAY, "primary": "C34", "file": SimpleUploadedFile("list.csv", table(patient))}
    return str(client.post("/audits/", given).headers["Location"])


def test_upload_look_open_remove(signed_in: Enter, dara: User, ann: Patient, desk: Desk) -> None:
    client = signed_in(dara)
    here = upload(client, ann, desk)
    page = client.get(here).content.decode()
    assert "Okafor" in page
    assert "No patient of this site has this number" in page
    assert AccessLog.objects.filter(what="registry audit", patients=[ann.pk]).exists()
    client.post(f"{here}open/", {"row": "2"})
    assert Matter.objects.get().patient == ann
    assert "Okafor" in client.get("/queue/candidates/").content.decode()
    client.post(f"{here}remove/")
    assert not RegistryRow.objects.exists()
    assert Matter.objects.exists()


def test_a_table_without_numbers_is_refused_in_words(signed_in: Enter, dara: User, desk: Desk) -> None:
    given = {"site": desk.site.pk, "pathway": PATHWAY, "file": SimpleUploadedFile("list.csv", b"name\nAnn\n")}
    refused = signed_in(dara).post("/audits/", given)
    assert refused.status_code == 422
    assert "names no column" in refused.content.decode()


def test_other_sites_and_other_roles_find_nothing(signed_in: Enter, dara: User, eli: User, fay: User, ann: Patient, desk: Desk) -> None:
    here = upload(signed_in(dara), ann, desk)
    assert signed_in(eli).get(here).status_code == 404
    assert signed_in(eli).post(f"{here}remove/").status_code == 404
    assert signed_in(fay).get(here).status_code == 403
    assert RegistryAudit.objects.exists()


def test_the_command_says_numbers_and_no_names(dara: User, fay: User, ann: Patient, desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(table(ann))
    out = io.StringIO()
    call_command("registry_audit", str(path), "--site", "north", "--pathway", PATHWAY, "--by", "dara", "--json", stdout=out)
    said = json.loads(out.getvalue())
    assert (said["rows"], said["missing"], said["here"]) == (2, 2, 0)
    assert "Okafor" not in out.getvalue()
    assert AccessLog.objects.filter(what="registry audit", user=dara).exists()
    with pytest.raises(CommandError):
        call_command("registry_audit", str(path), "--site", "north", "--pathway", PATHWAY, "--by", "fay")
