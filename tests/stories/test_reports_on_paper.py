"""The laboratory sends a PDF. Lars reads it, Dara reads it too, and only then it counts; nobody ever takes silence for *absent*."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from notifications import worklist
from notifications.models import WorkItem, WorkItemAct
from pathways import abstracting
from pathways.abstracting import Gene, Reading, Refused
from pathways.facts import Grade
from pathways.models import Abstraction, Event
from patients.models import AccessLog, User

from .letters import L858R, PANEL, Chart, Letter
from .telling import LUNG, Hospital

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n% a report that only a person can read\n%%EOF\n"
GENES = abstracting.genes_of(LUNG)


def as_pdf(chart: Chart, status: str = "F") -> Letter:
    """The same report that other laboratories send gene by gene, as one PDF inside of the message."""
    line = f"ED|PDF^Molecular report^L||LAB^application^pdf^Base64^{base64.b64encode(PDF + status.encode()).decode()}||||||{status}"
    return chart._result(PANEL, [line], status, "tissue", "ORD", "ACC", "LAB")


def at_the_screen(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def filled(**more: str) -> dict[str, str]:
    """The form as Lars fills it: EGFR present with its alteration, and of the rest he says what the report says."""
    said = {"answer": "result", "laboratory": "North Lab", "specimen": "tissue", "collected": "2026-03-04", "reported": "2026-03-09"}
    egfr = {"g0_value": "present", "g0_alteration": L858R}
    return {**said, **egfr, **{f"g{n}_value": "absent" for n in range(1, len(GENES))}, **more}


def waits_to_be_read(hospital: Hospital) -> tuple[Chart, Any]:
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(7)
    hospital.hears(as_pdf(ana))
    return ana, hospital.matters(ana).get(kind="abstraction")


def test_a_pdf_is_read_by_one_and_confirmed_by_another(hospital: Hospital) -> None:
    ana, matter = waits_to_be_read(hospital)
    hospital.tick()
    assert "abstraction" in hospital.asked(hospital.lars)
    lars, dara = at_the_screen(hospital.lars), at_the_screen(hospital.dara)
    page = lars.get(f"/reports-to-read/{matter.uid}/")
    assert "EGFR" in page.content.decode()
    shown = lars.get(f"/reports-to-read/{matter.uid}/original/0/")
    assert (shown.content[:-1], shown["Content-Type"], shown["X-Frame-Options"]) == (PDF, "application/pdf", "SAMEORIGIN")
    assert lars.post(f"/reports-to-read/{matter.uid}/", filled()).status_code == 302

    # read once: nothing follows yet
    assert hospital.milestone(ana, "result_informative") == "unknown"
    second = hospital.matters(ana).get(kind="second_reading")
    assert "Somebody else must read it too" in lars.get(f"/reports-to-read/{second.uid}/").content.decode()
    assert lars.post(f"/reports-to-read/{second.uid}/", {"confirm": "1"}).status_code == 302
    assert hospital.milestone(ana, "result_informative") == "unknown"

    assert L858R in dara.get(f"/reports-to-read/{second.uid}/").content.decode()
    assert dara.post(f"/reports-to-read/{second.uid}/", {"confirm": "1"}).status_code == 302
    assert hospital.milestone(ana, "result_informative") == "reached"
    assert "flagged_actionable" in hospital.facts_of(ana)
    result = Event.objects.get(kind="result_final")
    assert (result.grade, result.by) == (Grade.STAFF_ATTESTED, hospital.dara)
    assert not hospital.matters(ana).filter(kind__in=abstracting.KINDS).exists()
    assert AccessLog.objects.filter(user=hospital.lars, what="original of a report").exists()

    # a discrete version by the laboratory is a later version of the same report
    hospital.at(8)
    hospital.hears(ana.report("C"))
    assert Event.objects.filter(kind="result_final").values("lineage").distinct().count() == 1
    assert "flagged_actionable" not in hospital.facts_of(ana)


def test_what_was_left_open_is_asked_about_and_never_absent(hospital: Hospital) -> None:
    ana, matter = waits_to_be_read(hospital)
    lars, address = at_the_screen(hospital.lars), f"/reports-to-read/{matter.uid}/"
    answer = lars.post(address, filled(g3_value=""))
    assert answer.status_code == 422
    assert "Nothing was chosen for KRAS" in answer.content.decode()
    assert lars.post(address, filled(g0_alteration="")).status_code == 422
    assert lars.post(address, filled(g0_value="absent", g0_alteration="", g3_value="", rest="not_tested")).status_code == 302
    abstracting.confirm(abstraction=Abstraction.objects.get(), by=hospital.dara, now=hospital.now)
    said = {one["gene"]: one["presence"] for one in Event.objects.get(kind="result_final").body["findings"]}
    assert said["KRAS"] == "not_tested"
    assert "not_actionable" not in hospital.facts_of(ana)  # a panel with a hole is no negative


def test_the_second_reader_sends_it_back_and_a_new_version_is_read_anew(hospital: Hospital) -> None:
    ana, matter = waits_to_be_read(hospital)
    reading = Reading("result", reported=date(2026, 3, 9), genes={gene: Gene("absent") for gene in GENES})
    journey = hospital.journey(ana)
    first = abstracting.read(journey=journey, reading=reading, by=hospital.lars, now=hospital.now, matter=matter)
    assert first.matter is not None
    hospital.tick()
    assert "second-reading" in hospital.asked(hospital.dara)
    dara = at_the_screen(hospital.dara)
    assert dara.post(f"/reports-to-read/{first.matter.uid}/", {"why": "EGFR is altered"}).status_code == 302
    again = hospital.matters(ana).get(kind="abstraction")
    assert "EGFR is altered" in dara.get(f"/reports-to-read/{again.uid}/").content.decode()
    second = abstracting.read(journey=journey, reading=reading, by=hospital.dara, now=hospital.now, matter=again)
    hospital.at(8)
    hospital.hears(as_pdf(ana, "C"))
    with pytest.raises(Refused, match="another version"):
        abstracting.confirm(abstraction=second, by=hospital.lars, now=hospital.now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Abstraction.objects.filter(pk=second.pk).update(confirmed_by=hospital.dara)


def test_a_fax_is_read_from_the_journeys_page_and_the_form_prints(hospital: Hospital) -> None:
    """No feed at all: the scan is kept beside what was read; what a browser would run is refused."""
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(9)
    journey, lars = hospital.journey(ana), at_the_screen(hospital.lars)
    assert "Alvarez, Ana" in lars.get(f"/journeys/{journey.uid}/paper/").content.decode()
    assert "EGFR" in lars.get(f"/pathways/{LUNG}/paper/").content.decode()
    page = SimpleUploadedFile("fax.pdf", b"<html><script>alert(1)</script></html>")
    address = f"/journeys/{journey.uid}/report/"
    assert lars.post(address, {**filled(), "scan": page}).status_code == 422
    failed = {"answer": "failed", "reason": "quantity", "reported": "2026-03-09", "scan": SimpleUploadedFile("fax.pdf", PDF)}
    assert lars.post(address, failed).status_code == 302
    kept = Abstraction.objects.get()
    assert bytes(kept.original or b"") == PDF
    abstracting.confirm(abstraction=kept, by=hospital.lena, now=hospital.now)
    assert hospital.milestone(ana, "result_failed") == "reached"


def test_who_read_it_first_has_nothing_left_to_do_and_somebody_else_is_asked(hospital: Hospital) -> None:
    ana, matter = waits_to_be_read(hospital)
    hospital.tick()
    item = WorkItem.objects.open().get(matter=matter)
    worklist.claim(item=item, by=hospital.lars, revision=item.revision, now=hospital.now)
    at_the_screen(hospital.lars).post(f"/reports-to-read/{matter.uid}/", filled())
    hospital.tick()
    item.refresh_from_db()
    assert (item.state, item.outcome, item.owner) == ("done", "read once", hospital.lars)
    assert WorkItemAct.objects.filter(item=item, act="finished", by=hospital.lars).exists()
    assert hospital.matters(ana).filter(kind="second_reading", closed_at=None).exists(), (
        "and somebody else is asked, by a matter of its own"
    )
