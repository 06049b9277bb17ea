"""Dara's own spreadsheet: thirty patients in her own columns, uploaded every Friday. What she changes is a correction, what she empties is
asked about, and nothing is lost because it was typed by hand."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from pathways import registering
from pathways.facts import Grade
from pathways.lineage import current
from pathways.models import EmptiedCell, Event, Feed, Inbound, Journey, Matter, Tracker, TrackerUpload
from pathways.trackers import taking
from pathways.writing.load import load
from patients.models import Identifier, Patient, User

from .letters import HOSPITAL
from .telling import LUNG, Hospital

pytestmark = pytest.mark.django_db
HEADINGS = "MRN;Last name;First name;DOB;Dx date;NGS ordered;Collected;Result date;Remarks"
ANN = "7001;Okafor;Ann;2/3/58;3/2/2026;3/4/2026;;;=HYPERLINK(0)"
BEN = "7002;Brandt;Ben;11/30/49;3/2/2026;;;;"


def at_the_screen(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def sheet(*rows: str) -> bytes:
    return "\n".join([HEADINGS, *rows]).encode()


def made(hospital: Hospital) -> Tracker:
    """Mapped once, by Dara: dates are month first, and everybody on it has advanced lung cancer."""
    found = taking.make(name="Lung", site=hospital.site, body=sheet(ANN), by=hospital.dara, now=hospital.now)
    place = next(one for one in registering.places(hospital.site) if one.pathway == LUNG and one.entry == "advanced")
    columns = {**found.columns, "Remarks": ""}
    taking.map_columns(
        tracker=found, columns=columns, order="mdy", programme=place.code, sample="tissue", by=hospital.dara, now=hospital.now
    )
    return found


def uploads(hospital: Hospital, tracker: Tracker, *rows: str) -> dict[str, int]:
    found = taking.upload(tracker=tracker, body=sheet(*rows), by=hospital.dara, now=hospital.now)
    return taking.take(found=found, by=hospital.dara, now=hospital.now)


def stated(patient: Patient, kind: str) -> list[datetime]:
    """On which days it happened, by what counts today."""
    facts = current(load([patient.pk])[patient.pk].facts)
    return [fact.occurred.lo.astimezone(None) for fact in facts if fact.kind == kind]


def of(number: str) -> Patient:
    return Identifier.objects.get(authority=HOSPITAL, value=number).patient


def test_a_navigators_year_of_fridays(hospital: Hospital) -> None:
    hospital.at(2)
    tracker = made(hospital)
    first = uploads(hospital, tracker, ANN, BEN)
    assert (first["new"], first["applied"], first["enrolled"], first["quarantined"]) == (2, 2, 2, 0)
    ann = Journey.objects.get(patient=of("7001"))
    assert (ann.found_by, ann.pathway, ann.patient.person.family) == ("tracker", LUNG, "Okafor")
    assert ann.milestones["test_ordered"][0] == "reached"
    assert set(Event.objects.filter(kind="test_ordered").values_list("grade", flat=True)) == {Grade.STAFF_ATTESTED}
    feed = Feed.objects.get(pk=tracker.feed_id)
    assert (feed.mode, feed.data_as_of) == ("batch", hospital.now)

    # the same sheet again: nothing is sent, and the feed has spoken until today
    hospital.at(9)
    again = uploads(hospital, tracker, ANN, BEN)
    assert (again["unchanged"], again["applied"]) == (2, 0)
    feed.refresh_from_db()
    assert feed.data_as_of == hospital.now

    # a changed day is a correction of the same fact, there and back again; a row that is missing says nothing
    hospital.at(16)
    assert uploads(hospital, tracker, ANN.replace("3/4/2026", "3/5/2026"))["changed"] == 1
    assert [when.day for when in stated(ann.patient, "test_ordered")] == [5]
    hospital.at(23)
    uploads(hospital, tracker, ANN)
    assert [when.day for when in stated(ann.patient, "test_ordered")] == [4]
    assert Event.objects.filter(kind="test_ordered").values("lineage").distinct().count() == 1
    assert Journey.objects.get(patient=of("7002")).status == "active"

    # an emptied cell is asked about, once
    hospital.at(30)
    emptied = ANN.replace("3/4/2026", "")
    assert uploads(hospital, tracker, emptied)["emptied"] == 1
    assert len(stated(ann.patient, "test_ordered")) == 1
    hospital.tick()
    assert "tracker" in hospital.asked(hospital.dara)
    uploads(hospital, tracker, emptied)
    cell = EmptiedCell.objects.get()
    taking.answer(cell=cell, said="wrong", by=hospital.dara, now=hospital.now)
    assert stated(ann.patient, "test_ordered") == []
    assert not Matter.objects.filter(kind="tracker", closed_at=None).exists()

    # a result by its day alone is a report that somebody must read
    hospital.at(37)
    uploads(hospital, tracker, ANN.replace(";;;=H", ";3/6/2026;3/20/2026;=H"))
    assert Matter.objects.filter(kind="abstraction", patient=ann.patient, closed_at=None).exists()
    assert Inbound.objects.filter(feed=feed).exclude(outcome="applied").count() == 0


def test_by_screen_from_the_file_to_the_errors(hospital: Hospital) -> None:
    """Map, look, take in, download what was wrong; somebody who may be known under another number waits for a tick in the box."""
    hospital.hears(hospital.knows("Ann", "Okafor").registered())
    known = Patient.objects.get()
    dara = at_the_screen(hospital.dara)
    twin = f"7009;Okafor;Ann;{known.person.birth_lo:%m/%d/%Y};3/2/2026;;;;"
    body = sheet(ANN.replace("7001", ""), BEN.replace("3/2/2026", "31/2/2026"), twin)
    answer = dara.post("/trackers/", {"name": "Lung", "site": "north", "file": SimpleUploadedFile("lung.csv", body)})
    tracker = Tracker.objects.get()
    assert answer["Location"] == f"/trackers/{tracker.uid}/columns/"
    page = dara.get(answer["Location"]).content.decode()
    assert '<option value="birth_date" selected>' in page
    chosen = {f"c{n}": meaning for n, meaning in enumerate(tracker.columns[name] for name in HEADINGS.split(";"))}
    assert dara.post(answer["Location"], chosen).status_code == 422  # nobody said how dates are written
    assert dara.post(answer["Location"], {**chosen, "order": "mdy"})["Location"] == f"/trackers/{tracker.uid}/preview/"
    page = dara.get(f"/trackers/{tracker.uid}/preview/").content.decode()
    assert "No record number." in page
    assert "same name and same birth date" in page
    assert "31/2/2026" in page
    dara.post(f"/trackers/{tracker.uid}/preview/", {})
    assert Patient.objects.count() == 1  # the twin was held back
    upload = TrackerUpload.objects.get()
    kept: Any = dara.get(f"/trackers/{tracker.uid}/errors/{upload.uid}.csv")
    rows = list(csv.reader(io.StringIO(kept.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["row", "what is wrong", "MRN"]
    assert len(rows) == 4
    assert rows[1][-1] == "'=HYPERLINK(0)"
    dara.post(f"/trackers/{tracker.uid}/", {"file": SimpleUploadedFile("lung.csv", sheet(twin))})
    dara.post(f"/trackers/{tracker.uid}/preview/", {"anyway": "2"})
    assert Patient.objects.count() == 2
    assert at_the_screen(hospital.phil).get("/trackers/").status_code == 403


def test_the_command_takes_the_same_sheet_by_the_same_mapping(hospital: Hospital, tmp_path: Any) -> None:
    tracker, path, out = made(hospital), tmp_path / "lung.csv", io.StringIO()
    path.write_bytes(sheet(ANN, BEN.replace("7002", "")))
    call_command("tracker", "Lung", str(path), "--dry-run", "--json", stdout=out)
    assert not Inbound.objects.filter(feed=tracker.feed).exists()
    call_command("tracker", tracker.feed.name, str(path), "--errors", str(tmp_path / "errors.csv"), stdout=out)
    assert Inbound.objects.filter(feed=tracker.feed, outcome="applied").count() == 1
    assert "No record number." in (tmp_path / "errors.csv").read_text()
