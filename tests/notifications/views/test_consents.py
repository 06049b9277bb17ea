"""The page of consents: a list is checked before it is written, and small groups are hidden."""

from __future__ import annotations

from collections.abc import Callable

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from notifications.views.consents import _rows
from patients.contactable import Share
from patients.models import AccessLog, ConsentEntry, Identifier, User
from tests.browser.morning import Morning

Enter = Callable[[User], Client]


def test_a_list_is_checked_then_written(signed_in: Enter, dara: User, today: Morning) -> None:
    client = signed_in(dara)
    number = Identifier.objects.filter(patient=today.patient).values_list("value", flat=True)[0]
    before = ConsentEntry.objects.count()

    def post(**more: str) -> str:
        file = SimpleUploadedFile("list.csv", f"mrn,decision,date\n{number},yes,2026-03-01\nX9,yes,2026-03-01\n".encode())
        given = {"site": today.patient.sites.get().site_id, "kind": "text", "form_version": "2026-02", "file": file, **more}
        return client.post("/consents/", given).content.decode()

    page = post(only_check="on")
    assert "1 decisions could be written" in page
    assert "no patient of this site has this number" in page
    assert ConsentEntry.objects.count() == before
    assert "1 decisions written" in post()
    assert ConsentEntry.objects.latest("pk").by == dara
    assert AccessLog.objects.filter(what="contactable share", user=dara).exists()


def test_small_groups_are_hidden_also_against_subtraction() -> None:
    rows = _rows({"en": Share(80, 100), "es": Share(3, 40), "zh": Share(30, 60)})
    assert [row.reached for row in rows].count(None) >= 2
    (only,) = _rows({"en": Share(80, 100, 4)})
    assert (only.reached, only.mailed) != (80, 4), "four who are reached by e-mail only could be told from the others"
    assert rows[1].reached is None
