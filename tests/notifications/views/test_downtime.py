"""A morning without screens: the queue on paper, and what was done on paper afterwards, at its own hour."""

from __future__ import annotations

import csv
import stat
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from notifications import downtime
from notifications.models import WorkItem
from pathways.models import Event, Journey, Stay
from patients.models import AccessLog, User
from tests.browser.morning import Morning
from tests.desk import Desk
from tests.people import today_here

BOSTON = ZoneInfo("America/New_York")  # on whose clock the page of the north is read
Enter = Callable[[User], Client]


def test_each_queue_is_written_whole_for_its_owner_alone(tmp_path: Path, today: Morning, dara: User, eli: User) -> None:
    call_command("downtime_pack", tmp_path / "packs", verbosity=0)
    page, sheet = (tmp_path / "packs" / name for name in ("dara.html", "dara.csv"))
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    rows = list(csv.DictReader(sheet.read_text().splitlines()))
    mine = WorkItem.objects.visible_to(dara).filter(owner=dara, state__in=["open", "claimed"])
    assert {row["code"] for row in rows if row["lane"] == "mine"} == {downtime.code_of(item) for item in mine}
    assert {row["lane"] for row in rows} == {"mine", "team"}
    assert any(row["patient"] == "Lindqvist, Maja" and row["phones"].startswith("+1617") for row in rows)
    assert [row for row in rows if not row["missing"] or row["done"]] == []
    text = page.read_text()
    assert "Lindqvist, Maja" in text and "<script" not in text and "http" not in text
    assert "Lindqvist" not in (tmp_path / "packs" / "eli.html").read_text()
    assert AccessLog.objects.filter(user=dara, actor="downtime_pack", what="downtime pack").exists()


def test_what_was_done_on_paper_keeps_its_hour(signed_in: Enter, desk: Desk, dara: User, eli: User, followed: Journey) -> None:
    item = desk.item(Stay.objects.open().get(journey=followed, stage__name="to_decide"))
    client, code = signed_in(dara), downtime.code_of(item)
    assert client.get("/downtime/", {"code": code}).headers["Location"] == f"/items/{item.uid}/paper/"
    assert client.get("/downtime/", {"code": "zz"}).status_code == 404
    assert signed_in(eli).get("/downtime/", {"code": code}).status_code == 404
    then = timezone.localtime(timezone.now() - timedelta(hours=20), BOSTON).replace(second=0, microsecond=0)
    said = {"revision": item.revision, "on": then.date().isoformat(), "at": f"{then:%H:%M}", "outcome": "already_happened"}
    assert client.post(f"/items/{item.uid}/paper/", said).status_code == 422, "what had happened, and how one knows"
    tomorrow = {"on": (today_here() + timedelta(days=1)).isoformat()}
    assert client.post(f"/items/{item.uid}/paper/", said | tomorrow | {"what": "drug_ordered", "evidence": "chart"}).status_code == 422
    client.post(f"/items/{item.uid}/paper/", said | {"what": "drug_ordered", "evidence": "paper chart"})
    event = Event.objects.get(patient=followed.patient, kind="drug_ordered")
    assert (event.occurred_lo, event.by) == (then, dara)
    assert event.received_at - event.occurred_lo > timedelta(hours=19)
    done = WorkItem.objects.get(pk=item.pk)
    assert (done.state, done.note) == ("done", "On paper.")


def test_a_cell_that_a_spreadsheet_would_run_is_quoted_and_a_number_is_not() -> None:
    assert [downtime._plain(cell) for cell in ("+16175550200, +16175550201", "+1+cmd|' /C calc'!A0", "=1+1", "@x", "-2", "Okafor, Ann")] == [
        "+16175550200, +16175550201", "'+1+cmd|' /C calc'!A0", "'=1+1", "'@x", "'-2", "Okafor, Ann",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "given", "kind", "state"),
    [
        ("appointment_made", {"starts": 4}, "visit_booked", "done"),
        ("barrier", {"barrier": "cost", "until": 3}, "work_outcome", "parked"),
    ],
)
def test_an_appointment_and_a_barrier_can_be_written_down_from_paper(
    signed_in: Enter, desk: Desk, dara: User, followed: Journey, outcome: str, given: dict[str, Any], kind: str, state: str
) -> None:
    item = desk.item(Stay.objects.open().get(journey=followed, stage__name="to_decide"))
    then = timezone.localtime(timezone.now() - timedelta(hours=30), BOSTON).replace(second=0, microsecond=0)
    more = {name: (today_here() + timedelta(days=n)).isoformat() if isinstance(n, int) else n for name, n in given.items()}
    said = {"revision": item.revision, "on": then.date().isoformat(), "at": f"{then:%H:%M}", "outcome": outcome}
    client, address = signed_in(dara), f"/items/{item.uid}/paper/"
    assert client.post(address, said).status_code == 422, "it lacks what the outcome needs"
    assert client.post(address, said | more).status_code == 302
    assert Event.objects.get(patient=followed.patient, kind=kind).occurred_lo == then
    assert WorkItem.objects.get(pk=item.pk).state == state


@pytest.mark.parametrize(("outcome", "more"), [("reached", {}), ("left_message", {"until": 3})])
def test_a_call_on_paper_is_a_contact_of_that_hour(
    signed_in: Enter, desk: Desk, dara: User, followed: Journey, outcome: str, more: dict[str, int]
) -> None:
    item = desk.item(Stay.objects.open().get(journey=followed, stage__name="to_decide"))
    then: datetime = timezone.localtime(timezone.now() - timedelta(hours=5), BOSTON).replace(second=0, microsecond=0)
    until = {"until": (today_here() + timedelta(days=more["until"])).isoformat()} if more else {}
    said = {"revision": item.revision, "on": then.date().isoformat(), "at": f"{then:%H:%M}", "outcome": outcome, **until}
    assert signed_in(dara).post(f"/items/{item.uid}/paper/", said).status_code == 302
    contact = Event.objects.get(patient=followed.patient, kind="contact_attempted")
    assert (contact.occurred_lo, contact.body["outcome"]) == (then, outcome)
